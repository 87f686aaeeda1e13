"""Delivery of notifications to HTTP subscribers: one POST to one URL, and its result. http.py sends real requests; simulated.py delivers to
subscribers of the simulated world.

`start` returns at once. The result is available later from `latest`, under the same key and number; then `on_result` callbacks are called
with the key. Every started delivery ends in one result. The controller decides about retries.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol


class DeliveryOutcome(Enum):
    ANSWERED = "answered"  # with an HTTP status: `status_code`
    TIMED_OUT = "timed out"  # no status within the timeout
    FAILED = "failed"  # refused, reset, unreachable, malformed, or an unknown host name
    REFUSED = "refused"  # not sent: the address is outside this machine and its private networks, or belongs to the sandbox


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRequest:
    key: str
    number: int  # of the attempt, increasing
    url: str
    headers: tuple[tuple[str, str], ...]
    body: str
    timeout: timedelta  # sandbox time


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryResult:
    key: str
    number: int
    at: datetime
    outcome: DeliveryOutcome
    status_code: int | None = None
    detail: str = ""  # for people, such as "connection refused"


class Deliverer(Protocol):
    def start(self, request: DeliveryRequest) -> None:
        """Never blocks. A number that is started again while it is in progress is sent twice: SNS delivers at least once."""
        ...

    def latest(self, key: str) -> DeliveryResult | None:
        """The result with the highest number under the key, or None."""
        ...

    def forget(self, key: str) -> None:
        """Drops the result of the key, also one that arrives later."""
        ...

    def on_result(self, callback: Callable[[str], None]) -> None: ...

    def close(self) -> None:
        """Deliveries in progress are abandoned without a result."""
        ...
