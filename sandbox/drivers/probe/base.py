"""Health check requests: one HTTP request to one target, and its result. http.py sends real requests; simulated.py asks the simulated
world.

`start` returns at once. The result is available later from `latest`, under the same key and number; then `on_result` callbacks are called
with the key. Every started probe ends in one result.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol


class ProbeOutcome(Enum):
    ANSWERED = "answered"  # with an HTTP status: `status_code`
    TIMED_OUT = "timed out"  # no complete response within the timeout
    FAILED = "failed"  # refused, reset, unreachable or malformed (TG-11)


class Trouble(Enum):
    """Why a probe was not answered, as far as the reason codes of an application status check tell it apart (EC2-83)."""

    NO_CONNECTION = "no connection within the timeout"
    NO_RESPONSE = "connected, and no complete response within the timeout"
    REFUSED = "connection refused"
    RESET = "connection reset or closed before a response"
    OTHER = "unreachable, not sent, or what came back is no response"


ELB_HEALTH_CHECKER = "ELB-HealthChecker/2.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeRequest:
    """As in TG-2: `GET <path> HTTP/1.1`, Host = target address[:port unless 80], its own connection, no redirects."""

    key: str  # one outstanding probe per key; its first part says whose it is: "<target group arn>|…" or "<key of an instance>|…"
    number: int  # chosen by the caller, increasing
    host: str  # where to connect (Runtime.endpoint)
    port: int
    host_header: str  # "172.31.0.5" or "172.31.0.5:8080"
    path: str
    timeout: timedelta  # sandbox time
    source: str | None = None  # private address of the load balancer's node that checks the target; None: it has none
    user_agent: str = ELB_HEALTH_CHECKER
    tls: bool = False  # by HTTPS; the certificate is not validated


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResult:
    key: str
    number: int
    at: datetime
    outcome: ProbeOutcome
    status_code: int | None = None
    detail: str = ""  # for people, such as "connection refused"
    trouble: Trouble | None = None  # None: it was answered


class Prober(Protocol):
    def start(self, request: ProbeRequest) -> None: ...

    def latest(self, key: str) -> ProbeResult | None:
        """The newest result under the key, or None."""
        ...

    def forget(self, key: str) -> None:
        """The target is gone: its result is dropped, also one that arrives later."""
        ...

    def on_result(self, callback: Callable[[str], None]) -> None: ...

    def close(self) -> None: ...
