"""Worker threads: one for each request in progress, started when no thread is idle.

A long poll holds its thread while it waits. The next request gets another thread, so long polls do not delay other requests, up to MOST.
"""

import threading
from collections import deque
from collections.abc import Callable

MOST = 1_000
"""The largest number of requests in progress. One that waits uses about 50 KB."""
KEPT = 8
"""The number of idle threads that wait for the next request; other threads end after their request."""

Work = Callable[[], None]


class Workers:
    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._changed = threading.Condition()
        self._queue: deque[Work] = deque()
        self._count = self._idle = 0
        self._stopping = False

    def run(self, work: Work) -> bool:
        """Runs `work`, which must not raise, in a thread. False: not started, as all threads are busy, none can be started, or stop() was
        called."""
        with self._changed:
            if self._stopping:
                return False
            if self._idle > len(self._queue):
                self._queue.append(work)
                self._changed.notify()
                return True
            if self._count >= self._most:
                return False
            self._count += 1
        try:
            threading.Thread(target=self._work, args=(work,), name="request", daemon=True).start()
        except RuntimeError:  # this process or this user may have no more threads
            with self._changed:
                self._count -= 1
            return False
        return True

    def stop(self) -> None:
        """Starts no more work. Threads end after their current request."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def _work(self, work: Work | None) -> None:
        while work is not None:
            work()
            work = self._next()

    def _next(self) -> Work | None:
        """None: this thread ends."""
        with self._changed:
            if not self._queue and self._idle < KEPT:
                self._idle += 1
                self._changed.wait_for(lambda: self._queue or self._stopping)
                self._idle -= 1
            if self._queue:
                return self._queue.popleft()
            self._count -= 1
            return None
