"""The tables of the closed forms, exactly; and a simulated checker that agrees with them."""

import random
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.traffic.measures.budget import availability_of_month, budgets_of_outage, burn_rate, error_budget_used
from sandbox.traffic.measures.closed_form import (
    capacity_for_loss_of_a_zone,
    detection_of_refusal,
    detection_of_silence,
    expected_loss,
    layout,
    load_on_survivors,
    loss_ratio,
    safe_utilisation,
)


@pytest.mark.parametrize(
    ("zones", "safe", "at_seventy"),
    [
        ((2, 1), 33, 210),  # the tutorial
        ((2, 2), 50, 140),
        ((3, 3), 50, 140),
        ((1, 1, 1), 66.7, 105),
        ((2, 2, 2), 66.7, 105),
        ((3, 3, 2), 62.5, 112),
        ((2, 2, 2, 2), 75, 93),
    ],
)
def test_the_load_on_the_survivors_of_a_zone(zones: tuple[int, ...], safe: float, at_seventy: int) -> None:
    assert layout(sum(zones), len(zones)) == zones
    assert 100 * safe_utilisation(zones) == pytest.approx(safe, abs=0.4)
    assert round(100 * load_on_survivors(zones, 0.7)) == at_seventy


@pytest.mark.parametrize(("zones", "percent"), [(2, 200), (3, 150), (4, 133)])
def test_the_capacity_that_lets_a_zone_be_lost(zones: int, percent: int) -> None:
    assert round(100 * capacity_for_loss_of_a_zone(zones)) == percent


def test_one_zone_cannot_be_lost() -> None:
    assert load_on_survivors((3,), 0.1) == float("inf")
    assert safe_utilisation((3,)) == 0
    with pytest.raises(ValueError, match="two zones or more"):
        capacity_for_loss_of_a_zone(1)


@pytest.mark.parametrize(
    ("checks", "refusal", "silence"),
    [
        ((30, 2, 5), (30, 45, 60), (35, 50, 65)),  # AWS's defaults
        ((10, 2, 5), (10, 15, 20), (15, 20, 25)),
        ((5, 2, 2), (5, 7.5, 10), (7, 9.5, 12)),
    ],
)
def test_the_time_in_which_health_checks_find_a_failure(
    checks: tuple[float, int, float], refusal: tuple[float, float, float], silence: tuple[float, float, float]
) -> None:
    interval, threshold, timeout = checks
    for found, expected in (
        (detection_of_refusal(interval, threshold), refusal),
        (detection_of_silence(interval, timeout, threshold), silence),
    ):
        assert (found.shortest, found.mean, found.longest) == expected


@given(interval=st.floats(5, 300), threshold=st.integers(2, 10), timeout=st.floats(2, 4.9), seed=st.integers(0, 1000))
def test_a_checker_with_a_random_phase_is_within_the_closed_form(interval: float, threshold: int, timeout: float, seed: int) -> None:
    chance = random.Random(seed)
    found = [chance.uniform(0, interval) + (threshold - 1) * interval + timeout for _ in range(500)]
    expected = detection_of_silence(interval, timeout, threshold)
    assert expected.shortest <= min(found) <= max(found) <= expected.longest
    assert fmean(found) == pytest.approx(expected.mean, abs=interval * 0.1)


def test_the_example_of_a_lost_third() -> None:
    lost = expected_loss(180, 1 / 3, detection_of_silence(30, 5, 2).mean)
    assert round(lost) == 3000
    assert round(100 * lost / (180 * 600), 1) == 2.8  # percent of 10 minutes
    assert round(error_budget_used(3000, 180, 99.9), 2) == 0.64


@pytest.mark.parametrize(("rate", "share", "seconds", "lost"), [(180, 1 / 6, 15, 450), (180, 1 / 3, 20, 1200)])
def test_the_losses_that_the_scenarios_name(rate: float, share: float, seconds: float, lost: int) -> None:
    assert round(expected_loss(rate, share, seconds)) == lost


def test_at_ten_times_the_speed_detection_takes_a_tenth_of_the_requests() -> None:
    assert expected_loss(180, 1 / 3, 50, speed=10) == expected_loss(180, 1 / 3, 50) / 10


def test_a_full_stop_of_eight_hours_and_a_half() -> None:
    stopped = 8 * 3600 + 29 * 60
    assert round(availability_of_month(stopped), 2) == 98.82
    assert round(budgets_of_outage(stopped, 99.9), 1) == 11.8


def test_ratios_of_nothing() -> None:
    assert loss_ratio(0, 0) is None
    assert loss_ratio(450, 300) == 1.5
    assert burn_rate(0, 0, 99.9) is None
    assert burn_rate(10, 1000, 99.9) == pytest.approx(10)
    with pytest.raises(ValueError, match="no error budget"):
        error_budget_used(1, 180, 100)


@given(instances=st.integers(1, 1000), zones=st.integers(1, 6), utilisation=st.floats(0.01, 1))
def test_a_layout_at_its_safe_utilisation_loads_the_survivors_fully(instances: int, zones: int, utilisation: float) -> None:
    found = layout(instances, zones)
    assert sum(found) == instances
    assert max(found) - min(found) <= 1
    safe = safe_utilisation(found)
    if safe:
        assert load_on_survivors(found, safe) == pytest.approx(1)
        assert (load_on_survivors(found, utilisation) <= 1) == (utilisation <= safe) or utilisation == pytest.approx(safe)
