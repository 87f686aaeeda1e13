"""Requests that are looked at together have the latencies and outcomes that they have one outcome at a time (sandbox/virtual/batch.py)."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.drivers.proxy.responses import NEVER
from sandbox.drivers.proxy.simulated import Outcome
from sandbox.traffic.outcomes import Failure
from sandbox.traffic.plan import Plan
from sandbox.virtual.batch import Batch, final, seen, together

PLAN = Plan(url="http://127.0.0.1:8081/", timeout=timedelta(seconds=3))
RETRYING = Plan(url=PLAN.url, timeout=PLAN.timeout, retries=1)

durations = st.integers(0, 4_000_000).map(lambda micros: timedelta(microseconds=micros))


@st.composite
def outcomes(draw: st.DrawFn) -> Outcome:
    status = draw(st.sampled_from([200, 404, 502, 0]))
    latency = (NEVER, NEVER) if not status else (draw(durations), draw(durations))
    return Outcome(status, draw(st.sampled_from(["i-1", "i-2", None])), "a", "b", *latency)


@given(found=st.lists(st.tuples(outcomes(), st.integers(1, 30)), min_size=1, max_size=5), plan=st.sampled_from([PLAN, RETRYING]))
def test_each_request_has_the_same_latency_and_outcome_as_outcome_by_outcome(found: list[tuple[Outcome, int]], plan: Plan) -> None:
    counts = tuple(count for _, count in found)
    batch = Batch(np.arange(sum(counts)) * 3, counts, tuple(outcome for outcome, _ in found))
    results = [final(plan, outcome) for outcome in batch.outcomes]
    rows = {
        int(place): (latency, results[kind])
        for place, kind, latency in zip(*(column.tolist() for column in together(batch, results)), strict=True)
    }
    alone = {
        int(place): (latency, result)
        for number, outcome in enumerate(batch.outcomes)
        if results[number] is not None
        for places, result, latencies in seen(plan, outcome, batch.places_of(number), kept=False)
        for place, latency in zip(places.tolist(), latencies.tolist(), strict=True)
    }
    assert rows == alone


@pytest.mark.parametrize(
    ("outcome", "plan", "failure"),
    [
        (Outcome(502, None, "a", None, timedelta(0), timedelta(0)), PLAN, Failure.BAD_GATEWAY),
        (Outcome(502, None, "a", None, timedelta(0), timedelta(0)), RETRYING, None),  # it is sent again
        (Outcome(200, "i-1", "a", "a", timedelta(0), timedelta(seconds=4)), PLAN, None),  # the last ones are late
        (Outcome(0, None, "a", None, NEVER, NEVER), PLAN, None),
    ],
)
def test_only_requests_that_ended_in_time_and_are_not_sent_again_are_looked_at_together(
    outcome: Outcome, plan: Plan, failure: Failure | None
) -> None:
    result = final(plan, outcome)
    assert (result.failure if result else None) is failure
