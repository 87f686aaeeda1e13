"""A few threads that carry out the verbs of a driver, so that calls never block. Jobs of one key run one after another, in the order they
came; those of different keys side by side. A job that meets a world that does not answer (DriverUnavailable) is done again, with backoff,
until it succeeds: nothing that was asked for is lost. Anything else that a job raises goes to `on_error`.
"""

import heapq
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.core.backoff import backoff
from sandbox.core.errors import DriverUnavailable

FIRST_BACKOFF = 0.25  # real seconds
LONGEST_BACKOFF = 10.0

Job = Callable[[], None]


@dataclass
class _Line:
    """What waits under one key. `busy`: a thread has it, or it is in the heap."""

    jobs: deque[Job] = field(default_factory=deque)
    failures: int = 0
    busy: bool = False


class Workers:
    """`on_error(key, error)` is called in the worker's thread."""

    def __init__(self, count: int, name: str, on_error: Callable[[str, Exception], None]) -> None:
        self._on_error = on_error
        self._lines: dict[str, _Line] = {}
        self._due: list[tuple[float, int, str]] = []
        self._number = itertools.count()
        self._changed = threading.Condition()
        self._closed = False
        self._threads = [threading.Thread(target=self._work, name=f"{name}-{n}", daemon=True) for n in range(count)]
        for thread in self._threads:
            thread.start()

    def submit(self, key: str, job: Job) -> None:
        with self._changed:
            line = self._lines.setdefault(key, _Line())
            line.jobs.append(job)
            if not line.busy:
                self._schedule(key, line, 0.0)

    def retry_now(self) -> None:
        """The world answers again: what was put off is due."""
        with self._changed:
            self._due = [(0.0, number, key) for _, number, key in self._due]
            heapq.heapify(self._due)
            self._changed.notify_all()

    def join(self) -> None:
        """Waits until everything that was asked for is done."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or not self._lines)

    def close(self) -> None:
        """Lets running jobs end; those that wait are dropped."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(timeout=5)

    def _schedule(self, key: str, line: _Line, when: float) -> None:
        line.busy = True
        heapq.heappush(self._due, (when, next(self._number), key))
        self._changed.notify()

    def _work(self) -> None:
        while (key := self._take()) is not None:
            job = self._lines[key].jobs[0]
            try:
                job()
            except DriverUnavailable:
                self._finish(key, done=False)
                continue
            except Exception as error:
                self._on_error(key, error)
            self._finish(key, done=True)

    def _take(self) -> str | None:
        """Waits for a key that is due; None when all is over."""
        with self._changed:
            while not self._closed:
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._due)[2]
                self._changed.wait(wait)
            return None

    def _finish(self, key: str, *, done: bool) -> None:
        with self._changed:
            line = self._lines[key]
            line.busy = False
            if not done:
                line.failures += 1
                self._schedule(key, line, time.monotonic() + backoff(line.failures, first=FIRST_BACKOFF, longest=LONGEST_BACKOFF))
                return
            line.failures = 0
            line.jobs.popleft()
            if line.jobs:
                self._schedule(key, line, 0.0)
            else:
                del self._lines[key]
                self._changed.notify_all()
