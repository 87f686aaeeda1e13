"""Requests in steps of time."""

import time
from statistics import quantiles

import numpy as np
import pytest

from sandbox.traffic.measures.series import series
from sandbox.traffic.records import INTENTS, TRIES, Records
from tests.support.traffic.runs import BEGIN, A, B, traffic

SLO = 0.5


def test_each_step_has_its_requests() -> None:
    found = series(traffic([".", ",", "2.", "t", "s", ".", "4", "n"], rate=2), SLO, width=2)
    assert [found.width, found.seconds] == [2, 2]
    assert [list(counts) for counts in (found.sent, found.attempts, found.good)] == [[4, 4], [5, 3], [3, 2]]
    assert list(found.goodput) == [1.5, 1]
    assert found.lost == (("slow", (0, 1)), ("client timeout", (1, 0)), ("not sent", (0, 1)))
    assert found.zones == ((A, (2, 1)), (B, (1, 1)))
    assert list(found.p50) == pytest.approx([20, 455])


def test_errors_have_no_latency() -> None:
    """The load balancer's own are quick, and would make a service that is down look fast."""
    assert list(series(traffic(".3,3"), SLO, width=2).p50) == pytest.approx([10, 20])
    assert series(traffic("33"), SLO, width=2).p50 == (None,)


def test_a_step_without_requests_has_no_latency() -> None:
    records = traffic(".r.", rate=0.1)
    assert list(series(records, SLO, width=10).p99) == [pytest.approx(10), None, pytest.approx(10)]
    assert series(records, SLO, width=5).sent == (1, 0, 1, 0, 1)


def test_steps_are_in_sandbox_time_and_rates_in_real_time() -> None:
    found = series(traffic("." * 8, rate=2, speed=10), SLO, width=20)
    assert found.sent == (4, 4)
    assert found.goodput == (2, 2)


def test_zones_by_instance_where_responses_name_none() -> None:
    records = traffic(".,")
    intents = records.intents.copy()
    intents["zone"] = 0
    assert series(records.part(intents), SLO, 1, {"i-1": "z1"}).zones == (("z1", (1, 0)), (None, (0, 1)))


def test_a_run_without_requests() -> None:
    found = series(traffic(""), SLO, width=1)
    assert (found.sent, found.lost, found.zones, found.p99) == ((), (), (), ())


def test_percentiles_are_those_of_each_step() -> None:
    intents = np.zeros(5000, INTENTS)
    chance = np.random.default_rng(1)
    intents["number"], intents["offset"] = np.arange(5000), np.arange(5000) / 100
    intents["latency"], intents["status"], intents["attempts"] = chance.lognormal(-4, 1, 5000), 200, 1
    records = Records(BEGIN, 1.0, intents, np.zeros(0, TRIES), (None,))
    found = series(records, SLO, width=10)
    for step in range(5):
        cut = quantiles((intents["latency"][step * 1000 : (step + 1) * 1000] * 1000).tolist(), n=100, method="inclusive")
        assert (found.p50[step], found.p95[step], found.p99[step]) == pytest.approx((cut[49], cut[94], cut[98]))


def test_a_million_requests_take_seconds_at_most() -> None:
    intents = np.zeros(1_400_000, INTENTS)
    intents["number"] = np.arange(len(intents))
    intents["offset"] = intents["number"] / 2000
    intents["latency"] = (intents["number"] * 7919 % 1000) / 1000
    intents["status"], intents["attempts"], intents["instance"] = 200, 1, 1 + intents["number"] % 6
    records = Records(BEGIN, 1.0, intents, np.zeros(0, TRIES), (None, *(f"i-{n}" for n in range(6))))
    began = time.thread_time()
    found = series(records, SLO, 5, {f"i-{n}": f"zone-{n % 3}" for n in range(6)})
    assert time.thread_time() - began < 5
    assert sum(found.sent) == len(intents)
