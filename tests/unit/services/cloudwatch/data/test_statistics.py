"""From buckets to datapoints, and GetMetricStatistics' rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.core.errors import ApiError
from sandbox.core.metrics import of_value
from sandbox.services.cloudwatch.data import statistics
from sandbox.services.cloudwatch.data.series import DAY, MetricId
from sandbox.services.cloudwatch.data.store import MetricStore
from tests.support import rule

METRIC = MetricId("App", "latency")
NOON = 1_778_155_200


def stored(values: list[tuple[int, float]], resolution: int = 60) -> MetricStore:
    store = MetricStore()
    for at, value in values:
        store.record(METRIC, "None", NOON + at, of_value(value), resolution)
    return store


@pytest.mark.parametrize(
    ("statistic", "expected"), [("SampleCount", 3.0), ("Sum", 12.0), ("Average", 4.0), ("Minimum", 1.0), ("Maximum", 9.0), ("p50", 2.0)]
)
@rule("CW-5")
def test_statistics_of_a_period(statistic: str, expected: float) -> None:
    store = stored([(0, 1.0), (70, 2.0), (290, 9.0), (300, 100.0)])
    parsed = statistics.parse_statistic(statistic)
    assert parsed is not None
    assert statistics.points(store.find(METRIC), parsed, NOON, NOON + 300, 300) == ([NOON], [expected])


@rule("CW-24", "CW-9")
def test_periods_count_from_the_given_start_not_from_the_hour() -> None:
    store = stored([(60, 1.0), (120, 2.0), (360, 6.0)])
    assert statistics.points(store.find(METRIC), "Sum", NOON + 60, NOON + 660, 300) == ([NOON + 60, NOON + 360], [3.0, 6.0])


def test_high_resolution_data_answers_periods_below_a_minute() -> None:
    store = stored([(0, 1.0), (9, 2.0), (10, 3.0)], resolution=1)
    assert statistics.points(store.find(METRIC), "Sum", NOON, NOON + 30, 10) == ([NOON, NOON + 10], [3.0, 3.0])


SECONDS, VALUES = st.integers(0, 7200), st.floats(-1e6, 1e6)
ONE_A_MINUTE = st.lists(st.tuples(st.integers(0, 120).map(lambda minute: 60 * minute), VALUES), max_size=40, unique_by=lambda one: one[0])


@given(
    st.lists(st.tuples(SECONDS, VALUES), max_size=40) | ONE_A_MINUTE,
    st.sampled_from([*statistics.SIMPLE, "p0", "p50", "p90", "p99.9", "p100", "tm90"]),
    st.sampled_from([60, 120, 300, 3600]),
    st.integers(0, 10),
)
def test_the_quick_way_gives_what_the_general_way_gives(data: list[tuple[int, float]], name: str, period: int, offset: int) -> None:
    statistic = statistics.parse_statistic(name)
    assert statistic is not None
    series, start, end = stored(data).find(METRIC), NOON - 60 * offset, NOON + 7260
    general = statistics.summaries(series, start, end, period)
    starts, values = statistics.points(series, statistic, start, end, period)
    assert starts == sorted(general)
    assert values == pytest.approx([general[at].value(statistic) for at in starts])


def test_a_percentile_of_no_samples_is_not_told() -> None:
    store, p90 = MetricStore(), statistics.parse_statistic("p90")
    assert p90 is not None
    store.record(METRIC, "None", NOON, of_value(5.0, count=0.0))
    assert statistics.points(store.find(METRIC), p90, NOON, NOON + 60, 60) == ([], [])


@rule("CW-6")
@pytest.mark.parametrize(
    ("age", "period", "rounded"), [(DAY, 60, 60), (20 * DAY, 60, 300), (70 * DAY, 60, 3600), (DAY, 10, 10), (DAY, 1, 1)]
)
def test_start_time_is_rounded_down_by_age(age: int, period: int, rounded: int) -> None:
    start = NOON + 3599 + 0.5
    assert statistics.rounded_start(start, start + age, period) == int(start) - int(start) % rounded


@rule("CW-6")
@pytest.mark.parametrize("period", [1, 5, 10, 20, 30, 60, 300, 86400])
def test_periods_that_may_be_asked_for(period: int) -> None:
    statistics.check_period(period)


@rule("CW-6")
@pytest.mark.parametrize("period", [0, -60, 2, 15, 61, 90])
def test_periods_that_are_refused(period: int) -> None:
    with pytest.raises(ApiError) as refused:
        statistics.check_period(period)
    assert refused.value.code == "InvalidParameterValue"


@rule("CW-6")
def test_more_than_1440_datapoints_are_refused() -> None:
    statistics.check_range(NOON, NOON + 1440 * 60, 60)
    with pytest.raises(ApiError) as refused:
        statistics.check_range(NOON, NOON + 2880 * 60, 60)
    assert refused.value.code == "InvalidParameterCombination"
    assert refused.value.message == (
        "You have requested up to 2880 datapoints, which exceeds the limit of 1440. "
        "You may reduce the datapoints requested by increasing Period, or decreasing the time range."
    )
    with pytest.raises(ApiError, match="StartTime must be less than"):
        statistics.check_range(NOON, NOON, 60)
