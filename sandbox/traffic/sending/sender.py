"""Sends a plan's intents, each at its planned time, whatever happened to earlier ones. Bounded by the plan. Runs on one event loop.

A send that is late (a busy machine) makes its latency longer, because latency counts from the planned send; `Rows.latest` says how late.
"""

import asyncio
import math
import random
from collections.abc import Callable, Sequence

from sandbox.traffic.outcomes import Failure, RequestOutcome
from sandbox.traffic.plan import Plan
from sandbox.traffic.rows import Attempt, Rows
from sandbox.traffic.sending.intent import Intent
from sandbox.traffic.sending.pool import Pool
from sandbox.traffic.sending.target import target_of

BURST = 50  # sends without reading responses in between, when sends are late


class Sender:
    """Raises UserError when the plan's URL is not on loopback. `speed`: sandbox seconds per real second."""

    def __init__(self, loop: asyncio.AbstractEventLoop, plan: Plan, speed: float) -> None:
        target = target_of(plan)
        self.rows = Rows()
        self.finished = asyncio.Event()  # all intents have ended, and no more will be sent
        self.node = target.node
        self.timeout = plan.timeout.total_seconds() / speed
        self.connect_timeout = plan.connect_timeout.total_seconds() / speed if plan.connect_timeout else None
        self.pool = Pool(loop, target, plan.keep_alive, speed)
        self._loop, self._plan, self._speed = loop, plan, speed
        self._chance = random.Random(plan.seed)
        self._offsets = plan.offsets()
        self._next: float | None = next(self._offsets, None)
        self._number = self._retries = self._in_flight = 0
        self.began = loop.time()
        loop.call_soon(self._send_due)

    # ---- time: real seconds after the start -------------------------------------------------------------------------------------------

    def now(self) -> float:
        return self._loop.time() - self.began

    def at(self, offset: float, call: Callable[[], None]) -> asyncio.TimerHandle:
        return self._loop.call_at(self.began + offset, call)

    # ---- planned sends ---------------------------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Sends no further intents; those in flight go on to their end."""
        self._next = None
        self._finish_if_idle()

    def _send_due(self) -> None:
        for _ in range(BURST):
            if self._next is None:
                return self._finish_if_idle()
            late = self.now() - self._next
            if late < 0:
                self.at(self._next, self._send_due)
                return None
            self._start(self._next, late)
        self._loop.call_soon(self._send_due)
        return None

    def _start(self, planned: float, late: float) -> None:
        number, self._number, self._next = self._number, self._number + 1, next(self._offsets, None)
        self.rows.latest = max(self.rows.latest, late)
        self._in_flight += 1
        if self._in_flight > self._plan.max_in_flight or late >= self.timeout:
            self.ended(number, [Attempt(planned, late, RequestOutcome(failure=Failure.NOT_SENT))])
        else:
            Intent(self, number, planned)

    # ---- intents ---------------------------------------------------------------------------------------------------------------------

    def wait_before_retry(self, retries: int, outcome: RequestOutcome) -> float | None:
        """Real seconds; None: no retry after this outcome. `retries`: how many the intent has had."""
        plan = self._plan
        if outcome.failure not in plan.retry_on or retries >= plan.retries:
            return None
        budget = math.inf if plan.retry_budget is None else plan.retry_budget * self._number
        if self._retries + 1 > budget:
            return None
        self._retries += 1
        return plan.backoff.wait(retries, self._chance).total_seconds() / self._speed

    def ended(self, number: int, attempts: Sequence[Attempt]) -> None:
        self.rows.add(number, attempts)
        self._in_flight -= 1
        self._finish_if_idle()

    def _finish_if_idle(self) -> None:
        if self._next is None and not self._in_flight:
            self.finished.set()
