"""Runs on the cores of this machine, one process for each. A simulated sandbox belongs to its process, because moto's state does."""

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

from sandbox.core.errors import UserError
from sandbox.simulate.model import Outcome, Run
from sandbox.simulate.schedulers.base import Work

MOST_DEATHS = 3  # of processes without one finished run in between: more, and the runs themselves kill their processes
AHEAD = 4  # runs for each process that are handed over before the first has ended


class LocalProcesses:
    def __init__(self, processes: int) -> None:
        self._processes = processes

    def carry_out(self, work: Work, runs: Sequence[Run]) -> Iterator[tuple[int, Outcome]]:
        waiting = list(range(len(runs)))[::-1]
        deaths = 0
        while waiting:
            try:
                for index, outcome in self._with_pool(work, runs, waiting):
                    deaths = 0
                    yield index, outcome
            except BrokenProcessPool as error:
                deaths += 1
                if deaths > MOST_DEATHS:
                    left = len(waiting)
                    raise UserError(
                        f"{deaths} processes in a row died while they ran the simulation; {left} runs are left.",
                        f"sandbox scenario run {runs[waiting[-1]].scenario} --virtual --seed {runs[waiting[-1]].seed}",
                    ) from error

    def _with_pool(self, work: Work, runs: Sequence[Run], waiting: list[int]) -> Iterator[tuple[int, Outcome]]:
        """Takes runs from the end of `waiting`. Puts those back whose outcome is not known when the pool breaks."""
        begun: dict[Future[Outcome], int] = {}
        pool = ProcessPoolExecutor(self._processes, mp_context=multiprocessing.get_context("forkserver"))
        try:
            while waiting or begun:
                while waiting and len(begun) < self._processes * AHEAD:
                    index = waiting[-1]
                    begun[pool.submit(work, runs[index])] = index
                    waiting.pop()
                for future in wait(begun, return_when=FIRST_COMPLETED).done:
                    outcome = future.result()
                    yield begun.pop(future), outcome
        finally:
            waiting += sorted(begun.values(), reverse=True)
            pool.shutdown(wait=False, cancel_futures=True)
