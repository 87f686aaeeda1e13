"""What clients see of the outcomes of many requests: failures, latencies, and who answered which request. Pure. For load.py.

Outcomes alternate, as with targets that take turns. Most requests end with the outcome that the load balancer gives them: those are looked
at together, whatever their outcomes are. The others (late, open, silent, or to be sent again) are looked at outcome by outcome.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

import numpy as np

from sandbox.drivers.proxy.simulated import Outcome
from sandbox.traffic.outcomes import Failure, RequestOutcome, classify
from sandbox.traffic.plan import Plan
from sandbox.traffic.records import Column

Seen = tuple[Column, RequestOutcome, Column]
"""Places of requests in the offsets that were sent, what their clients see, and latencies."""

NOBODY = Outcome(0, None, None, None, timedelta(0), timedelta(0))  # answered: nothing listens there


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Requests that were sent at once."""

    places: Column  # in the offsets that were sent
    counts: tuple[int, ...]  # of each outcome
    outcomes: tuple[Outcome, ...]
    kept: bool = False  # they were sent on connections that were open

    def places_of(self, number: int) -> Column:
        """Those with the outcome of this number."""
        chosen: Column = self.places[alternating(self.counts) == number]
        return chosen


def final(plan: Plan, outcome: Outcome) -> RequestOutcome | None:
    """What every client sees, if all these requests have ended with a response in time and none is sent again; else None."""
    if not outcome.status or outcome.open is not None or max(outcome.latency, outcome.last_latency) > plan.timeout:
        return None
    result = _classified(outcome.status, outcome.target_id, outcome.zone, outcome.node)
    return None if plan.retries and result.failure in plan.retry_on else result


def together(batch: Batch, results: Sequence[RequestOutcome | None]) -> tuple[Column, Column, Column]:
    """Of all requests whose result is not None: their places, the numbers of their outcomes, and their latencies, which grow or shrink
    evenly from the first to the last request of an outcome."""
    numbers, ranks = alternating(batch.counts), _ranks(batch.counts)
    places = batch.places
    if None in results:
        chosen = np.array([result is not None for result in results], dtype=bool)[numbers]
        numbers, ranks, places = numbers[chosen], ranks[chosen], places[chosen]
    counts = np.array(batch.counts)
    first = np.array([outcome.latency.total_seconds() for outcome in batch.outcomes])
    last = np.array([outcome.last_latency.total_seconds() for outcome in batch.outcomes])
    last = np.where(counts > 1, last, first)
    steps = (last - first) / np.maximum(counts - 1, 1)
    ended = ranks == counts[numbers] - 1
    return places, numbers, np.where(ended, last[numbers], ranks * steps[numbers] + first[numbers])


def seen(plan: Plan, outcome: Outcome, places: Column, *, kept: bool) -> Iterator[Seen]:
    """`kept`: the requests were sent on connections that were open."""
    timeout = plan.timeout.total_seconds()
    if outcome is NOBODY:
        yield places, RequestOutcome(failure=Failure.REFUSED), np.zeros(len(places))
        return
    if not outcome.status:  # the node does not answer: no new connection, and silence on an open one
        limit = plan.connect_timeout
        longest = min(timeout, limit.total_seconds()) if limit and not kept else timeout
        failure = Failure.CLIENT_TIMEOUT if kept else Failure.CONNECT_TIMEOUT
        yield places, RequestOutcome(failure=failure, node=outcome.node), np.full(len(places), longest)
        return
    first, last = outcome.latency.total_seconds(), outcome.last_latency.total_seconds()
    latencies = np.linspace(first, last, len(places)) if first != last else np.full(len(places), first)
    if first <= timeout and last <= timeout:
        yield places, _classified(outcome.status, outcome.target_id, outcome.zone, outcome.node), latencies
        return
    late = latencies > timeout
    if late.any():
        gave_up = RequestOutcome(failure=Failure.CLIENT_TIMEOUT, node=outcome.node)
        yield places[late], gave_up, np.full(int(late.sum()), timeout)
    if not late.all():
        yield places[~late], _classified(outcome.status, outcome.target_id, outcome.zone, outcome.node), latencies[~late]


@lru_cache(maxsize=1024)
def _classified(status: int, target_id: str | None, zone: str | None, node: str | None) -> RequestOutcome:
    """A client learns from the response which instance answered, and from nobody else."""
    return classify(status, target_id, zone if target_id else None, node)


@lru_cache(maxsize=1024)
def alternating(counts: tuple[int, ...]) -> Column:
    """Numbers of the counts, each as often as its count says and as evenly as possible: (2, 4) → 1 0 1 1 0 1."""
    ids = np.repeat(np.arange(len(counts)), counts)
    positions = np.concatenate([(np.arange(count) + 0.5) / count for count in counts]) if counts else np.empty(0)
    return ids[np.argsort(positions, kind="stable")]


@lru_cache(maxsize=1024)
def _ranks(counts: tuple[int, ...]) -> Column:
    """Of each of the `alternating` numbers: how many equal ones come before it."""
    numbers = alternating(counts)
    ranks = np.empty(len(numbers), dtype=int)
    for number, count in enumerate(counts):
        ranks[numbers == number] = np.arange(count)
    return ranks
