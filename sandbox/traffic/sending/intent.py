"""One intent: its attempts, each with its timeouts, and the waits between them. For sender.py."""

import asyncio
from typing import TYPE_CHECKING

from sandbox.traffic.outcomes import Failure, RequestOutcome
from sandbox.traffic.rows import Attempt

if TYPE_CHECKING:
    from sandbox.traffic.sending.sender import Sender


class Intent:
    """Offsets are real seconds after the start of the traffic."""

    __slots__ = ("_attempts", "_began", "_connect_timer", "_connection", "_number", "_sender", "_timer")

    def __init__(self, sender: "Sender", number: int, planned: float) -> None:
        self._sender, self._number = sender, number
        self._attempts: list[Attempt] = []
        self._connect_timer: asyncio.TimerHandle | None = None
        self._try(planned)

    def _try(self, began: float) -> None:
        sender = self._sender
        self._began, self._connection = began, sender.pool.take()
        self._timer = sender.at(began + sender.timeout, self._timed_out)
        if sender.connect_timeout is not None and not self._connection.connected:
            self._connect_timer = sender.at(began + sender.connect_timeout, self._connect_timed_out)
        self._connection.exchange(self._answered)

    def _answered(self, outcome: RequestOutcome) -> None:
        self._sender.pool.give_back(self._connection)
        self._ended(outcome)

    def _timed_out(self) -> None:
        node = self._sender.node if self._connection.connected else None
        self._ended(RequestOutcome(failure=self._connection.give_up(), node=node))

    def _connect_timed_out(self) -> None:
        if not self._connection.connected:
            self._timed_out()

    def _ended(self, outcome: RequestOutcome) -> None:
        self._timer.cancel()
        if self._connect_timer is not None:
            self._connect_timer.cancel()
        now = self._sender.now()
        if outcome.failure is not Failure.NOT_SENT or not self._attempts:  # a retry that could not be sent is no attempt
            self._attempts.append(Attempt(self._began, now - self._began, outcome))
        wait = self._sender.wait_before_retry(len(self._attempts) - 1, outcome)
        if wait is None:
            self._sender.ended(self._number, self._attempts)
        else:
            self._sender.at(now + wait, lambda: self._try(self._sender.now()))
