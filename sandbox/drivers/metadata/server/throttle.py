"""Limits how fast one instance can ask (IMDS-15): a bucket of requests for each, which fills at a steady rate.

AWS does not publish its limit for the service. It allows 1024 packets a second and interface to link-local services; a request on a
connection of its own takes about five (U).
"""

from dataclasses import dataclass

PER_SECOND = 200.0
BURST = 400.0


@dataclass(slots=True)
class Bucket:
    left: float = BURST
    at: float = 0.0  # seconds of a steady clock, when `left` was counted

    def take(self, now: float) -> bool:
        """Whether one more request is within the limit. One that is not costs nothing."""
        self.left = min(BURST, self.left + (now - self.at) * PER_SECOND)
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True
