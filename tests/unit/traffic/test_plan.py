"""When a plan sends its intents: evenly or like independent users, at a constant or a changing rate; and what a plan may contain."""

import random
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from statistics import fmean, pstdev
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.traffic.patterns import Pattern, constant, diurnal, flash, ramp, steps
from sandbox.traffic.plan import Backoff, KeepAlive, Plan, Spacing

URL = "http://127.0.0.1:8081/"


def per_second(plan: Plan, seconds: int) -> list[int]:
    moments = list(plan.offsets())
    return [sum(second <= moment < second + 1 for moment in moments) for second in range(seconds)]


def test_a_constant_rate_sends_evenly() -> None:
    plan = Plan(url=URL, rate=4, max_duration=2)
    assert list(plan.offsets()) == [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75]


@pytest.mark.parametrize(("start", "in_ten_seconds"), [(0, 50), (0.5, 75), (1, 100), (2, 150)])
def test_a_ramp_rises_linearly_to_the_rate(start: float, in_ten_seconds: int) -> None:
    moments = list(Plan(url=URL, rate=10, pattern=ramp(10, start), max_duration=20).offsets())
    assert len(moments) == in_ten_seconds + 100
    assert moments == sorted(moments)
    assert moments[0] == 0
    assert sum(moment < 10 for moment in moments) == in_ten_seconds
    assert moments[in_ten_seconds:] == pytest.approx([10 + n / 10 for n in range(100)])


def test_each_second_of_a_ramp_has_the_requests_of_its_rate() -> None:
    assert per_second(Plan(url=URL, rate=100, pattern=ramp(10, 0.2), max_duration=10), 10) == pytest.approx(
        [24, 32, 40, 48, 56, 64, 72, 80, 88, 96], abs=1
    )


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (constant(), [10, 10, 10, 10, 10, 10]),
        (steps((0, 1), (2, 2), (4, 0.5)), [10, 10, 20, 20, 5, 5]),
        (steps((0, 1), (2, 0), (4, 1)), [10, 10, 0, 0, 10, 10]),
        (steps((0, 0), (3, 1)), [0, 0, 0, 10, 10, 10]),
        (steps((0, 1), (2, 0)), [10, 10, 0, 0, 0, 0]),
        (flash(1, 2, 5), [10, 50, 50, 10, 10, 10]),
    ],
    ids=["constant", "steps", "a pause", "a late start", "an end", "flash"],
)
def test_patterns_change_the_rate(pattern: Pattern, expected: list[int]) -> None:
    assert per_second(Plan(url=URL, rate=10, pattern=pattern, max_duration=6), 6) == expected


def test_a_diurnal_pattern_falls_to_its_lowest_share_at_night_and_begins_again() -> None:
    pattern = diurnal(24, 0.25)
    assert [pattern.share_at(hour) for hour in (0, 6, 12, 18, 24)] == pytest.approx([0.25, 0.625, 1, 0.625, 0.25])
    two_days = per_second(Plan(url=URL, rate=1000, pattern=pattern, max_duration=48), 48)
    assert sum(two_days[:24]) == pytest.approx(1000 * 24 * 0.625, rel=0.001)
    assert two_days[:24] == pytest.approx(two_days[24:], abs=1)


def test_poisson_spacing_has_the_rate_of_independent_users_and_repeats_by_seed() -> None:
    plan = Plan(url=URL, rate=100, spacing=Spacing.POISSON, seed=7, max_duration=100)
    moments = list(plan.offsets())
    gaps = [after - before for before, after in pairwise(moments)]
    assert len(moments) == pytest.approx(10_000, rel=0.03)
    assert fmean(gaps) == pytest.approx(0.01, rel=0.03) == pstdev(gaps)  # as exponential times have it
    assert list(plan.offsets()) == moments
    assert list(Plan(url=URL, rate=100, spacing=Spacing.POISSON, seed=8, max_duration=100).offsets()) != moments


shares = st.floats(0, 5)
curves = st.builds(
    lambda lengths, levels: steps(*((sum(lengths[:n]), level) for n, level in enumerate(levels))),
    st.lists(st.floats(0.1, 5), min_size=6, max_size=6),
    st.lists(shares, min_size=1, max_size=6).filter(lambda levels: max(levels) > 0.1),
) | st.builds(ramp, st.floats(0.1, 10), shares)


@given(pattern=curves, rate=st.floats(0.5, 50), spacing=st.sampled_from(Spacing), most=st.integers(1, 200))
def test_planned_sends_are_in_order_and_within_the_limits(pattern: Pattern, rate: float, spacing: Spacing, most: int) -> None:
    moments = list(Plan(url=URL, rate=rate, pattern=pattern, spacing=spacing, max_duration=20, max_requests=most).offsets())
    assert moments == sorted(moments)
    assert len(moments) <= most
    assert all(0 <= moment < 20 for moment in moments)


@pytest.mark.parametrize(
    "wrong",
    [
        {"rate": 0},
        {"rate": 10_001},
        {"rate": 5000, "pattern": flash(1, 1, 3)},
        {"max_duration": 0},
        {"max_requests": 0},
        {"max_in_flight": 0},
        {"slo": 0},
        {"timeout": timedelta(0)},
        {"connect_timeout": timedelta(0)},
        {"retries": -1},
        {"retries": 11},
        {"retry_budget": -0.1},
    ],
    ids=str,
)
def test_invalid_plans_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="invalid Plan"):
        Plan(url=URL, **wrong)


@pytest.mark.parametrize(
    "make",
    [
        steps,
        lambda: steps((1, 1)),
        lambda: steps((0, 1), (2, -1)),
        lambda: ramp(-1),
        lambda: diurnal(0, 0.5),
        lambda: Backoff(base=timedelta(seconds=2), cap=timedelta(seconds=1)),
        lambda: Backoff(jitter=2),
        lambda: KeepAlive(pool_size=0),
        lambda: KeepAlive(lifetime=timedelta(0)),
    ],
)
def test_invalid_parts_of_a_plan_are_refused(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match="invalid"):
        make()


def test_waits_before_retries_double_up_to_the_cap_and_jitter_shortens_them() -> None:
    steady = Backoff(base=timedelta(seconds=1), cap=timedelta(seconds=5), jitter=0)
    assert [steady.wait(n, random.Random(1)).total_seconds() for n in range(4)] == [1, 2, 4, 5]
    half = Backoff(base=timedelta(seconds=1), cap=timedelta(seconds=5), jitter=0.5)
    waits = [half.wait(2, random.Random(n)).total_seconds() for n in range(200)]
    assert 2 <= min(waits) < 2.2 and 3.8 < max(waits) <= 4
