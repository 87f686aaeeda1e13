"""The types of client traffic: a plan (requests at a fixed rate, whatever the responses are) and one record for each request.

load.py carries out a plan against a loopback address; sandbox/virtual/load.py does so in virtual time. summary.py counts the records.
Rates and latencies are always in real seconds. The request timeout is in sandbox time, because AWS would time it.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol


class Failure(Enum):
    """Why a request failed, as its client sees it. Reports print the values."""

    REFUSED = "connection refused"  # nothing listens at the address
    CONNECT_TIMEOUT = "connect timeout"  # no connection within the request timeout
    RESET = "reset"  # the connection ended before the response did
    BAD_GATEWAY = "502"  # the target refused or closed the connection (ALB-45)
    UNAVAILABLE = "503"  # no target is registered (TG-38)
    GATEWAY_TIMEOUT = "504"  # the target did not respond to the load balancer (ALB-45)
    SERVER_ERROR = "other 5xx"
    CLIENT_ERROR = "4xx"
    CLIENT_TIMEOUT = "client timeout"  # connected, but no complete response within the request timeout
    INVALID_RESPONSE = "invalid response"  # not HTTP


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Requests to send. Raises ValueError when the rate or a limit is out of range."""

    url: str  # a loopback address: see load.loopback
    rate: float = 10.0  # requests per real second
    timeout: timedelta = timedelta(seconds=5)  # sandbox time from the planned send to the end of the response
    max_duration: float = 3600.0  # real seconds after which the traffic ends by itself
    max_requests: int = 100_000
    ramp: float = 0.0  # real seconds in which the rate rises linearly from `ramp_from` to `rate`
    ramp_from: float = 0.0  # requests per real second

    def __post_init__(self) -> None:
        if not 0 < self.rate <= 1000 or self.max_duration <= 0 or self.max_requests <= 0 or self.timeout <= timedelta(0):
            raise ValueError(f"invalid {self}: expected a rate up to 1000 per second and limits above 0")
        if self.ramp < 0 or not 0 <= self.ramp_from <= 1000:
            raise ValueError(f"invalid {self}: expected a ramp of 0 or more seconds from a rate of 0 to 1000 per second")

    @property
    def count(self) -> int:
        """The number of requests after which the traffic ends by itself."""
        return min(self.max_requests, int(self._sent_by(self.max_duration)))

    def send_offset(self, number: int) -> float:
        """When request `number` (from 0) is sent: real seconds after the start."""
        in_ramp = self._sent_by(self.ramp)
        if number >= in_ramp:
            return self.ramp + (number - in_ramp) / self.rate
        growth = (self.rate - self.ramp_from) / self.ramp  # number = ramp_from × t + growth × t² / 2, solved for t
        return 2 * number / (self.ramp_from + math.sqrt(self.ramp_from**2 + 2 * growth * number)) if number else 0.0

    def _sent_by(self, seconds: float) -> float:
        """The number of requests sent in the first `seconds` seconds."""
        rising = min(seconds, self.ramp)
        grown = (self.rate - self.ramp_from) * rising**2 / (2 * self.ramp) if self.ramp else 0.0
        return self.ramp_from * rising + grown + self.rate * (seconds - rising)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestOutcome:
    failure: Failure | None = None  # None: a response with a status code below 400
    status_code: int | None = None  # None: no response
    instance_id: str | None = None  # the instance that responded, if the response names it


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One request that has ended."""

    number: int
    send_offset: float  # planned send: real seconds after the start
    at: datetime  # planned send: sandbox time
    latency: float  # real seconds from the planned send to the end, so that a late send counts (no coordinated omission)
    outcome: RequestOutcome


class Stream(Protocol):
    """Traffic in progress."""

    def records(self) -> tuple[Record, ...]:
        """The requests that have ended so far, in the order of their planned sends."""
        ...

    def stop(self) -> tuple[Record, ...]:
        """Sends no further requests, waits for those in flight (no longer than their timeout) and returns all records. Idempotent."""
        ...


def classify(status_code: int, instance_id: str | None = None) -> RequestOutcome:
    """The outcome of a request that got a response."""
    named = {502: Failure.BAD_GATEWAY, 503: Failure.UNAVAILABLE, 504: Failure.GATEWAY_TIMEOUT}
    failure = named.get(status_code)
    if failure is None and status_code >= 400:
        failure = Failure.SERVER_ERROR if status_code >= 500 else Failure.CLIENT_ERROR
    return RequestOutcome(failure=failure, status_code=status_code, instance_id=instance_id)
