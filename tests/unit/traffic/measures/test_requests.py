"""Intents and attempts: what is good, what is lost, and where."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.traffic.measures.requests import (
    amplification,
    answered_by,
    answered_by_zone,
    attempt_success,
    attempts,
    availability,
    by_zone,
    good,
    goodput,
    losses,
    losses_by_zone,
)
from sandbox.traffic.measures.series import series
from tests.support.traffic.runs import OUTCOMES, A, B, at, traffic

SLO = 0.5
intents = st.lists(st.text(alphabet=[letter for letter in OUTCOMES if letter != "n"], min_size=1, max_size=3) | st.just("n"), max_size=60)


def test_a_response_below_500_within_the_objective_is_good() -> None:
    assert good(traffic(".,s4235rctxn"), SLO).tolist() == [True, True, False, True] + [False] * 8


def test_lost_intents_are_counted_by_class() -> None:
    assert losses(traffic(".,ss4235rctxn22"), SLO) == {
        "502": 3,
        "slow": 2,
        "503": 1,
        "other 5xx": 1,
        "connection refused": 1,
        "connect timeout": 1,
        "client timeout": 1,
        "reset": 1,
        "not sent": 1,
    }


def test_an_intent_that_succeeds_on_its_second_attempt_is_good() -> None:
    records = traffic(["2.", ".", "2232", "."])
    assert availability(records, SLO) == 75
    assert attempts(records) == 8
    assert amplification(records) == 2
    assert attempt_success(records, SLO) == 100 * 3 / 8


def test_an_intent_whose_attempts_take_longer_than_the_objective_is_lost() -> None:
    records = traffic(["t."])
    assert availability(records, SLO) == 0
    assert losses(records, SLO) == {"slow": 1}
    assert attempt_success(records, SLO) == 50


def test_measures_of_a_part_count_only_its_attempts() -> None:
    records = traffic(["2.", "22.", ".", "3."])
    assert attempts(records.between(at(1), at(3))) == 4
    assert attempt_success(records.between(at(1), at(3)), SLO) == 50


def test_zones_are_those_of_the_responses_else_of_the_instances() -> None:
    records = traffic(".,,ss5tr")
    assert answered_by_zone(records) == {A: 3, B: 2}
    assert answered_by(records) == {"i-1": 3, "i-2": 2}
    assert losses_by_zone(records, SLO) == {A: 2, None: 2, B: 1}
    assert by_zone(records) == {A: 3, B: 3, None: 2}


def test_without_traffic_there_is_no_availability() -> None:
    nothing = traffic("")
    assert (availability(nothing, SLO), amplification(nothing), attempt_success(nothing, SLO)) == (None, None, None)
    assert losses(nothing, SLO) == {}


def test_goodput_is_good_intents_per_real_second() -> None:
    assert goodput(traffic(".,2s"), SLO, seconds=4) == 0.5


@given(intents=intents)
def test_every_intent_is_good_or_lost_once(intents: list[str]) -> None:
    records = traffic(intents)
    whole, lost = int(good(records, SLO).sum()), losses(records, SLO)
    assert whole + sum(lost.values()) == len(records)
    assert sum(losses_by_zone(records, SLO).values()) == sum(lost.values())
    assert list(lost.values()) == sorted(lost.values(), reverse=True)
    if intents:
        assert availability(records, SLO) == pytest.approx(100 * whole / len(records))
        assert amplification(records) == sum(0 if letters == "n" else len(letters) for letters in intents) / len(intents)


@given(intents=intents, width=st.sampled_from([1.0, 3.0, 7.0]), speed=st.sampled_from([1.0, 10.0]))
def test_a_series_has_the_same_totals_as_the_whole(intents: list[str], width: float, speed: float) -> None:
    records = traffic(intents, rate=2, speed=speed)
    found = series(records, SLO, width)
    assert sum(found.sent) == len(records)
    assert sum(found.good) == int(good(records, SLO).sum()) == sum(sum(counts) for _, counts in found.zones)
    assert {name: sum(counts) for name, counts in found.lost} == losses(records, SLO)
    assert sum(found.attempts) == attempts(records)
    lengths = {len(counts) for counts in (found.sent, found.good, found.attempts, found.p50, found.p95, found.p99)}
    assert lengths <= {len(found.sent)}
