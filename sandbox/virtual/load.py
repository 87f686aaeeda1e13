"""Client traffic in virtual time: the engine runs each request at its planned time, and a function returns its outcome.

Tests and `--virtual` scenarios use it with the simulated proxy. Speed is 1, so sandbox seconds equal real seconds.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from sandbox.core.clock import Clock
from sandbox.traffic.plan import Failure, Plan, Record, RequestOutcome

Send = Callable[[str], tuple[RequestOutcome, float]]
"""URL → the outcome, and its latency in seconds. A latency above the request timeout becomes a client timeout."""


class VirtualLoad:
    def __init__(self, plan: Plan, clock: Clock, at: Callable[[datetime, Callable[[], None]], None], send: Send) -> None:
        self._plan, self._at, self._send = plan, at, send
        self._begin = clock.now()
        self._records: list[Record] = []
        self._stopped = False
        self._schedule(0)

    def records(self) -> tuple[Record, ...]:
        return tuple(self._records)

    def stop(self) -> tuple[Record, ...]:
        self._stopped = True
        return self.records()

    def _schedule(self, number: int) -> None:
        if number < self._plan.count:
            self._at(self._time_of(number), lambda: self._request(number))

    def _time_of(self, number: int) -> datetime:
        return self._begin + timedelta(seconds=self._plan.send_offset(number))

    def _request(self, number: int) -> None:
        if self._stopped:
            return
        outcome, latency = self._send(self._plan.url)
        timeout = self._plan.timeout.total_seconds()
        if latency > timeout:
            outcome, latency = RequestOutcome(failure=Failure.CLIENT_TIMEOUT), timeout
        offset = self._plan.send_offset(number)
        self._records.append(Record(number=number, send_offset=offset, at=self._time_of(number), latency=latency, outcome=outcome))
        self._schedule(number + 1)
