"""Metrics by the API: data, statistics, queries, widgets. Codes and texts are AWS's."""

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from PIL import Image

import sandbox.services.cloudwatch.api.responses  # noqa: F401 - declares its seam
from sandbox.core.metrics import Sample, of_value, of_values
from sandbox.services.cloudwatch.state.writes import publish_metrics
from tests.support import rule
from tests.support.services.cloudwatch_stage import MINUTE, NOON, PROTOCOLS, CloudWatch, data, datum, error, stat, statistics


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_value_measured_at_the_callers_now_is_one_of_the_sandboxs_now(cloudwatch: CloudWatch, protocol: str) -> None:
    """The two clocks differ by months here. A program that sends the time of each value is seen by alarms all the same."""
    api, now = cloudwatch.speaking(protocol), datetime.now(UTC)
    api.put_metric_data(Namespace="App", MetricData=[{"MetricName": "latency", "Value": 5.0, "Timestamp": now}])
    found = api.get_metric_statistics(
        Namespace="App", MetricName="latency", StartTime=now - MINUTE, EndTime=now + MINUTE / 2, Period=60, Statistics=["Sum"]
    )
    assert [(point["Timestamp"], point["Sum"]) for point in found["Datapoints"]] == [(NOON, 5.0)]


@rule("CW-2")
@pytest.mark.parametrize(
    ("datum", "code", "text"),
    [
        ({"Value": float("nan")}, "InvalidParameterValue", "The value NaN for parameter MetricData.member.1.Value is invalid."),
        ({"Value": float("inf")}, "InvalidParameterValue", "The value Infinity for parameter MetricData.member.1.Value is invalid."),
        ({"Value": 2.0**361}, "InvalidParameterValue", "out of range"),
        ({"Value": 1.0, "Timestamp": NOON - timedelta(days=15)}, "InvalidParameterValue", "two weeks in the past"),
        ({"Value": 1.0, "Timestamp": NOON + timedelta(hours=3)}, "InvalidParameterValue", "two hours in the future"),
        ({"Value": 1.0, "Unit": "Apples"}, "ValidationError", "Member must satisfy enum value set"),
        ({"Value": 1.0, "Dimensions": [{"Name": "grün", "Value": "v"}]}, "InvalidParameterValue", "The value grün for parameter"),
        ({"Value": 1.0, "Dimensions": [{"Name": ":d", "Value": "v"}]}, "InvalidParameterValue", "Dimensions.member.1.Name is invalid."),
        ({"Value": 1.0, "Dimensions": [{"Name": "d", "Value": "v" * 1025}]}, "InvalidParameterValue", "member.1.Value is invalid."),
        ({"Value": 1.0, "Dimensions": [{"Name": "d", "Value": v} for v in "ab"]}, "InvalidParameterValue", "given more than once"),
        ({"Value": 1.0, "StorageResolution": 7}, "InvalidParameterValue", "StorageResolution"),
        (
            {"Value": 1.0, "Values": [1.0]},
            "InvalidParameterCombination",
            "The parameters MetricData.member.1.Value and MetricData.member.1.Values are mutually exclusive and you have specified both.",
        ),
        ({"Values": [1.0, 2.0], "Counts": [1.0]}, "InvalidParameterValue", "must be of the same size"),
        ({"Values": [float(n) for n in range(151)]}, "ValidationError", "must not have a size greater than 150"),
        (
            {"Value": 1.0, "StatisticValues": {"SampleCount": 1, "Sum": 1, "Minimum": 1, "Maximum": 1}},
            "InvalidParameterCombination",
            "The parameters MetricData.member.1.Value and MetricData.member.1.StatisticValues are mutually exclusive",
        ),
        ({"StatisticValues": {"SampleCount": 1, "Sum": 1, "Minimum": 2, "Maximum": 1}}, "InvalidParameterValue", "Minimum"),
        ({"Value": 1.0, "Dimensions": [{"Name": f"d{n}", "Value": "x"} for n in range(31)]}, "ValidationError", "greater than 30"),
        ({}, "MissingParameter", "MetricData.member.1.Value"),
    ],
)
def test_data_that_are_refused(cloudwatch: CloudWatch, datum: dict[str, Any], code: str, text: str) -> None:
    with pytest.raises(ClientError) as refused:
        cloudwatch.api.put_metric_data(
            Namespace="App", MetricData=[{"MetricName": "good", "Value": 1.0}, {"MetricName": "bad", **datum}][1:]
        )
    assert error(refused)[0] == code
    assert text in error(refused)[1]


@rule("CW-2")
def test_nothing_of_a_refused_batch_is_stored(cloudwatch: CloudWatch) -> None:
    with pytest.raises(ClientError):
        cloudwatch.api.put_metric_data(Namespace="App", MetricData=[{"MetricName": "good", "Value": 1.0}, {"MetricName": "bad"}])
    assert cloudwatch.api.list_metrics()["Metrics"] == []


@rule("CW-2")
def test_values_beside_a_statistic_set_are_both_counted(cloudwatch: CloudWatch) -> None:
    sets = {"SampleCount": 10.0, "Sum": 55.0, "Minimum": 1.0, "Maximum": 10.0}
    cloudwatch.api.put_metric_data(Namespace="App", MetricData=[{"MetricName": "latency", "Values": [1.0, 12.0], "StatisticValues": sets}])
    [point] = statistics(cloudwatch, Statistics=["SampleCount", "Sum", "Minimum", "Maximum"])
    assert [point[name] for name in ("SampleCount", "Sum", "Minimum", "Maximum")] == [12.0, 68.0, 1.0, 12.0]


@rule("CW-2")
def test_namespaces_of_aws_and_large_batches_are_refused(cloudwatch: CloudWatch) -> None:
    with pytest.raises(ClientError) as refused:
        cloudwatch.api.put_metric_data(Namespace="AWS/EC2", MetricData=[{"MetricName": "x", "Value": 1.0}])
    assert error(refused)[0] == "InvalidParameterValue"
    with pytest.raises(ClientError) as refused:
        cloudwatch.api.put_metric_data(Namespace="App", MetricData=[{"MetricName": "x", "Value": 1.0}] * 1001)
    assert "1000" in error(refused)[1]


@rule("CW-5", "CW-6")
def test_statistics_and_percentiles_of_values_with_counts(cloudwatch: CloudWatch) -> None:
    cloudwatch.api.put_metric_data(
        Namespace="App", MetricData=[{"MetricName": "latency", "Values": [1.0, 2.0, 10.0], "Counts": [5.0, 4.0, 1.0], "Unit": "Seconds"}]
    )
    [point] = statistics(
        cloudwatch, Statistics=["SampleCount", "Sum", "Average", "Minimum", "Maximum"], ExtendedStatistics=["p50", "p90", "tm90", "PR(:2)"]
    )
    assert point == {
        "Timestamp": NOON,
        "SampleCount": 10.0,
        "Sum": 23.0,
        "Average": 2.3,
        "Minimum": 1.0,
        "Maximum": 10.0,
        "Unit": "Seconds",
        "ExtendedStatistics": {"p50": 1.0, "p90": 2.0, "tm90": pytest.approx(13 / 9), "PR(:2)": 90.0},
    }


@rule("CW-5")
def test_a_statistic_set_has_no_percentile(cloudwatch: CloudWatch) -> None:
    sets = {"SampleCount": 10.0, "Sum": 100.0, "Minimum": 5.0, "Maximum": 15.0}
    cloudwatch.api.put_metric_data(Namespace="App", MetricData=[{"MetricName": "latency", "StatisticValues": sets}])
    assert statistics(cloudwatch, Statistics=None, ExtendedStatistics=["p90"]) == []
    [point] = statistics(cloudwatch)
    assert point["Average"] == 10.0


@rule("CW-6")
def test_start_is_inclusive_and_end_exclusive(cloudwatch: CloudWatch) -> None:
    for minute in range(3):
        cloudwatch.put(float(minute), Timestamp=NOON + minute * MINUTE)
    points = statistics(cloudwatch, StartTime=NOON + timedelta(seconds=30), EndTime=NOON + 2 * MINUTE)
    assert sorted((point["Timestamp"], point["Average"]) for point in points) == [(NOON, 0.0), (NOON + MINUTE, 1.0)]


@rule("CW-3")
def test_units_are_told_apart(cloudwatch: CloudWatch) -> None:
    cloudwatch.put(1.0, Unit="Seconds")
    cloudwatch.put(1000.0, Unit="Milliseconds")
    assert sorted(point["Unit"] for point in statistics(cloudwatch)) == ["Milliseconds", "Seconds"]
    assert [point["Average"] for point in statistics(cloudwatch, Unit="Seconds")] == [1.0]
    assert statistics(cloudwatch, Unit="Bytes") == []


@rule("CW-6")
@pytest.mark.parametrize(
    ("parameters", "code", "text"),
    [
        ({"Period": 7}, "InvalidParameterValue", "multiple of 60"),
        (
            {"StartTime": NOON - timedelta(days=1), "EndTime": NOON, "Period": 1},
            "InvalidParameterCombination",
            "You have requested up to 86400 datapoints, which exceeds the limit of 1440. You may reduce the datapoints requested by "
            "increasing Period, or decreasing the time range.",
        ),
        ({"StartTime": NOON - timedelta(days=1, seconds=1), "EndTime": NOON}, "InvalidParameterCombination", "up to 1441 datapoints"),
        ({"StartTime": NOON, "EndTime": NOON}, "InvalidParameterValue", "The parameter StartTime must be less than the parameter EndTime."),
        ({"StartTime": NOON, "EndTime": NOON + timedelta(milliseconds=900)}, "InvalidParameterValue", "must be less than"),
        (
            {"StartTime": NOON + timedelta(seconds=40), "EndTime": NOON + timedelta(seconds=20)},
            "InvalidParameterValue",
            "must be less than",
        ),
        ({"Statistics": None}, "InvalidParameterCombination", "Must specify either Statistics or ExtendedStatistics"),
        ({"ExtendedStatistics": ["p101"]}, "InvalidParameterValue", "p101"),
    ],
)
def test_statistics_requests_that_are_refused(cloudwatch: CloudWatch, parameters: dict[str, Any], code: str, text: str) -> None:
    with pytest.raises(ClientError) as refused:
        statistics(cloudwatch, **parameters)
    assert error(refused)[0] == code
    assert text in error(refused)[1]


@rule("CW-6")
def test_a_day_of_minutes_may_begin_within_a_minute(cloudwatch: CloudWatch) -> None:
    cloudwatch.put(1.0)
    half = timedelta(seconds=30)
    assert len(statistics(cloudwatch, StartTime=NOON - timedelta(hours=23) + half, EndTime=NOON + timedelta(hours=1) + half)) == 1


@rule("CW-1", "CW-8")
def test_metrics_are_listed_by_exact_dimensions(cloudwatch: CloudWatch) -> None:
    one, two = [{"Name": "host", "Value": "a"}], [{"Name": "host", "Value": "b"}, {"Name": "zone", "Value": "1"}]
    for dimensions in ([], one, two):
        cloudwatch.put(1.0, Dimensions=dimensions)
    assert len(cloudwatch.api.list_metrics(Namespace="App")["Metrics"]) == 3
    assert [m["Dimensions"] for m in cloudwatch.api.list_metrics(Dimensions=[{"Name": "host"}])["Metrics"]] == [one, two]
    assert [m["Dimensions"] for m in cloudwatch.api.list_metrics(Dimensions=one)["Metrics"]] == [one]
    assert cloudwatch.api.list_metrics(Namespace="Other")["Metrics"] == []
    assert [point["SampleCount"] for point in statistics(cloudwatch, Dimensions=one, Statistics=["SampleCount"])] == [1.0]
    cloudwatch.clock.advance_to(NOON + timedelta(hours=4))
    assert cloudwatch.api.list_metrics(RecentlyActive="PT3H")["Metrics"] == []
    cloudwatch.clock.advance_to(NOON + timedelta(days=15))
    assert cloudwatch.api.list_metrics()["Metrics"] == []


@rule("CW-7")
def test_metric_data_is_newest_first_with_math_on_top(cloudwatch: CloudWatch) -> None:
    for minute, value in enumerate((1.0, 2.0, 3.0)):
        cloudwatch.put(value, Timestamp=NOON + minute * MINUTE)
        cloudwatch.put(10.0, name="requests", Timestamp=NOON + minute * MINUTE)
    queries = (stat(), stat("requests", "m2", "Sum", ReturnData=False), {"Id": "e1", "Expression": "m1 * m2 / PERIOD(m1)", "Label": "load"})
    first, second = data(cloudwatch, *queries)["MetricDataResults"]
    assert (first["Id"], first["Values"], first["StatusCode"]) == ("m1", [3.0, 2.0, 1.0], "Complete")
    assert first["Timestamps"] == [NOON + 2 * MINUTE, NOON + MINUTE, NOON]
    assert (second["Id"], second["Label"], second["Values"]) == ("e1", "load", pytest.approx([0.5, 1 / 3, 1 / 6]))
    [ascending] = data(cloudwatch, stat(stat="p99"), ScanBy="TimestampAscending")["MetricDataResults"]
    assert ascending["Values"] == [1.0, 2.0, 3.0]


@rule("CW-12")
def test_data_in_several_units_are_not_added_up(cloudwatch: CloudWatch) -> None:
    for value, unit in ((60.0, "Seconds"), (60_000.0, "Milliseconds"), (1.0, "Milliseconds")):
        cloudwatch.put(value, Unit=unit)
    answer = data(cloudwatch, stat(stat="Sum"), {"Id": "e1", "Expression": "m1 * 2"})
    first, second = answer["MetricDataResults"]
    assert (first["Values"], second["Values"]) == ([60_001.0], [120_002.0])
    assert first["Messages"] == [{"Code": "MultipleUnits", "Value": "Multiple units returned: '[Milliseconds, Seconds]'"}]
    assert ("Messages" in second, answer["Messages"]) == (False, [])
    later = data(cloudwatch, stat(stat="Sum"), StartTime=NOON + MINUTE)["MetricDataResults"]
    assert [("Messages" in result, result["Values"]) for result in later] == [(False, [])]
    cloudwatch.alarm(Statistic="Sum", Threshold=60_000.0)
    cloudwatch.wait(2 * MINUTE)
    assert json.loads(cloudwatch.described()["StateReasonData"])["recentDatapoints"] == [60_001.0]


@rule("CW-10", "CW-11")
def test_results_are_labelled_together(cloudwatch: CloudWatch) -> None:
    cloudwatch.put(5.0)
    results = data(cloudwatch, stat(), stat(id="m2", stat="Maximum"), stat(id="m3", Label="max ${MAX} at ${MAX_TIME}"))
    assert [result["Label"] for result in results["MetricDataResults"][:2]] == ["latency Average", "latency Maximum"]
    [result] = data(cloudwatch, stat(Label="max ${MAX} at ${MAX_TIME}"), LabelOptions={"Timezone": "+0200"})["MetricDataResults"]
    assert result["Label"] == "max 5 at 2026-05-07 14:00:00"
    with pytest.raises(ClientError) as refused:
        data(cloudwatch, stat(), LabelOptions={"Timezone": "Berlin"})
    assert error(refused)[0] == "InvalidParameterValue"


@rule("CW-1", "CW-7")
def test_the_namespace_counts(cloudwatch: CloudWatch) -> None:
    cloudwatch.put(5.0)
    [result] = data(cloudwatch, stat(namespace="AWS/EC2"))["MetricDataResults"]
    assert result["Values"] == []


@rule("CW-7")
def test_metric_data_comes_in_pages(cloudwatch: CloudWatch) -> None:
    for minute in range(5):
        cloudwatch.put(float(minute), Timestamp=NOON + minute * MINUTE)
        cloudwatch.put(10.0 + minute, name="other", Timestamp=NOON + minute * MINUTE)
    found: list[float] = []
    token, pages = {}, 0
    while True:
        answer = data(cloudwatch, stat(), stat("other", "m2"), MaxDatapoints=4, ScanBy="TimestampAscending", **token)
        found += [value for result in answer["MetricDataResults"] for value in result["Values"]]
        pages += 1
        if "NextToken" not in answer:
            break
        token = {"NextToken": answer["NextToken"]}
    assert (pages, found) == (3, [0.0, 1.0, 2.0, 3.0, 4.0, 10.0, 11.0, 12.0, 13.0, 14.0])


@rule("CW-7")
@pytest.mark.parametrize(
    ("queries", "parameters"),
    [
        ([{"Id": "e1", "Expression": "m1 +"}], {}),
        ([{"Id": "e1", "Expression": "SELECT AVG(x) FROM y"}], {}),
        ([stat(stat="Median")], {}),
        ([stat(id="Big")], {}),
        ([stat(), stat()], {}),
        ([stat()], {"StartTime": NOON, "EndTime": NOON}),
        ([stat()], {"StartTime": NOON, "EndTime": NOON + timedelta(milliseconds=900)}),
        ([stat()], {"StartTime": NOON + MINUTE, "EndTime": NOON}),
    ],
)
def test_metric_data_requests_that_are_refused(cloudwatch: CloudWatch, queries: list[dict[str, Any]], parameters: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as refused:
        data(cloudwatch, *queries, **parameters)
    assert error(refused)[0] == "ValidationError"


def test_our_publishers_may_use_namespaces_of_aws(cloudwatch: CloudWatch) -> None:
    load_balancer = (("LoadBalancer", "app/lb/1"),)
    times = of_values([(0.1, 9), (0.5, 1)])
    publish_metrics(
        [
            datum("AWS/ApplicationELB", "TargetResponseTime", load_balancer, times),
            datum("AWS/EC2", "CPUUtilization", (), of_value(50.0)),
            datum("AWS/EC2", "CPUUtilization", (), Sample(2.0, 140.0, 60.0, 80.0)),
        ]
    )
    [point] = statistics(
        cloudwatch,
        Namespace="AWS/ApplicationELB",
        MetricName="TargetResponseTime",
        Dimensions=[{"Name": "LoadBalancer", "Value": "app/lb/1"}],
        ExtendedStatistics=["p90", "p99"],
    )
    assert point["ExtendedStatistics"] == {"p90": 0.1, "p99": 0.5}
    [cpu] = statistics(cloudwatch, Namespace="AWS/EC2", MetricName="CPUUtilization", Statistics=["Average", "SampleCount"])
    assert (cpu["Average"], cpu["SampleCount"]) == (pytest.approx(190 / 3), 3.0)


@rule("CW-2")
def test_a_request_of_more_than_a_megabyte_is_too_large(cloudwatch: CloudWatch) -> None:
    large = {"MetricName": "x" * 255, "Value": 1.0, "Dimensions": [{"Name": "d", "Value": "v" * 1024}]}
    with pytest.raises(ClientError) as refused:
        cloudwatch.api.put_metric_data(Namespace="App", MetricData=[large] * 900)
    assert error(refused)[0] == "RequestEntityTooLarge"
    assert cloudwatch.api.list_metrics(Namespace="App")["Metrics"] == []


def test_a_widget_is_an_image_of_its_metrics(cloudwatch: CloudWatch) -> None:
    def image(**widget: Any) -> Image.Image:
        shown = {"metrics": [["App", "latency", {"color": "#ff0000"}]], "period": 60, "start": "-PT10M", "end": "PT10M", **widget}
        answer = cloudwatch.api.get_metric_widget_image(MetricWidget=json.dumps(shown))
        return Image.open(io.BytesIO(answer["MetricWidgetImage"])).convert("RGB")

    def red(image: Image.Image) -> int:
        return sum(count for count, color in image.getcolors(1 << 24) or () if color == (255, 0, 0))

    empty = image(width=300, height=200)
    for minute in range(5):
        cloudwatch.put(float(minute), Timestamp=NOON + minute * MINUTE)
    drawn = image(width=300, height=200, title="Latency", annotations={"horizontal": [{"value": 3, "label": "slow"}]})
    assert (drawn.format, drawn.size) == (None, (300, 200))
    assert red(drawn) > red(empty)
    assert red(image(view="singleValue")) > 0
    assert red(image(metrics=[["App", "latency", {"visible": False}], [{"expression": "m1 * 2", "color": "#ff0000"}]])) > red(empty)


@pytest.mark.parametrize(
    "widget",
    ["nonsense", "[]", "{}", '{"metrics": [["App"]]}', '{"metrics": [["App", "x"]], "start": "soon"}', '{"metrics": [[".", "x"]]}',
     '{"metrics": [["App", "x"]], "period": "often"}', '{"metrics": [["App", "x"]], "period": 7}',
     '{"metrics": [["App", "x"]], "width": [1]}',
     '{"metrics": [["App", "x"]], "start": "-P99999999W"}', '{"metrics": [["App", "x", {"period": "often"}]]}',
     '{"metrics": [["App", "x"]], "annotations": {"horizontal": [5]}}',
     '{"metrics": [["App", "x"]], "annotations": [1]}', '{"metrics": [["App", "x"]], "annotations": {"horizontal": [{"value": "high"}]}}',
     '{"metrics": [["App", "x"]], "yAxis": [1]}', '{"metrics": [["App", "x"]], "yAxis": {"left": {"min": "low"}}}',
     '{"metrics": [["App", "x"]], "width": 9999}', '{"metrics": [["App", "x", {"stat": "Median"}]]}', '{"metrics": ["x"]}'],
)  # fmt: skip
def test_what_is_no_widget(cloudwatch: CloudWatch, widget: str) -> None:
    with pytest.raises(ClientError) as refused:
        cloudwatch.api.get_metric_widget_image(MetricWidget=widget)
    assert error(refused)[0] in ("ValidationError", "InvalidParameterValue")
