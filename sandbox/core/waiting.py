"""Requests that wait for the same thing (long polls), and how they stop waiting: one by one, with a pause between them.

Hundreds of threads that go on at the same moment would compete with every other call for a tenth of a second and more. So each has a
condition of its own, and the one that was woken wakes the next when there may be more to have: an SQS poll after its message
(aws/http/long_poll.py), a follower of the journal after its answer (journal.py). No two waits run out at the same moment either.
"""

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from sandbox.core import caller

PACE = 0.005
"""Real seconds from one request that is woken to the next: five times what one needs for its answer and its next question."""
END_PACE = 0.020
"""Real seconds from one wait that runs out to the next: ten times what an AWS call needs."""


class Waiters:
    """Every method is called with `lock` held."""

    def __init__(self, lock: threading.RLock) -> None:
        self._lock = lock
        self._waiting: dict[threading.Condition, None] = {}  # in the order in which they came

    def __len__(self) -> int:
        return len(self._waiting)

    def wait(self, seconds: float) -> bool:
        """Releases the lock and waits for `wake_one`, so many real seconds at most, and not when the caller hangs up or the server stops.

        True: `wake_one` chose this request, which wakes the next one when it is done.
        """
        asking = caller.current()
        mine = threading.Condition(self._lock)
        self._waiting[mine] = None
        with asking.woken_by(partial(self._wake, mine)), _ends.apart(seconds) as until_then:
            if asking.patient:
                mine.wait(until_then)
        chosen = mine not in self._waiting
        self._waiting.pop(mine, None)
        return chosen

    def wake_one(self) -> None:
        """Wakes the one that has waited longest, if any waits."""
        if self._waiting:
            first = next(iter(self._waiting))
            del self._waiting[first]
            first.notify()

    def _wake(self, one: threading.Condition) -> None:
        with self._lock:
            one.notify()


class _Ends:
    """The moments at which waits run out, END_PACE apart."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: set[int] = set()  # in units of END_PACE

    @contextmanager
    def apart(self, seconds: float) -> Iterator[float]:
        """→ the seconds until a moment at which no other wait ends: the one asked for, or soon after it."""
        now = time.monotonic()
        with self._lock:
            end = math.ceil((now + seconds) / END_PACE)
            while end in self._taken:
                end += 1
            self._taken.add(end)
        try:
            yield end * END_PACE - now
        finally:
            with self._lock:
                self._taken.discard(end)


_ends = _Ends()
