"""Periodic liveness checks of Envoy and the Docker engine. A frozen process keeps its sockets and streams open, so only a request that is
not answered shows that it no longer works. Used by proxy/envoy/proxy.py and runtime/docker/runtime.py.

Failures are counted, not timed: when the control plane itself was suspended, the other side is not to blame.
"""

import threading
from collections.abc import Callable

FAILURE_THRESHOLD = 3  # failed checks in a row


class LivenessCheck:
    def __init__(self, name: str, interval: float, answers: Callable[[], bool], on_failure: Callable[[], None] = lambda: None) -> None:
        """`name`: of the thread; `interval`: real seconds between checks; `answers`: one request, True when it was answered (may block);
        `on_failure`: called after FAILURE_THRESHOLD failed checks in a row, and again after as many more."""
        self._interval, self._answers, self._on_failure = interval, answers, on_failure
        self._failures = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns when the check in progress has ended."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def failed(self) -> bool:
        return self._failures >= FAILURE_THRESHOLD

    def check(self) -> None:
        self._failures = 0 if self._answers() else self._failures + 1
        if self._failures and self._failures % FAILURE_THRESHOLD == 0:
            self._on_failure()

    def _run(self) -> None:
        while not self._stop.wait(self._interval):
            self.check()
