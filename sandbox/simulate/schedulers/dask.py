"""Runs on a Dask cluster that already exists: `--scheduler tcp://host:8786`. The workers must have this package installed.

Dask itself does the runs of a lost worker again; a run that was lost with several workers in a row is an error.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from sandbox.core.errors import UserError
from sandbox.simulate.model import Outcome, Run
from sandbox.simulate.schedulers.base import Work

if TYPE_CHECKING:
    from distributed import Client, Future

CONNECT_TIMEOUT = 10  # seconds
AHEAD = 8  # runs for each thread of the cluster that are handed over before the first has ended
INSTALL = "pip install 'fault-tolerance-sandbox[dask]'"


class DaskCluster:
    def __init__(self, address: str, connect_timeout: float = CONNECT_TIMEOUT) -> None:
        """`address` of the cluster's scheduler, as Dask prints it. The timeout is in real seconds: for the scheduler, then for a worker."""
        self._address, self._connect_timeout = address, connect_timeout

    def carry_out(self, work: Work, runs: Sequence[Run]) -> Iterator[tuple[int, Outcome]]:
        with self._client() as client:
            self._wait_for_a_worker(client)
            yield from _completed(client, work, runs)

    def _client(self) -> "Client":
        try:
            from distributed import Client  # noqa: PLC0415 - an optional dependency
        except ImportError as error:
            raise UserError("--scheduler needs the package distributed, which is not installed.", INSTALL) from error
        try:
            return Client(self._address, timeout=self._connect_timeout, set_as_default=False)  # type: ignore[no-untyped-call]
        except (OSError, ValueError, TimeoutError) as error:
            raise UserError(f"No Dask scheduler answers at {self._address}: {error}.", "dask scheduler --host 127.0.0.1") from error

    def _wait_for_a_worker(self, client: "Client") -> None:
        """A cluster whose workers are just starting has none for a moment."""
        try:
            client.wait_for_workers(1, timeout=self._connect_timeout)
        except TimeoutError as error:
            raise UserError(f"The Dask scheduler at {self._address} has no workers.", f"dask worker {self._address}") from error


def _completed(client: "Client", work: Work, runs: Sequence[Run]) -> Iterator[tuple[int, Outcome]]:
    from distributed import as_completed  # noqa: PLC0415
    from distributed.scheduler import KilledWorker  # noqa: PLC0415

    threads = max(1, sum(client.nthreads().values()))  # type: ignore[no-untyped-call]
    following = iter(range(len(runs)))
    indices: dict[str, int] = {}

    def hand_over(count: int) -> "list[Future[Outcome]]":
        futures = []
        for index in islice(following, count):
            futures.append(client.submit(work, runs[index], pure=False))
            indices[str(futures[-1].key)] = index
        return futures

    begun = as_completed(hand_over(threads * AHEAD), loop=client.loop)  # type: ignore[no-untyped-call]
    for future in begun:
        try:
            outcome: Outcome = future.result()
        except KilledWorker as error:
            raise UserError(f"A run was lost with several workers in a row: {error}", "sandbox scenario run NAME --virtual") from error
        begun.update(hand_over(1))  # type: ignore[no-untyped-call]
        yield indices.pop(str(future.key)), outcome
