"""Traffic in virtual time follows the plan's times and the request timeout."""

import contextlib
from datetime import timedelta

from sandbox.core.clock import VirtualClock
from sandbox.core.journal import Journal
from sandbox.engine import Engine
from sandbox.traffic.plan import Failure, Plan, RequestOutcome, classify
from sandbox.virtual.load import VirtualLoad


def test_requests_are_sent_at_their_planned_times_until_stop() -> None:
    clock = VirtualClock()
    begin = clock.now()
    engine = Engine(clock, Journal(clock), contextlib.nullcontext())

    def send(url: str) -> tuple[RequestOutcome, float]:
        slow = clock.now() >= begin + timedelta(seconds=2)
        return classify(200, "i-1"), 9.0 if slow else 0.005

    load = VirtualLoad(Plan(url="http://127.0.0.1:8081/", rate=2, timeout=timedelta(seconds=3)), clock, engine.at, send)
    engine.run_until(begin + timedelta(seconds=2.5))
    records = load.stop()
    engine.run_until(begin + timedelta(seconds=10))

    assert [r.at - begin for r in records] == [timedelta(seconds=n / 2) for n in range(6)]
    assert [r.outcome.failure for r in records] == [None] * 4 + [Failure.CLIENT_TIMEOUT] * 2
    assert [r.latency for r in records] == [0.005] * 4 + [3.0] * 2
    assert load.records() == records


def test_traffic_ends_at_the_plan_s_limit() -> None:
    clock = VirtualClock()
    engine = Engine(clock, Journal(clock), contextlib.nullcontext())
    load = VirtualLoad(Plan(url="http://127.0.0.1:1/", rate=10, max_requests=7), clock, engine.at, lambda url: (classify(200), 0.001))
    engine.run_until(clock.now() + timedelta(minutes=1))
    assert len(load.records()) == 7
