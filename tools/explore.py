"""`make explore`: random operations and faults over the whole sandbox in virtual time, until the seconds are over or an invariant fails.

Each seed is a sandbox of its own, and makes the plan that is carried out on it, so the seed alone replays it. A failure is printed with the
commands that replay it, whole and shortened, and the exit code is 1.
"""

import gc
import multiprocessing
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

import click

from tests.support.exploration.explorer import Outcome, explore
from tests.support.exploration.plans import plan_of
from tests.support.exploration.shrinking import shortest

HANG = 300  # real seconds of one seed, after which it counts as a hang
SHORTEN = 60  # real seconds for finding a shorter plan
PROGRESS = 60  # real seconds between two lines
RING_AGAIN = 1.0  # real seconds until an interruption that Python ignored is tried again
WHERE = 12  # lines of a traceback

Say = Callable[[str], None]


@dataclass
class Totals:
    seeds: int = 0
    steps: int = 0
    checks: int = 0
    accepted: int = 0
    refused: int = 0

    def add(self, outcome: Outcome) -> None:
        self.seeds += 1
        self.steps += len(outcome.steps)
        self.checks += outcome.checks
        self.accepted += outcome.accepted
        self.refused += outcome.refused

    def __str__(self) -> str:
        requests = f"{self.accepted:,} requests accepted, {self.refused:,} refused"
        return f"{self.seeds:,} seeds, {self.steps:,} steps, {self.checks:,} invariant checks, {requests}"


# ---- one seed


class TimeIsOver(BaseException):
    """Raised in the middle of a seed. No Exception, for the engine and the explorer handle those."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raises TimeIsOver in the block after so many seconds. In a main thread only.

    Python ignores what is raised in a finalizer or in the callback of a weak reference, and the block goes on. So the timer repeats.
    """

    def ring(number: int, frame: FrameType | None) -> None:
        raise TimeIsOver

    def ignored(unraisable: "sys.UnraisableHookArgs") -> None:
        if not issubclass(unraisable.exc_type, TimeIsOver):
            hook_before(unraisable)

    hook_before, sys.unraisablehook = sys.unraisablehook, ignored
    handler_before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.01), RING_AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler_before)
        sys.unraisablehook = hook_before


def one_seed(seed: int, deadline: float = float("inf"), numbers: Sequence[int] | None = None) -> Outcome | None:
    """Carries out the seed's plan, or only its steps with these numbers. None: `deadline` (monotonic) came before it ended."""
    remaining = deadline - time.monotonic()
    plan = plan_of(seed)
    try:
        with limited(min(remaining, HANG)):
            return explore(seed, plan if numbers is None else tuple(plan[number] for number in numbers))
    except TimeIsOver:
        if remaining < HANG:
            return None
        where = "".join(traceback.format_exc().splitlines(keepends=True)[-WHERE:])
        return Outcome(seed, steps=list(plan), violations=[f"it does not end: stopped after {HANG} seconds in\n{where}"])


# ---- many seeds


def outcomes(first: int, deadline: float, workers: int) -> Iterator[Outcome]:
    """Of one seed after the other, several at a time, until the deadline."""
    if workers == 1:
        yield from iter_here(first, deadline)
        return
    seed, running = first, set[Future[Outcome | None]]()
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("fork"), _prepare)
    try:
        while True:
            while len(running) < workers and time.monotonic() < deadline:
                running.add(pool.submit(one_seed, seed, deadline))
                seed += 1
            if not running:
                return
            ended, running = wait(running, return_when=FIRST_COMPLETED)
            yield from (found for future in ended if (found := future.result()))
    finally:
        pool.shutdown(cancel_futures=True)


def iter_here(first: int, deadline: float) -> Iterator[Outcome]:
    while time.monotonic() < deadline and (outcome := one_seed(first, deadline)):
        yield outcome
        first += 1


def _prepare() -> None:
    """In each worker: what was imported is never garbage, and an interrupt is for the parent."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def many_seeds(first: int, seconds: float, workers: int, say: Say) -> Outcome | None:
    """→ the first outcome that violates an invariant; None: there was none."""
    began = time.monotonic()
    next_line, totals = began + PROGRESS, Totals()
    for outcome in outcomes(first, began + seconds, workers):
        totals.add(outcome)
        if outcome.violations:
            say(f"explored {totals} in {time.monotonic() - began:.0f} s")
            return outcome
        if time.monotonic() >= next_line:
            say(f"  {totals}")
            next_line += PROGRESS
    say(f"explored {totals} in {time.monotonic() - began:.0f} s: no invariant was violated")
    return None


# ---- the report


def shortened(outcome: Outcome) -> tuple[int, ...]:
    """Numbers of the steps of a shorter plan that fails, too."""
    deadline = time.monotonic() + SHORTEN

    def fails(numbers: Sequence[int]) -> bool:
        tried = one_seed(outcome.seed, deadline, numbers)
        return tried is not None and bool(tried.violations)

    return shortest(len(outcome.steps), fails, lambda: time.monotonic() < deadline)


def report(outcome: Outcome, kept: Sequence[int], say: Say) -> None:
    """`kept`: numbers of the steps that were carried out."""
    plan = plan_of(outcome.seed)
    say(f"\nseed {outcome.seed} violates an invariant:")
    for violation in outcome.violations[:5]:
        say("  " + violation.rstrip().replace("\n", "\n  "))
    say(f"\nafter these of its {len(plan)} steps (operation, what it picks, virtual seconds):")
    for number in kept:
        say(f"  {number:3}  {plan[number]}")
    say(f"\nreplay: make explore SEED={outcome.seed}")
    if len(kept) < len(plan):
        say(f"only these steps: make explore SEED={outcome.seed} STEPS={','.join(map(str, kept))}")


def replay(seed: int, numbers: Sequence[int] | None, say: Say) -> int:
    """→ the exit code."""
    outcome = one_seed(seed, numbers=numbers)
    assert outcome is not None, "without a deadline a seed has an outcome"
    if outcome.violations:
        report(outcome, numbers or range(len(outcome.steps)), say)
        return 1
    say(f"seed {seed}: {len(outcome.steps)} steps, {outcome.checks:,} invariant checks: no invariant was violated")
    return 0


@click.command()
@click.option("--seconds", default=600.0, show_default=True, help="Stop after so many seconds.")
@click.option("--seed", type=int, help="Replay this seed instead of exploring.")
@click.option("--steps", default="", help="With --seed: numbers of the steps to carry out, separated by commas. Default: all.")
@click.option("--first", type=int, help="The first seed to explore; the next ones follow. Default: a random one.")
@click.option("--workers", default=os.cpu_count() or 1, show_default=True, help="Seeds at a time.")
def main(seconds: float, seed: int | None, steps: str, first: int | None, workers: int) -> None:
    """Random operations and faults over the whole sandbox in virtual time; invariants are checked at each step."""
    if seed is not None:
        raise SystemExit(replay(seed, [int(number) for number in steps.split(",")] if steps else None, click.echo))
    begin = random.SystemRandom().randrange(1_000_000_000) if first is None else first
    click.echo(f"exploring for {seconds:g} s from seed {begin}, {workers} at a time")
    if found := many_seeds(begin, seconds, workers, click.echo):
        click.echo(f"looking for a shorter plan that fails, for up to {SHORTEN} s")
        report(found, shortened(found), click.echo)
        raise SystemExit(1)


if __name__ == "__main__":
    main()
