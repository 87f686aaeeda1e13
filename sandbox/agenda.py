"""The keys of all controllers, and when each is due: the engine's list of work. Finding what is due costs as much as there is due, however
many keys there are. Not thread-safe: the engine holds its lock.
"""

import heapq
import itertools
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(slots=True)
class Loop:
    """What `sandbox loops` shows for one key."""

    controller: str
    key: str
    due: datetime | None = None  # None: waits until it is woken, or for the resync
    not_before: datetime | None = None  # after a failure: a general wake-up does not run it sooner; None: it did not fail
    runs: int = 0
    failures: int = 0  # in a row
    last_error: str | None = None
    last_run: datetime | None = None
    number: int = 0  # in the order in which the keys were found


class Agenda:
    def __init__(self) -> None:
        self._loops: dict[str, dict[str, Loop]] = {}  # by controller and key; the controllers in the order in which they run
        self._heap: list[tuple[datetime, int, Loop]] = []  # may hold entries of loops whose due time has changed since: they are skipped
        self._count = itertools.count(1)

    def controllers(self, names: Iterable[str]) -> None:
        """In the order in which they run."""
        for name in names:
            self._loops.setdefault(name, {})

    def loops(self) -> tuple[Loop, ...]:
        return tuple(sorted((loop for known in self._loops.values() for loop in known.values()), key=lambda loop: loop.number))

    def put(self, loop: Loop, due: datetime | None) -> None:
        """Sets when the loop is due; None: not until it is woken."""
        loop.due = due
        if due is not None:
            heapq.heappush(self._heap, (due, next(self._count), loop))

    def drop(self, loop: Loop) -> None:
        loop.due = None
        self._loops[loop.controller].pop(loop.key, None)

    def wake(self, controller: str, keys: Collection[str], now: datetime) -> set[str]:
        """Makes the keys due now. → those that are known."""
        known = self._loops[controller]
        found = {key for key in keys if key in known}
        for key in sorted(found):
            self.put(known[key], now)
        return found

    def found(self, controller: str, present: Collection[str], now: datetime, *, everything: bool) -> None:
        """The keys that the controller has now. New ones are due, and with `everything` the others too, except those that wait after a
        failure. Those that are gone run once more."""
        known = self._loops[controller]
        for key in present:
            loop = known.get(key)
            if loop is None:
                loop = known[key] = Loop(controller, key, number=next(self._count))
            waits = loop.not_before is not None and loop.not_before > now  # its own failed call woke everything
            if loop.runs == 0 or (everything and not waits):
                self.put(loop, now)
        if len(known) > len(present):
            gone = known.keys() - set(present)
            for loop in [known[key] for key in sorted(gone)]:
                if loop.due is None or loop.due > now:
                    self.put(loop, now)

    def due(self, now: datetime) -> list[Loop]:
        """The loops that are due, in the order of their controllers."""
        found: dict[int, Loop] = {}
        while self._heap and self._heap[0][0] <= now:
            due, _, loop = heapq.heappop(self._heap)
            if loop.due == due:
                found[loop.number] = loop
        if len(found) < 2:
            return list(found.values())
        order = {name: number for number, name in enumerate(self._loops)}
        return sorted(found.values(), key=lambda loop: (order[loop.controller], loop.number))

    def next_due(self) -> datetime | None:
        while self._heap and self._heap[0][2].due != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None
