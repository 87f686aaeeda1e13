"""The results of probes by key, shared by both probers: the newest number wins, and what was forgotten does not come back."""

import threading
from collections.abc import Callable

from sandbox.drivers.probe.base import ProbeRequest, ProbeResult


class Results:
    """Thread-safe. Callbacks are called in the thread that brought the result, without the lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._outstanding: dict[str, set[int]] = {}
        self._latest: dict[str, ProbeResult] = {}
        self._callbacks: list[Callable[[str], None]] = []
        self._closed = False

    def begin(self, request: ProbeRequest) -> None:
        with self._lock:
            self._outstanding.setdefault(request.key, set()).add(request.number)

    def end(self, result: ProbeResult) -> None:
        with self._lock:
            numbers = self._outstanding.get(result.key, set())
            if self._closed or result.number not in numbers:
                return  # forgotten meanwhile
            numbers.discard(result.number)
            if not numbers:
                del self._outstanding[result.key]
            before = self._latest.get(result.key)
            if before is None or before.number < result.number:
                self._latest[result.key] = result
        for callback in self._callbacks:
            callback(result.key)

    def latest(self, key: str) -> ProbeResult | None:
        with self._lock:
            return self._latest.get(key)

    def forget(self, key: str) -> None:
        with self._lock:
            self._latest.pop(key, None)
            self._outstanding.pop(key, None)

    def on_result(self, callback: Callable[[str], None]) -> None:
        self._callbacks.append(callback)

    def close(self) -> None:
        with self._lock:
            self._closed = True
