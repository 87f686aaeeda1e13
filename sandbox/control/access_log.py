"""The newest requests that the load balancers served, as lines of AWS's access log (LBM-6), for /_sandbox/access-log."""

import threading
from collections import deque
from collections.abc import Callable
from copy import copy

from sandbox.drivers.proxy.access_line import line
from sandbox.drivers.proxy.batches import AccessBatch


class AccessLog:
    """Thread-safe; `take` is registered with Proxy.on_access. It keeps batches, whose records are made when they are shown."""

    def __init__(self, keep: int = 10_000) -> None:
        self._lock, self._keep = threading.Lock(), keep
        self._batches: deque[AccessBatch] = deque()
        self._kept = 0
        self._shows: Callable[[str], bool] = lambda load_balancer: True

    def only(self, shows: Callable[[str], bool]) -> "AccessLog":
        """A view of some load balancers' requests, for reading: `shows` is asked with "app/<name>/<id>"."""
        view = copy(self)
        view._shows = shows
        return view

    def take(self, batch: AccessBatch) -> None:
        with self._lock:
            self._batches.append(batch)
            self._kept += batch.size
            while self._kept - self._batches[0].size >= self._keep:
                self._kept -= self._batches.popleft().size

    def lines(self, newest: int) -> list[str]:
        """Up to `newest` lines, oldest first."""
        with self._lock:
            batches = list(self._batches)
        found: list[str] = []
        for batch in reversed(batches):
            if len(found) >= newest:
                break
            shown = (record for record in batch if self._shows(record.load_balancer))
            found = [line(record) for record in shown for _ in range(record.count)][-self._keep :] + found
        return found[-newest:] if newest else []

    def clear(self) -> None:
        with self._lock:
            self._batches.clear()
            self._kept = 0
