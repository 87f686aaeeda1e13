"""A scheduler carries out runs. The outcomes of the same runs are equal, whichever scheduler did them and in whatever order."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from sandbox.simulate.model import Outcome, Run

Work = Callable[[Run], Outcome]
"""One run, in the process that calls it (worker.carry_out). Must be importable by name."""


class Scheduler(Protocol):
    def carry_out(self, work: Work, runs: Sequence[Run]) -> Iterator[tuple[int, Outcome]]:
        """Yields the index of each run with its outcome as soon as it is known. A run whose process or machine died is done again. Raises
        UserError when runs cannot be done at all. When the caller stops iterating, what has not begun is cancelled."""
        ...
