"""Extended statistics and the distributions they are read from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.services.cloudwatch.data import percentiles
from sandbox.services.cloudwatch.data.percentiles import Distribution
from tests.support import rule

HUNDRED = [(float(value), 1.0) for value in range(1, 101)]


@rule("CW-5")
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("p50", 50.0),
        ("p99", 99.0),
        ("p99.9", 100.0),
        ("p100", 100.0),
        ("tm90", 45.5),  # mean of 1..90
        ("TM(10%:90%)", 50.5),  # mean of 11..90
        ("IQM", 50.5),
        ("tc90", 90.0),
        ("TC(:25)", 25.0),
        ("ts10", 55.0),
        ("TS(98:)", 199.0),
        ("wm90", 0.01 * (45.5 * 90 + 10 * 90)),  # the ten highest count as 90
        ("PR(:30)", 30.0),
        ("PR(10:30)", 20.0),
    ],
)
def test_extended_statistics_of_1_to_100(name: str, expected: float) -> None:
    statistic = percentiles.parse(name)
    assert statistic is not None
    assert percentiles.compute(statistic, HUNDRED) == pytest.approx(expected)


@rule("CW-5")
@pytest.mark.parametrize(
    "name", ["p101", "p", "q50", "PR(10%:20%)", "TM(:)", "TM(1%:2)", "tm", "average", "p50x", "TM(0:200%)", "TM(1.1.1:2)"]
)
def test_what_is_no_extended_statistic(name: str) -> None:
    assert percentiles.parse(name) is None


def test_a_trimmed_mean_of_nothing_is_none() -> None:
    statistic = percentiles.parse("TM(200:300)")
    assert statistic is not None
    assert percentiles.compute(statistic, HUNDRED) is None
    assert percentiles.compute(statistic, []) is None


@given(st.lists(st.floats(min_value=0.001, max_value=1e6), min_size=1, max_size=2000))
def test_a_distribution_stays_small_and_near(values: list[float]) -> None:
    distribution = Distribution((value, 1.0) for value in values)
    median = percentiles.parse("p50")
    assert median is not None
    assert len(distribution) <= percentiles.EXACT_VALUES
    exact = sorted(values)[(len(values) + 1) // 2 - 1]
    found = percentiles.compute(median, distribution.entries())
    assert found == pytest.approx(exact, rel=0.2 if len(set(values)) > percentiles.EXACT_VALUES else 1e-12)


def test_a_million_response_times_keep_their_p99_within_two_percent() -> None:
    distribution = Distribution((0.001 + number / 1_000_000, 1.0) for number in range(100_000))
    p99 = percentiles.parse("p99")
    assert p99 is not None
    assert percentiles.compute(p99, distribution.entries()) == pytest.approx(0.1, rel=0.05)
    assert len(distribution) <= percentiles.EXACT_VALUES


def test_zero_and_negative_values_have_bins_of_their_own() -> None:
    distribution = Distribution((float(number), 1.0) for number in range(-500, 501))
    p50 = percentiles.parse("p50")
    assert p50 is not None
    assert percentiles.compute(p50, distribution.entries()) == 0.0
