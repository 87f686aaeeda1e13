"""The newest requests that the load balancers served, as lines of AWS's access log (LBM-6), for /_sandbox/access-log."""

import threading
from collections import deque
from collections.abc import Sequence

from sandbox.drivers.proxy.access_line import line
from sandbox.drivers.proxy.base import AccessRecord


class AccessLog:
    """Thread-safe; `take` is registered with Proxy.on_access."""

    def __init__(self, keep: int = 10_000) -> None:
        self._lock = threading.Lock()
        self._records: deque[AccessRecord] = deque(maxlen=keep)

    def take(self, records: Sequence[AccessRecord]) -> None:
        with self._lock:
            self._records.extend(records)

    def lines(self, newest: int) -> list[str]:
        """Up to `newest` lines, oldest first."""
        with self._lock:
            records = list(self._records)[-newest:]
        return [line(record) for record in records]

    def clear(self) -> None:
        with self._lock:
            self._records.clear()
