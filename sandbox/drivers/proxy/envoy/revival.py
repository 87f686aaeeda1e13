"""An Envoy in a container of its own that is gone is started again. Docker restarts one that crashed by itself, but not one that somebody
killed: and a person who kills the load balancer here wants to see it come back.
"""

import time
from collections.abc import Callable

PATIENCE = 1.5  # real seconds without a stream before it counts as gone: a crash is Docker's to mend, and takes less
PAUSE = 5.0  # between attempts


class Revival:
    def __init__(self, revive: Callable[[], None], now: Callable[[], float] = time.monotonic) -> None:
        self._revive, self._now = revive, now
        self._gone_since: float | None = None
        self._tried: float | None = None

    def look(self, *, connected: bool) -> str | None:
        """To be called often. → one sentence when it had to act."""
        if connected:
            self._gone_since = self._tried = None
            return None
        moment = self._now()
        if self._gone_since is None:
            self._gone_since = moment
        gone_for = moment - self._gone_since
        if gone_for < PATIENCE or (self._tried is not None and moment - self._tried < PAUSE):
            return None
        self._tried = moment
        try:
            self._revive()
        except Exception as error:  # whatever it is, the next attempt comes, and the sentence tells
            return f"Envoy is gone since {gone_for:.1f} s and could not be started: {error}"
        return f"Envoy was gone for {gone_for:.1f} s: its container is started again"
