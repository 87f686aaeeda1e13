"""Values that change in steps: integrals, and conditions that hold for a time."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.traffic.measures.capacity import constant_demand, demand_of, headroom, shortfall
from sandbox.traffic.measures.levels import Levels, first_held, integral
from tests.support.traffic.runs import at, levels, traffic

MINUTE = timedelta(minutes=1)


def test_a_value_holds_from_its_moment_to_the_next() -> None:
    found = levels((10, 3), (20, 5), before=1)
    assert [found.at(at(seconds)) for seconds in (0, 9.9, 10, 19.9, 20, 1000)] == [1, 1, 3, 3, 5, 5]


def test_steps_are_the_changes_up_to_a_moment() -> None:
    found = levels((0, 0), (10, 3), (20, 3), (30, 4), (30, 5), (90, 1))
    assert found.steps(at(60)) == [(at(10), 3), (at(30), 5)]


def test_moments_must_be_in_order() -> None:
    with pytest.raises(ValueError, match="not in order"):
        levels((2, 1), (1, 1))


def test_shortfall_is_what_was_asked_for_beyond_the_healthy_capacity() -> None:
    healthy = levels((0, 6), (60, 4), (90, 3), (120, 6))
    demand = constant_demand(180)
    assert shortfall(demand, healthy, 50, at(0), at(300)) == 30 * 30  # 3 × 50 = 150 of 180 for 30 s
    assert shortfall(demand, healthy, 50, at(0), at(300), speed=10) == 90
    assert headroom(demand, healthy, 50, at(0), at(300)) == pytest.approx(-20)
    assert headroom(demand, healthy, 50, at(0), at(80)) == pytest.approx(10)


def test_without_capacity_there_is_no_headroom() -> None:
    assert headroom(constant_demand(1), levels(), 50, at(0), at(10)) == -float("inf")
    assert headroom(constant_demand(0), levels(), 50, at(0), at(10)) == 0


def test_demand_is_what_was_planned_not_what_was_answered() -> None:
    demand = demand_of(traffic("." * 20 + "r" * 20, rate=2), seconds=5)
    assert [demand.at(at(seconds)) for seconds in (0, 5, 19, 20)] == [2, 2, 2, 0]


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        (((0, 6),), 0),
        (((0, 6), (10, 5), (40, 6)), 40),
        (((0, 5), (40, 6), (70, 5), (90, 6)), 90),  # it did not hold the first time
        (((0, 5), (250, 6)), None),  # not seen for long enough
        (((0, 5),), None),
        (((0, 5), (240, 6)), 240),
    ],
)
def test_the_first_moment_from_which_a_condition_holds_for_a_minute(
    points: tuple[tuple[float, float], ...], expected: float | None
) -> None:
    healthy = levels(*points)
    found = first_held((healthy,), lambda moment: healthy.at(moment) >= 6, at(10), at(300), MINUTE)
    assert found == (None if expected is None else at(max(expected, 10)))


curves = st.lists(st.tuples(st.integers(0, 100), st.integers(0, 8)), max_size=8).map(lambda points: levels(*sorted(points)))


@given(healthy=curves, demand=curves)
def test_a_shortfall_is_the_sum_of_its_parts_and_never_negative(healthy: Levels, demand: Levels) -> None:
    def between(start: float, end: float) -> float:
        return shortfall(demand, healthy, 1.0, at(start), at(end))

    assert between(0, 100) == pytest.approx(between(0, 37) + between(37, 100))
    assert between(0, 100) >= 0
    assert (between(0, 100) == 0) == (headroom(demand, healthy, 1.0, at(0), at(100)) >= 0)
    assert integral((healthy,), healthy.at, at(0), at(100)) <= 800
