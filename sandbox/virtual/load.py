"""Client traffic in virtual time. Speed is 1, so sandbox seconds equal real seconds.

Between two steps of the engine nothing changes, so all requests that were planned since the last step meet the same world: they are sent
together, just before the next step. So a simulation costs as much as there happens, not as many requests as there are.
"""

import heapq
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import NamedTuple, Protocol

import numpy as np

from sandbox.core.clock import Clock
from sandbox.drivers.proxy.open_requests import OpenRequests
from sandbox.drivers.proxy.simulated import Outcome
from sandbox.traffic.outcomes import RequestOutcome, classify
from sandbox.traffic.plan import Plan, Spacing
from sandbox.traffic.records import Column, Recorder, Records
from sandbox.traffic.rows import Attempt
from sandbox.virtual.batch import NOBODY, Batch, Seen, final, seen, together
from sandbox.virtual.connections import Connections

LONGEST_STEP = timedelta(seconds=1)  # requests are sent at least this often

Send = Callable[[int, str | None, datetime], Mapping[Outcome, int]]
"""(count, zone of the node that has the connection or None, began) → outcomes of requests sent from `began` until now. Raises KeyError when
nothing listens at the plan's URL."""


Settle = Callable[[OpenRequests, int, int], None]
"""Tells the load balancer how many of its open requests were answered, and how many were cut."""


class Steps(Protocol):
    """What the load needs from the engine."""

    def at(self, when: datetime, callback: Callable[[], None]) -> None: ...

    def before_each_step(self, callback: Callable[[], None]) -> Callable[[], None]: ...


class _Try(NamedTuple):
    """An attempt that is due."""

    offset: float
    number: int  # of the intent
    earlier: tuple[Attempt, ...] = ()


class _Held(NamedTuple):
    """Attempts that are open at a target."""

    open: OpenRequests
    attempts: list[tuple[_Try, float, RequestOutcome]]  # with the latency and what the client sees, if nothing cuts them
    ends: float  # when the last of them ends


class VirtualLoad:
    def __init__(self, plan: Plan, clock: Clock, steps: Steps, send: Send, settle: Settle = lambda ended, answered, cut: None) -> None:
        self._plan, self._clock, self._steps, self._send, self._settle = plan, clock, steps, send, settle
        self._begin = clock.now()
        self._sent_until = 0.0
        self._recorder = Recorder(self._begin)
        self._offsets = _chunks(plan)
        self._planned = next(self._offsets)
        self._first = 0  # number of the first intent in `_planned`
        self._held: list[_Held] = []
        self._retries: list[_Try] = []
        self._retried = 0
        self._chance = random.Random(plan.seed)
        self._connections = Connections(plan.keep_alive)
        self._stopped = False
        self._forget = steps.before_each_step(self._step)
        self._tick()

    def records(self) -> Records:
        self._step()
        return self._recorder.records()

    def stop(self) -> Records:
        """Intents that wait for a retry end with their last attempt."""
        if not self._stopped:
            self._step()
            self._end()
        return self._recorder.records()

    def _end(self) -> None:
        self._stopped = True
        self._forget()
        for held in self._held:
            self._finish(held, len(held.attempts))
        for waiting in self._retries:
            self._recorder.add(waiting.number, *waiting.earlier)
        self._retries.clear()
        self._held.clear()

    def _tick(self) -> None:
        if not self._stopped:
            self._steps.at(self._clock.now() + LONGEST_STEP, self._tick)

    # ---- one step ----------------------------------------------------------------------------------------------------------------------

    def _step(self) -> None:
        """Sends what was planned before now."""
        until = (self._clock.now() - self._begin).total_seconds()
        if self._stopped or until <= self._sent_until:
            return
        began, self._sent_until = self._sent_until, until
        self._finish_held(until)
        offsets, first = self._due(until)
        retries = []
        while self._retries and self._retries[0].offset < until:
            retries.append(heapq.heappop(self._retries))
        if len(offsets):
            self._send_intents(offsets, first, began)
        if retries:
            self._send_retries(retries, began)
        if not len(self._planned) and not self._retries and not self._held:
            self._end()

    def _due(self, until: float) -> tuple[Column, int]:
        """The planned sends before `until`, and the number of the first."""
        parts = []
        first = self._first
        while len(self._planned):
            count = int(np.searchsorted(self._planned, until, side="left"))
            parts.append(self._planned[:count])
            self._planned, self._first = self._planned[count:], self._first + count
            if len(self._planned):
                break
            self._planned = next(self._offsets)
        return np.concatenate(parts) if parts else np.empty(0), first

    def _send_intents(self, offsets: Column, first: int, began: float) -> None:
        numbers = np.arange(first, first + len(offsets))

        def attempt(place: int) -> _Try:
            return _Try(float(offsets[place]), int(numbers[place]))

        for batch in self._batches(offsets, began):
            results = [final(self._plan, outcome) for outcome in batch.outcomes]
            places, kinds, latencies = together(batch, results)
            self._recorder.add_mixed(numbers[places], offsets[places], latencies, kinds, results)
            for outcome, found in self._one_by_one(batch, results):
                for places, result, latencies in self._unless_open(outcome, found, attempt):
                    if self._plan.retries and result.failure in self._plan.retry_on:
                        for place, latency in zip(places.tolist(), latencies.tolist(), strict=True):
                            self._ended(attempt(place), latency, result)
                    else:
                        self._recorder.add_many(numbers[places], offsets[places], latencies, result)

    def _send_retries(self, due: list[_Try], began: float) -> None:
        for batch in self._batches(np.array([each.offset for each in due]), began):
            for outcome, found in self._one_by_one(batch):
                for places, result, latencies in self._unless_open(outcome, found, due.__getitem__):
                    for place, latency in zip(places.tolist(), latencies.tolist(), strict=True):
                        self._ended(due[place], latency, result)

    def _unless_open(self, outcome: Outcome, seen: list[Seen], attempt: Callable[[int], _Try]) -> list[Seen]:
        """What has ended. Requests that are open at a target are held until they end."""
        if outcome.open is None:
            return seen
        attempts = [
            (attempt(place), latency, result)
            for places, result, latencies in seen
            for place, latency in zip(places.tolist(), latencies.tolist(), strict=True)
        ]
        ends = max(attempt.offset for attempt, _, _ in attempts) + outcome.last_latency.total_seconds()
        self._held.append(_Held(outcome.open, attempts, ends))
        return []

    def _finish_held(self, until: float) -> None:
        waiting, self._held = self._held, []
        for held in waiting:
            cut_at = held.open.cut_at
            if cut_at is not None:
                cut = (cut_at - self._begin).total_seconds()
                self._finish(held, sum(attempt.offset + latency <= cut for attempt, latency, _ in held.attempts), cut)
            elif held.ends <= until:
                self._finish(held, len(held.attempts))
            else:
                self._held.append(held)

    def _finish(self, held: _Held, answered: int, cut: float = 0.0) -> None:
        """The first `answered` attempts to end got their response; the connections of the others ended at `cut`."""
        ordered = sorted(held.attempts, key=lambda each: each[0].offset + each[1])
        for attempt, latency, result in ordered[:answered]:
            self._ended(attempt, latency, result)
        for attempt, _, result in ordered[answered:]:
            self._ended(attempt, max(cut - attempt.offset, 0.0), classify(502, node=result.node))
        self._settle(held.open, answered, len(ordered) - answered)

    def _ended(self, attempt: _Try, latency: float, outcome: RequestOutcome) -> None:
        """Records the intent, or plans a retry."""
        attempts = (*attempt.earlier, Attempt(attempt.offset, latency, outcome))
        if outcome.failure not in self._plan.retry_on or len(attempts) > self._plan.retries or not self._within_budget():
            self._recorder.add(attempt.number, *attempts)
            return
        self._retried += 1
        wait = self._plan.backoff.wait(len(attempts) - 1, self._chance).total_seconds()
        heapq.heappush(self._retries, _Try(attempt.offset + latency + wait, attempt.number, attempts))

    def _within_budget(self) -> bool:
        budget = self._plan.retry_budget
        return budget is None or self._retried < budget * max(self._first, 1)

    # ---- outcomes ----------------------------------------------------------------------------------------------------------------------

    def _batches(self, offsets: Column, began: float) -> Iterator[Batch]:
        """What became of the requests, for each node that had connections."""
        start = self._begin + timedelta(seconds=began)
        for node, places in self._connections.spread(offsets):
            try:
                found = self._send(len(places), node, start)
            except KeyError:
                yield Batch(places, (len(places),), (NOBODY,))
                continue
            batch = Batch(places, tuple(found.values()), tuple(found), kept=node is not None)
            if self._plan.keep_alive:
                for number, outcome in enumerate(batch.outcomes):
                    self._connections.used(batch.places_of(number), offsets, outcome.node, broken=not outcome.status)
            yield batch

    def _one_by_one(self, batch: Batch, known: Sequence[RequestOutcome | None] = ()) -> Iterator[tuple[Outcome, list[Seen]]]:
        """Each outcome with what its clients see, without those that are known."""
        for number, outcome in enumerate(batch.outcomes):
            if not known or known[number] is None:
                yield outcome, list(seen(self._plan, outcome, batch.places_of(number), kept=batch.kept))


# ---- planned sends -----------------------------------------------------------------------------------------------------------------------

CHUNK = 4096


class _Sends:
    """The planned sends of plans that differ only in what does not concern them, in arrays that are made once: a thousand runs of a
    scenario send at the same moments."""

    def __init__(self, plan: Plan) -> None:
        self._offsets = plan.offsets()
        self._made: list[Column] = []

    def chunks(self) -> Iterator[Column]:
        """At the end empty ones."""
        number = 0
        while True:
            if number == len(self._made):
                self._made.append(np.fromiter(islice(self._offsets, CHUNK), dtype=float))
                self._made[number].flags.writeable = False
            yield self._made[number]
            number += len(self._made[number]) > 0


def _chunks(plan: Plan) -> Iterator[Column]:
    seed = plan.seed if plan.spacing is Spacing.POISSON else 0
    same = Plan(
        url="",
        rate=plan.rate,
        pattern=plan.pattern,
        spacing=plan.spacing,
        seed=seed,
        max_duration=plan.max_duration,
        max_requests=plan.max_requests,
    )
    return _sends(same).chunks()


@lru_cache(maxsize=4)
def _sends(plan: Plan) -> _Sends:
    return _Sends(plan)
