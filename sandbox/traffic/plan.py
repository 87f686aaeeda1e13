"""What client traffic is: a plan (a rate, whatever the answers are), and one record for each request of it.

load.py carries a plan out against a local address, virtual.py in virtual time; verdict.py counts the records. The rate and the latencies
are in real seconds, always; the client's patience is in sandbox time, as everything that AWS would time.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol


class Failure(Enum):
    """Why a request was lost, as its client sees it. The values are what verdicts print."""

    REFUSED = "connection refused"  # nobody listens
    CONNECT_TIMEOUT = "connect timeout"  # no connection within the client's patience
    RESET = "reset"  # the connection ended before the answer did
    BAD_GATEWAY = "502"  # the target refused, or broke off (ALB-45)
    UNAVAILABLE = "503"  # no target registered (TG-38)
    GATEWAY_TIMEOUT = "504"  # the target did not answer the load balancer (ALB-45)
    SERVER_ERROR = "other 5xx"
    CLIENT_ERROR = "4xx"
    CLIENT_TIMEOUT = "client timeout"  # connected, and no whole answer within the client's patience
    BROKEN = "broken answer"  # not HTTP


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    url: str  # of this machine only: see load.loopback
    rate: float = 10.0  # requests per real second
    patience: timedelta = timedelta(seconds=5)  # sandbox time from the planned send to the end of the answer
    longest: float = 3600.0  # real seconds; then it ends by itself
    most: int = 100_000  # requests
    ramp: float = 0.0  # real seconds in which the rate grows evenly from `ramp_from` to `rate`
    ramp_from: float = 0.0  # requests per real second

    def __post_init__(self) -> None:
        if not 0 < self.rate <= 1000 or self.longest <= 0 or self.most <= 0 or self.patience <= timedelta(0):
            raise ValueError(f"{self}: a rate up to 1000 per second, and a duration, a count and a patience above 0")
        if self.ramp < 0 or not 0 <= self.ramp_from <= 1000:
            raise ValueError(f"{self}: a ramp of 0 or more seconds, from a rate of 0 to 1000 per second")

    @property
    def count(self) -> int:
        """Requests until it ends by itself."""
        return min(self.most, int(self._by(self.longest)))

    def planned(self, number: int) -> float:
        """When the request is sent, in real seconds from the beginning."""
        whole = self._by(self.ramp)
        if number >= whole:
            return self.ramp + (number - whole) / self.rate
        growth = (self.rate - self.ramp_from) / self.ramp  # number = ramp_from × t + growth × t² / 2, solved for t
        return 2 * number / (self.ramp_from + math.sqrt(self.ramp_from**2 + 2 * growth * number)) if number else 0.0

    def _by(self, seconds: float) -> float:
        """Requests sent in the first so many seconds."""
        rising = min(seconds, self.ramp)
        grown = (self.rate - self.ramp_from) * rising**2 / (2 * self.ramp) if self.ramp else 0.0
        return self.ramp_from * rising + grown + self.rate * (seconds - rising)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    failure: Failure | None = None  # None: answered below 400
    status_code: int | None = None  # None: no answer came
    instance_id: str | None = None  # who answered, when the answer tells


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    number: int
    planned: float  # real seconds since the traffic began
    at: datetime  # sandbox time of the planned send
    latency: float  # real seconds from the planned send to the end: a late send counts (no coordinated omission)
    outcome: Outcome


class Stream(Protocol):
    """Traffic under way."""

    def records(self) -> tuple[Record, ...]:
        """The requests that have ended so far, in the order of their planned sends."""
        ...

    def stop(self) -> tuple[Record, ...]:
        """Sends no more, waits for those under way (no longer than their patience), and gives all records. Again: the same."""
        ...


def judge(status_code: int, instance_id: str | None = None) -> Outcome:
    """The outcome of a request that was answered."""
    named = {502: Failure.BAD_GATEWAY, 503: Failure.UNAVAILABLE, 504: Failure.GATEWAY_TIMEOUT}
    failure = named.get(status_code)
    if failure is None and status_code >= 400:
        failure = Failure.SERVER_ERROR if status_code >= 500 else Failure.CLIENT_ERROR
    return Outcome(failure=failure, status_code=status_code, instance_id=instance_id)
