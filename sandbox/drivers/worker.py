"""Worker threads for the verbs of a driver, so that calls never block. Jobs of one key run one after another, in the order in which they
were submitted; jobs of different keys run concurrently. A job that raises DriverUnavailable is retried with backoff until it succeeds, so
no request is lost. Any other exception goes to `on_error`.
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
class _Queue:
    """The jobs of one key. `busy`: a thread runs one, or the key is in the heap."""

    jobs: deque[Job] = field(default_factory=deque)
    failures: int = 0
    busy: bool = False


class Workers:
    """`on_error(key, error)` is called in the worker's thread."""

    def __init__(self, count: int, name: str, on_error: Callable[[str, Exception], None]) -> None:
        self._on_error = on_error
        self._queues: dict[str, _Queue] = {}
        self._due: list[tuple[float, int, str]] = []
        self._number = itertools.count()
        self._changed = threading.Condition()
        self._closed = False
        self._threads = [threading.Thread(target=self._work, name=f"{name}-{n}", daemon=True) for n in range(count)]
        for thread in self._threads:
            thread.start()

    def submit(self, key: str, job: Job) -> None:
        with self._changed:
            queue = self._queues.setdefault(key, _Queue())
            queue.jobs.append(job)
            if not queue.busy:
                self._schedule(key, queue, 0.0)

    def retry_now(self) -> None:
        """The other side answers again: jobs that wait for a retry are due."""
        with self._changed:
            self._due = [(0.0, number, key) for _, number, key in self._due]
            heapq.heapify(self._due)
            self._changed.notify_all()

    def join(self) -> None:
        """Returns when all submitted jobs have ended."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or not self._queues)

    def close(self) -> None:
        """Running jobs end; waiting jobs are dropped."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(timeout=5)

    def _schedule(self, key: str, queue: _Queue, when: float) -> None:
        queue.busy = True
        heapq.heappush(self._due, (when, next(self._number), key))
        self._changed.notify()

    def _work(self) -> None:
        while (key := self._take()) is not None:
            job = self._queues[key].jobs[0]
            try:
                job()
            except DriverUnavailable:
                self._finish(key, done=False)
                continue
            except Exception as error:
                self._on_error(key, error)
            self._finish(key, done=True)

    def _take(self) -> str | None:
        """Waits for a key that is due. None: closed."""
        with self._changed:
            while not self._closed:
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._due)[2]
                self._changed.wait(wait)
            return None

    def _finish(self, key: str, *, done: bool) -> None:
        with self._changed:
            queue = self._queues[key]
            queue.busy = False
            if not done:
                queue.failures += 1
                self._schedule(key, queue, time.monotonic() + backoff(queue.failures, first=FIRST_BACKOFF, longest=LONGEST_BACKOFF))
                return
            queue.failures = 0
            queue.jobs.popleft()
            if queue.jobs:
                self._schedule(key, queue, 0.0)
            else:
                del self._queues[key]
                self._changed.notify_all()
