"""Starts the container of an Envoy that has stopped. Docker restarts a container that crashed, but not one that was killed with `docker
kill`, which is what a user does to watch the load balancer recover.
"""

import time
from collections.abc import Callable

GONE_AFTER = 1.5  # real seconds without an ADS stream; Docker restarts a crashed container sooner
RETRY_INTERVAL = 5.0  # real seconds


class ContainerRestarter:
    def __init__(self, restart: Callable[[], None], now: Callable[[], float] = time.monotonic) -> None:
        self._restart, self._monotonic = restart, now
        self._gone_since: float | None = None
        self._last_attempt: float | None = None

    def check(self, *, connected: bool) -> str | None:
        """Called several times per second. → one sentence when it has tried a start, else None."""
        if connected:
            self._gone_since = self._last_attempt = None
            return None
        now = self._monotonic()
        if self._gone_since is None:
            self._gone_since = now
        gone_for = now - self._gone_since
        if gone_for < GONE_AFTER or (self._last_attempt is not None and now - self._last_attempt < RETRY_INTERVAL):
            return None
        self._last_attempt = now
        try:
            self._restart()
        except Exception as error:  # reported, and tried again later
            return f"Envoy has been down for {gone_for:.1f} s, and its container could not be started: {error}"
        return f"Envoy was down for {gone_for:.1f} s; its container is started again"
