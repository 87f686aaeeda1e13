"""Wakes requests that wait for the same thing (long polls) one by one, with a pause between them.

Hundreds of threads that wake at the same moment would slow down every other call for a tenth of a second or more. So each waits on its own
condition, and a woken request wakes the next: an SQS poll after it has its message (aws/http/long_poll.py), a follower of the journal after
its response (journal.py). For the same reason no two waits time out at the same moment.
"""

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from sandbox.core import caller

PACE = 0.005
"""Real seconds between waking one request and the next: five times what one needs for its response and its next request."""
END_PACE = 0.020
"""Real seconds between two timeouts: ten times what an AWS call needs."""


class Waiters:
    """Call every method with `lock` held."""

    def __init__(self, lock: threading.RLock) -> None:
        self._lock = lock
        self._waiting: dict[threading.Condition, None] = {}  # in the order in which they came

    def __len__(self) -> int:
        return len(self._waiting)

    def wait(self, seconds: float) -> bool:
        """Releases the lock and waits for `wake_one`, at most that many real seconds. Ends early if the caller hangs up or the server
        stops.

        True: `wake_one` woke this request, which must wake the next one when it is done.
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
        """Wakes the request that has waited longest, if there is one."""
        if self._waiting:
            first = next(iter(self._waiting))
            del self._waiting[first]
            first.notify()

    def _wake(self, one: threading.Condition) -> None:
        with self._lock:
            one.notify()


class _Ends:
    """The times at which waits time out, END_PACE apart."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: set[int] = set()  # in units of END_PACE

    @contextmanager
    def apart(self, seconds: float) -> Iterator[float]:
        """→ the seconds until a time at which no other wait ends: the requested time, or soon after it."""
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
