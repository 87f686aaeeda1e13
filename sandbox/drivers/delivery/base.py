"""Notifications on their way to HTTP subscribers: one POST to one URL, and what came of it. http.py really posts; simulated.py asks
subscribers of the simulated world.

`start` returns at once; the result is there later under the same key with the same number, and `on_result` was called with the key. Every
started delivery ends in a result. What to do then, and when to try again, is the controller's to decide.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol


class Outcome(Enum):
    ANSWERED = "answered"  # an HTTP status came: `status_code`
    TIMED_OUT = "timed out"  # no status within the timeout
    FAILED = "failed"  # refused, reset, unreachable, malformed, or a name that nobody has
    REFUSED = "refused"  # not sent: the address is outside this machine and its private networks, or the sandbox's own


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRequest:
    key: str
    number: int  # of the attempt, growing
    url: str
    headers: tuple[tuple[str, str], ...]
    body: str
    timeout: timedelta  # sandbox time


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryResult:
    key: str
    number: int
    at: datetime
    outcome: Outcome
    status_code: int | None = None
    detail: str = ""  # for people: "connection refused"


class Deliverer(Protocol):
    def start(self, request: DeliveryRequest) -> None:
        """Never blocks. Starting a number again that is under way sends it twice: at least once is what SNS promises."""
        ...

    def latest(self, key: str) -> DeliveryResult | None:
        """The result with the highest number under the key, or None."""
        ...

    def forget(self, key: str) -> None:
        """Drops the key's result; a late one is dropped too."""
        ...

    def on_result(self, callback: Callable[[str], None]) -> None: ...

    def close(self) -> None:
        """What is under way is given up, without a result."""
        ...
