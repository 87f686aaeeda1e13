"""What clients see of the outcomes of many requests: failures, latencies, and who answered which request. Pure. For load.py."""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from sandbox.drivers.proxy.simulated import Outcome
from sandbox.traffic.outcomes import Failure, RequestOutcome, classify
from sandbox.traffic.plan import Plan
from sandbox.traffic.records import Column

Seen = tuple[Column, RequestOutcome, Column]
"""Places of requests in the offsets that were sent, what their clients see, and latencies."""


def seen(plan: Plan, outcome: Outcome, places: Column, *, kept: bool) -> Iterator[Seen]:
    """`kept`: the requests were sent on connections that were open."""
    timeout = plan.timeout.total_seconds()
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
