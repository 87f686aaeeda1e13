"""What came of deliveries, by key, shared by both deliverers: the highest number wins, and what was forgotten does not come back."""

import threading
from collections.abc import Callable

from sandbox.drivers.delivery.base import DeliveryRequest, DeliveryResult


class Results:
    """Thread-safe. Callbacks are called in the thread that brought the result, without the lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: set[tuple[str, int]] = set()
        self._latest: dict[str, DeliveryResult] = {}
        self._callbacks: list[Callable[[str], None]] = []
        self._closed = False

    def begin(self, request: DeliveryRequest) -> None:
        with self._lock:
            self._under_way.add((request.key, request.number))

    def end(self, result: DeliveryResult) -> None:
        with self._lock:
            expected = (result.key, result.number) in self._under_way
            self._under_way.discard((result.key, result.number))
            if self._closed or not expected:
                return
            before = self._latest.get(result.key)
            if before is None or before.number <= result.number:
                self._latest[result.key] = result
        for callback in self._callbacks:
            callback(result.key)

    def latest(self, key: str) -> DeliveryResult | None:
        with self._lock:
            return self._latest.get(key)

    def forget(self, key: str) -> None:
        with self._lock:
            self._latest.pop(key, None)
            self._under_way = {each for each in self._under_way if each[0] != key}

    def on_result(self, callback: Callable[[str], None]) -> None:
        self._callbacks.append(callback)

    def close(self) -> None:
        with self._lock:
            self._closed = True
