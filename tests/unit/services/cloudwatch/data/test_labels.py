"""The labels of GetMetricData's results: which parts a generated one has, and what dynamic values become."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from sandbox.services.cloudwatch.data.labels import Reader, labelled
from sandbox.services.cloudwatch.data.metric_math import TimeSeries
from sandbox.services.cloudwatch.data.metric_queries import Query
from sandbox.services.cloudwatch.data.series import MetricId
from tests.support import rule

NOON = datetime(2026, 5, 7, 12, 0, tzinfo=UTC)
READER = Reader(now=NOON + timedelta(hours=2, minutes=5), account="123456789012", region="us-east-1")
START = int(NOON.timestamp())
POINTS = {START: 4.0, START + 60: 9.5, START + 120: 1.0 / 3}


def series(name: str = "metric1", stat: str = "Sum", period: int = 60, id: str = "m1", **dimensions: str) -> TimeSeries:
    metric = MetricId("App", name, tuple(sorted(dimensions.items())))
    return TimeSeries(points=POINTS, label="", period=period, id=id, metric=metric, stat=stat)


def texts(*given: TimeSeries, label: str | None = None, reader: Reader = READER) -> list[str]:
    return [found.label for _, found in labelled([(Query(id="m1", label=label), one) for one in given], reader)]


@rule("CW-10")
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([series()], ["metric1"]),
        ([series(), series(stat="Minimum", period=30)], ["metric1 Sum 60", "metric1 Minimum 30"]),
        ([series(), series(stat="Minimum")], ["metric1 Sum", "metric1 Minimum"]),
        ([series(), series(period=30)], ["metric1 60", "metric1 30"]),
        ([series(), series("metric2"), series("metric3")], ["metric1", "metric2", "metric3"]),
        ([series(host="a", zone="1"), series(host="b", zone="1")], ["a", "b"]),
        ([series(host="a"), series("metric2", host="b")], ["a metric1", "b metric2"]),
        ([series(host="a"), series()], ["a", "metric1"]),
        ([series(host="a"), series(host="b", stat="p90")], ["a Sum", "b p90"]),
    ],
)
def test_a_generated_label_names_only_what_differs(given: list[TimeSeries], expected: list[str]) -> None:
    assert texts(*given) == expected


@rule("CW-10")
def test_an_expression_is_labelled_by_its_id_and_one_of_many_by_both() -> None:
    assert texts(TimeSeries(points=POINTS, label="", period=60, id="m1")) == ["m1"]
    assert texts(series(id="", host="a"), series(id="", host="b"), label="CPU of") == ["CPU of a", "CPU of b"]


@rule("CW-11")
@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("load", "load"),
        ("${LABEL} [max: ${MAX}, last: ${LAST}]", "metric1 [max: 9.5, last: 0.333]"),
        ("${MIN_MAX_RANGE} of ${DATAPOINT_COUNT}, ${AVG}, ${SUM}, ${FIRST}", "0.333 - 9.5 of 3, 4.611, 13.833, 4"),
        ("${PROP('Dim.host')} ${PROP('MetricName')} ${PROP('Stat')} ${PROP('Period')}", "a metric1 Sum 60"),
        ("${PROP('Namespace')} ${PROP('Region')} ${PROP('AccountId')}", "App us-east-1 123456789012"),
        ("${MAX_TIME} ${FIRST_TIME_RELATIVE}", "2026-05-07 12:01:00 2h 5m"),
        ("${FIRST_LAST_TIME_RANGE}", "2026-05-07 12:00:00 - 2026-05-07 12:02:00"),
        ("${MEDIAN} $MAX", "${MEDIAN} $MAX"),
    ],
)
def test_dynamic_values_of_a_label(label: str, expected: str) -> None:
    assert texts(series(host="a"), label=label) == [expected]


@rule("CW-11")
def test_times_are_in_the_time_zone_of_the_request_and_nothing_is_known_of_no_points() -> None:
    west = Reader(now=NOON, timezone=timezone(-timedelta(hours=1, minutes=30)))
    assert texts(series(), label="${MAX_TIME}", reader=west) == ["2026-05-07 10:31:00"]
    assert texts(TimeSeries(points={}, label="", period=60, id="m1"), label="${MAX} ${MAX_TIME}") == ["-- --"]
