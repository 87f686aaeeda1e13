"""A plan of client traffic: which requests are sent when, whatever the responses are, and when a client gives up or tries again. Pure.

load.py carries out a plan against a loopback address; sandbox/virtual/load.py does so in virtual time. Both make Records (records.py).
Numbers of seconds are real time: the rate, the pattern, latencies. Durations (timedelta) are sandbox time, because they are timers that a
client would compare with AWS's: at speed N, a timeout of 5 s ends after 5/N real seconds.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from itertools import islice, takewhile

from sandbox.traffic.outcomes import Failure
from sandbox.traffic.patterns import Pattern, constant

HIGHEST_RATE = 10_000.0  # requests per real second
MOST_RETRIES = 10
RETRYABLE = frozenset(Failure) - {Failure.CLIENT_ERROR, Failure.NOT_SENT}


class Spacing(Enum):
    EVEN = "even"  # the same time between two requests at the same rate
    POISSON = "poisson"  # independent users: exponential times, drawn from the plan's seed


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """The wait before a retry: base × 2ⁿ up to the cap, of which the share `jitter` is random. Raises ValueError."""

    base: timedelta = timedelta(milliseconds=100)
    cap: timedelta = timedelta(seconds=5)
    jitter: float = 1.0  # 0: none; 1: anything from 0 to the full wait

    def __post_init__(self) -> None:
        if not timedelta(0) <= self.base <= self.cap or not 0 <= self.jitter <= 1:
            raise ValueError(f"invalid {self}: expected 0 ≤ base ≤ cap, and a jitter from 0 to 1")

    def wait(self, retry: int, chance: random.Random) -> timedelta:
        """Before retry number `retry` (from 0)."""
        longest: timedelta = min(self.cap, self.base * 2 ** min(retry, MOST_RETRIES))
        return longest * (1 - self.jitter * chance.random()) if self.jitter else longest


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepAlive:
    """Connections that are used again. Each stays at the address to which it was opened, whatever DNS says later. Raises ValueError."""

    pool_size: int = 100  # idle connections kept at most
    lifetime: timedelta | None = None  # after which a connection is not used again; None: until the server closes it

    def __post_init__(self) -> None:
        if self.pool_size < 1 or (self.lifetime is not None and self.lifetime <= timedelta(0)):
            raise ValueError(f"invalid {self}: expected a pool of 1 or more connections, and a lifetime above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Intents (what users want) to send, and how a client tries. Raises ValueError when the rate or a limit is out of range."""

    url: str  # a loopback address: see addresses.py
    rate: float = 10.0  # intents per real second
    pattern: Pattern = field(default_factory=constant)  # how the rate changes
    spacing: Spacing = Spacing.EVEN
    seed: int = 0  # of the spacing and the jitter
    timeout: timedelta = timedelta(seconds=5)  # of one attempt: from its planned send to the end of the response
    connect_timeout: timedelta | None = None  # None: only `timeout` limits it
    retries: int = 0  # attempts after the first, at most
    retry_budget: float | None = None  # retries of all intents together, as a share of the intents so far; None: no limit
    retry_on: frozenset[Failure] = RETRYABLE
    backoff: Backoff = field(default_factory=Backoff)
    keep_alive: KeepAlive | None = None  # None: a new connection for each attempt
    slo: float = 0.5  # real seconds within which a response is good; latency is never scaled
    max_duration: float = 3600.0  # real seconds after which the traffic ends by itself
    max_requests: int = 100_000  # intents
    max_in_flight: int = 20_000  # intents; one more is recorded as Failure.NOT_SENT

    def __post_init__(self) -> None:
        limits = (self.max_duration, self.max_requests, self.max_in_flight, self.slo)
        if not 0 < self.rate * self.pattern.highest <= HIGHEST_RATE or self.rate <= 0 or min(limits) <= 0 or self.timeout <= timedelta(0):
            raise ValueError(f"invalid {self}: expected a rate up to {HIGHEST_RATE:g} per second and limits above 0")
        if self.connect_timeout is not None and not timedelta(0) < self.connect_timeout:
            raise ValueError(f"invalid {self}: expected a connect timeout above 0")
        if not 0 <= self.retries <= MOST_RETRIES or (self.retry_budget is not None and self.retry_budget < 0):
            raise ValueError(f"invalid {self}: expected 0 to {MOST_RETRIES} retries, and a retry budget of 0 or more")

    def offsets(self) -> Iterator[float]:
        """The planned sends, in order: real seconds after the start, until the plan's limits. The same for the same plan."""
        areas = (area / self.rate for area in self._counts())
        return islice(takewhile(lambda offset: offset < self.max_duration, self.pattern.moments(areas)), self.max_requests)

    def _counts(self) -> Iterator[float]:
        """The number of intents that are due by each planned send."""
        due, chance = 0.0, random.Random(self.seed)
        while True:
            if self.spacing is Spacing.POISSON:
                due += chance.expovariate(1.0)
                yield due
            else:
                yield due
                due += 1.0
