"""Health check requests: one HTTP request to one target, and what came of it. http.py really asks; simulated.py asks the simulated world.

`start` returns at once; the result is there later under the same key with the same number, and `on_result` was called with the key. Every
started probe ends in a result: an answer, a failure, or a timeout.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol


class Outcome(Enum):
    ANSWERED = "answered"  # an HTTP status came: `status_code`
    TIMED_OUT = "timed out"  # no complete answer within the timeout
    FAILED = "failed"  # refused, reset, unreachable or malformed (TG-11)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeRequest:
    """TG-2: `GET <path> HTTP/1.1`, Host = target address[:port unless 80], User-Agent ELB-HealthChecker/2.0, its own connection,
    no redirects."""

    key: str  # one outstanding probe a key: "<target group arn>|<target id>|<port>"
    number: int  # chosen by the caller, growing
    host: str  # where to connect (Runtime.endpoint)
    port: int
    host_header: str  # "172.31.0.5" or "172.31.0.5:8080"
    path: str
    timeout: timedelta  # sandbox time


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResult:
    key: str
    number: int
    at: datetime
    outcome: Outcome
    status_code: int | None = None
    detail: str = ""  # for people: "connection refused"


class Prober(Protocol):
    def start(self, request: ProbeRequest) -> None: ...

    def latest(self, key: str) -> ProbeResult | None:
        """The newest result under the key, or None."""
        ...

    def forget(self, key: str) -> None:
        """The target is gone: drop its result; a late one is dropped too."""
        ...

    def on_result(self, callback: Callable[[str], None]) -> None: ...

    def close(self) -> None: ...
