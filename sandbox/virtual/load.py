"""The same traffic in virtual time: the plan's requests are due at their planned moments of the engine, and a function answers them.

Tests and `--virtual` scenarios use it over the simulated proxy. Speed is 1, so sandbox seconds and real ones are the same.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from sandbox.core.clock import Clock
from sandbox.traffic.plan import Failure, Outcome, Plan, Record

Ask = Callable[[str], tuple[Outcome, float]]
"""URL → what the client gets, and after how many seconds (more than its patience: a timeout)."""


class VirtualLoad:
    def __init__(self, plan: Plan, clock: Clock, at: Callable[[datetime, Callable[[], None]], None], ask: Ask) -> None:
        self._plan, self._at, self._ask = plan, at, ask
        self._begin = clock.now()
        self._done: list[Record] = []
        self._stopped = False
        self._plan_request(0)

    def records(self) -> tuple[Record, ...]:
        return tuple(self._done)

    def stop(self) -> tuple[Record, ...]:
        self._stopped = True
        return self.records()

    def _plan_request(self, number: int) -> None:
        if number < self._plan.count:
            self._at(self._moment(number), lambda: self._request(number))

    def _moment(self, number: int) -> datetime:
        return self._begin + timedelta(seconds=self._plan.planned(number))

    def _request(self, number: int) -> None:
        if self._stopped:
            return
        outcome, latency = self._ask(self._plan.url)
        patience = self._plan.patience.total_seconds()
        if latency > patience:
            outcome, latency = Outcome(failure=Failure.CLIENT_TIMEOUT), patience
        planned = self._plan.planned(number)
        self._done.append(Record(number=number, planned=planned, at=self._moment(number), latency=latency, outcome=outcome))
        self._plan_request(number + 1)
