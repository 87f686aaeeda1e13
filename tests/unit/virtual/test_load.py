"""Traffic in virtual time follows the plan's times, timeouts and retries (sandbox/virtual/load.py)."""

import contextlib
from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.core.clock import VirtualClock
from sandbox.core.journal import Journal
from sandbox.drivers.proxy.responses import NEVER
from sandbox.drivers.proxy.simulated import Outcome
from sandbox.engine import Engine
from sandbox.traffic.outcomes import Failure
from sandbox.traffic.plan import Backoff, KeepAlive, Plan
from sandbox.virtual.batch import alternating
from sandbox.virtual.load import VirtualLoad

URL = "http://127.0.0.1:8081/"
QUICK, SLOW = timedelta(milliseconds=5), timedelta(seconds=9)


def answer(latency: timedelta = QUICK, status: int = 200, target: str | None = "i-1", node: str | None = "a") -> Outcome:
    return Outcome(status, target, node, "zone-of-i-1" if target else None, latency, latency)


SILENCE = Outcome(0, None, "b", None, NEVER, NEVER)


class Bench:
    """A load, an engine in virtual time, and what the load balancer answers at each moment."""

    def __init__(self, plan: Plan) -> None:
        self.clock = VirtualClock()
        self.begin = self.clock.now()
        self.engine = Engine(self.clock, Journal(self.clock), contextlib.nullcontext())
        self.answers: Mapping[Outcome, int] = {answer(): 1}  # shares
        self.sent: list[tuple[float, int, str | None]] = []  # (seconds from the begin, count, node of the connection)
        self.load = VirtualLoad(plan, self.clock, self.engine, self.send)

    def send(self, count: int, kept: str | None, began: datetime) -> Mapping[Outcome, int]:
        self.sent.append(((self.clock.now() - self.begin).total_seconds(), count, kept))
        whole, total = count, sum(self.answers.values())
        found = {outcome: whole * share // total for outcome, share in self.answers.items()}
        first = next(iter(found))
        return {**found, first: found[first] + whole - sum(found.values())}

    def at(self, seconds: float, answers: Mapping[Outcome, int]) -> None:
        self.engine.at(self.begin + timedelta(seconds=seconds), lambda: setattr(self, "answers", answers))

    def run(self, seconds: float) -> None:
        self.engine.run_until(self.begin + timedelta(seconds=seconds))


def test_requests_are_sent_at_their_planned_times_until_stop() -> None:
    bench = Bench(Plan(url=URL, rate=2, timeout=timedelta(seconds=3)))
    bench.at(2, {answer(SLOW): 1})
    bench.run(2.6)
    records = bench.load.stop()
    bench.run(10)

    assert [r.at - bench.begin for r in records] == [timedelta(seconds=n / 2) for n in range(6)]
    assert [r.outcome.failure for r in records] == [None] * 4 + [Failure.CLIENT_TIMEOUT] * 2
    assert [r.latency for r in records] == [0.005] * 4 + [3.0] * 2
    assert bench.load.records() == records


def test_a_change_separates_the_requests_before_it_from_those_after_it() -> None:
    bench = Bench(Plan(url=URL, rate=100))
    bench.at(0.335, {answer(status=502, target=None): 1})
    bench.run(0.5)
    failed = [r.send_offset for r in bench.load.stop() if r.outcome.failure is Failure.BAD_GATEWAY]
    assert failed == pytest.approx([0.34 + n / 100 for n in range(16)])


def test_traffic_ends_at_the_plan_s_limit() -> None:
    bench = Bench(Plan(url=URL, rate=10, max_requests=7))
    bench.run(60)
    assert len(bench.load.records()) == 7
    assert bench.engine.loops() == ()


def test_targets_that_take_turns_answer_alternately() -> None:
    bench = Bench(Plan(url=URL, rate=10))
    bench.answers = {answer(target="i-1"): 1, answer(target="i-2"): 1}
    bench.run(0.95)
    assert [r.outcome.instance_id for r in bench.load.stop()] == ["i-1", "i-2"] * 5


def test_a_request_is_tried_again_after_its_failure_and_the_backoff() -> None:
    bench = Bench(Plan(url=URL, rate=1, max_requests=1, retries=2, backoff=Backoff(base=timedelta(seconds=1), jitter=0)))
    bench.answers = {answer(status=503, target=None, latency=timedelta(0)): 1}
    bench.at(1.5, {answer(): 1})
    bench.run(10)
    (record,) = bench.load.records()
    assert record.outcome.failure is None
    assert [(a.offset, a.outcome.failure) for a in record.attempts] == [(0, Failure.UNAVAILABLE), (1, Failure.UNAVAILABLE), (3, None)]
    assert record.latency == pytest.approx(3.005)


def test_a_request_whose_attempts_are_used_up_has_failed() -> None:
    bench = Bench(Plan(url=URL, rate=1, max_requests=1, retries=1))
    bench.answers = {answer(status=503, target=None): 1}
    bench.run(10)
    (record,) = bench.load.records()
    assert record.outcome.failure is Failure.UNAVAILABLE
    assert len(record.attempts) == 2


def test_the_retry_budget_limits_the_retries_of_all_requests_together() -> None:
    bench = Bench(Plan(url=URL, rate=100, retries=3, retry_budget=0.1))
    bench.answers = {answer(status=503, target=None): 1}
    bench.run(20)
    records = bench.load.stop()
    assert sum(len(r.attempts) - 1 for r in records) == pytest.approx(0.1 * len(records), rel=0.05)


def test_nothing_listens_is_connection_refused() -> None:
    def refuse(count: int, kept: str | None, began: datetime) -> Mapping[Outcome, int]:
        raise KeyError

    clock = VirtualClock()
    engine = Engine(clock, Journal(clock), contextlib.nullcontext())
    load = VirtualLoad(Plan(url=URL, rate=5), clock, engine, refuse)
    engine.run_until(clock.now() + timedelta(seconds=1))
    assert {r.outcome.failure for r in load.stop()} == {Failure.REFUSED}


def test_a_dark_node_lets_new_connections_time_out_after_the_connect_timeout() -> None:
    bench = Bench(Plan(url=URL, rate=5, connect_timeout=timedelta(seconds=1)))
    bench.answers = {SILENCE: 1}
    bench.run(1)
    assert {(r.outcome.failure, r.latency) for r in bench.load.stop()} == {(Failure.CONNECT_TIMEOUT, 1.0)}


def test_a_kept_connection_stays_at_its_node_until_its_lifetime_is_over() -> None:
    bench = Bench(Plan(url=URL, rate=10, keep_alive=KeepAlive(pool_size=1, lifetime=timedelta(seconds=3))))
    bench.run(10)
    kept = [node for _, _, node in bench.sent]
    assert kept.count("a") >= 6
    assert 3 <= kept.count(None) <= 5


def test_a_connection_that_no_longer_answers_is_closed_and_opened_again() -> None:
    bench = Bench(Plan(url=URL, rate=1, timeout=timedelta(seconds=2), keep_alive=KeepAlive(pool_size=1)))
    bench.at(2.5, {SILENCE: 1})
    bench.at(3.5, {answer(): 1})
    bench.run(6)
    assert [r.outcome.failure for r in bench.load.stop()] == [None, None, None, Failure.CLIENT_TIMEOUT, None, None]
    assert [node for _, _, node in bench.sent][-3:] == ["a", None, "a"]


@given(st.lists(st.integers(1, 50), min_size=1, max_size=6))
def test_alternating_has_each_number_as_often_as_its_count_and_spread_evenly(counts: list[int]) -> None:
    ids = alternating(tuple(counts)).tolist()
    assert [ids.count(number) for number in range(len(counts))] == counts
    half = ids[: len(ids) // 2]
    assert all(abs(half.count(number) - count / 2) <= 1 + len(counts) / 2 for number, count in enumerate(counts))
