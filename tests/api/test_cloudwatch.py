"""CloudWatch by its API: boto3 in process, virtual time. Codes and texts are AWS's."""

import base64
import io
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from PIL import Image

import sandbox.services.cloudwatch.api.responses  # noqa: F401 - declares its seam
from sandbox.aws import seams, state
from sandbox.aws.context import LOCK
from sandbox.aws.hosting import moto_time
from sandbox.aws.http.gateway import Gateway
from sandbox.aws.http.transport import Transport
from sandbox.core.clock import VirtualClock
from sandbox.core.control import Scope
from sandbox.core.journal import Journal
from sandbox.core.metrics import Dimensions, MetricDatum, Sample, of_value, of_values
from sandbox.drivers.delivery.simulated import SimulatedDeliverer
from sandbox.drivers.world import World
from sandbox.engine import Engine
from sandbox.services.cloudwatch.controller import CloudWatchController
from sandbox.services.cloudwatch.state.writes import publish_metrics
from sandbox.services.sns.controller import SnsController
from tests.support import rule
from tests.support.aws import request, signed
from tests.support.ports import FakePolicies, use_ports

HERE = Scope("123456789012", "us-east-1")
POLICY = "arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:0a1b:autoScalingGroupName/web:policyName/out"
MISSING_TOPIC = "arn:aws:sns:us-east-1:123456789012:nobody"
NOON = datetime(2026, 5, 7, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@dataclass
class CloudWatch:
    clock: VirtualClock
    journal: Journal
    engine: Engine
    policies: FakePolicies
    transport: Transport

    @property
    def api(self) -> Any:
        return self.transport.client("cloudwatch", HERE)

    def wait(self, span: timedelta) -> None:
        self.engine.wake()
        self.engine.run_until(self.clock.now() + span)

    def put(self, value: float, name: str = "latency", **parameters: Any) -> None:
        self.api.put_metric_data(Namespace="App", MetricData=[{"MetricName": name, "Value": value, **parameters}])

    def alarm(self, name: str = "slow", **parameters: Any) -> None:
        defaults: dict[str, Any] = {
            "AlarmName": name,
            "Namespace": "App",
            "MetricName": "latency",
            "Statistic": "Average",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 70.0,
            "ComparisonOperator": "GreaterThanThreshold",
        }
        self.api.put_metric_alarm(**{key: value for key, value in (defaults | parameters).items() if value is not None})

    def described(self, name: str = "slow") -> dict[str, Any]:
        answer = self.api.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        [found] = answer["MetricAlarms"] + answer["CompositeAlarms"]
        return dict(found)

    def state(self, name: str = "slow") -> str:
        return str(self.described(name)["StateValue"])

    def summaries(self, kind: str, name: str = "slow", **parameters: Any) -> list[str]:
        """Oldest first."""
        items = self.api.describe_alarm_history(
            AlarmName=name, HistoryItemType=kind, ScanBy="TimestampAscending", AlarmTypes=["MetricAlarm", "CompositeAlarm"], **parameters
        )["AlarmHistoryItems"]
        return [item["HistorySummary"] for item in items]


@pytest.fixture
def cloudwatch() -> Iterator[CloudWatch]:
    state.reset(seed=7)
    seams.install()
    clock = VirtualClock(NOON)
    moto_time.install(clock)
    journal = Journal(clock)
    engine = Engine(clock, journal, LOCK)
    transport = Transport(Gateway())
    policies = FakePolicies()
    use_ports(clock, journal, engine.wake, seed=7, clients=transport, execute_policy=policies)
    deliverer = SimulatedDeliverer(World(clock=clock, at=engine.at, random=random.Random(7)))
    engine.add([CloudWatchController(journal, transport), SnsController(journal, transport, deliverer)])
    made = CloudWatch(clock, journal, engine, policies, transport)
    yield made
    assert [event.summary for event in journal.events() if event.detail_type == "Reconcile failed"] == []
    state.reset()


def error(refused: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    return refused.value.response["Error"]["Code"], refused.value.response["Error"]["Message"]


# ---- metrics -----------------------------------------------------------------------------------------------------------------------------


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


def statistics(cloudwatch: CloudWatch, **parameters: Any) -> list[dict[str, Any]]:
    defaults: dict[str, Any] = {
        "Namespace": "App",
        "MetricName": "latency",
        "StartTime": NOON - timedelta(minutes=10),
        "EndTime": NOON + timedelta(minutes=10),
        "Period": 60,
        "Statistics": ["Average"],
    }
    given = {key: value for key, value in (defaults | parameters).items() if value is not None}
    return list(cloudwatch.api.get_metric_statistics(**given)["Datapoints"])


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


def stat(name: str = "latency", id: str = "m1", stat: str = "Average", namespace: str = "App", **more: Any) -> dict[str, Any]:
    return {"Id": id, "MetricStat": {"Metric": {"Namespace": namespace, "MetricName": name}, "Period": 60, "Stat": stat}, **more}


def data(cloudwatch: CloudWatch, *queries: dict[str, Any], **parameters: Any) -> dict[str, Any]:
    defaults = {"StartTime": NOON - timedelta(minutes=10), "EndTime": NOON + timedelta(minutes=10)}
    return dict(cloudwatch.api.get_metric_data(MetricDataQueries=list(queries), **{**defaults, **parameters}))


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
        ([stat()], {"StartTime": NOON + MINUTE, "EndTime": NOON}),
    ],
)
def test_metric_data_requests_that_are_refused(cloudwatch: CloudWatch, queries: list[dict[str, Any]], parameters: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as refused:
        data(cloudwatch, *queries, **parameters)
    assert error(refused)[0] == "ValidationError"


def datum(namespace: str, name: str, dimensions: Dimensions, sample: Sample) -> MetricDatum:
    return MetricDatum(scope=HERE, namespace=namespace, name=name, dimensions=dimensions, unit="None", at=NOON, sample=sample)


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


# ---- alarms ------------------------------------------------------------------------------------------------------------------------------


@rule("CW-15", "CW-42", "CW-53")
def test_a_new_alarm_has_insufficient_data(cloudwatch: CloudWatch) -> None:
    cloudwatch.alarm(AlarmDescription="too slow", Dimensions=[{"Name": "host", "Value": "a"}], DatapointsToAlarm=1, Unit="Seconds")
    found = cloudwatch.described()
    assert found["AlarmArn"] == "arn:aws:cloudwatch:us-east-1:123456789012:alarm:slow"
    assert (found["StateValue"], found["StateReason"]) == ("INSUFFICIENT_DATA", "Unchecked: Initial alarm creation")
    assert (found["ActionsEnabled"], found["DatapointsToAlarm"], found["Unit"], found["AlarmDescription"]) == (
        True,
        1,
        "Seconds",
        "too slow",
    )
    assert found["StateUpdatedTimestamp"] == found["StateTransitionedTimestamp"] == NOON
    assert cloudwatch.summaries("ConfigurationUpdate") == ['Alarm "slow" created']


@rule("CW-18", "CW-31", "CW-54")
def test_an_alarm_goes_off_and_recovers_once_a_minute_in_its_own_second(cloudwatch: CloudWatch) -> None:
    cloudwatch.alarm()
    cloudwatch.put(99.5)
    cloudwatch.wait(2 * MINUTE)
    found = cloudwatch.described()
    assert found["StateReason"] == "Threshold Crossed: 1 datapoint [99.5 (07/05/26 12:00:00)] was greater than the threshold (70.0)."
    assert json.loads(found["StateReasonData"])["recentDatapoints"] == [99.5]
    cloudwatch.put(10.0)
    cloudwatch.wait(2 * MINUTE)
    assert cloudwatch.state() == "OK"
    assert cloudwatch.summaries("StateUpdate") == ["Alarm updated from INSUFFICIENT_DATA to ALARM", "Alarm updated from ALARM to OK"]
    items = cloudwatch.api.describe_alarm_history(AlarmName="slow", HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    assert len({item["Timestamp"].second for item in items}) == 1
    newest = json.loads(items[0]["HistoryData"])
    assert (newest["oldState"]["stateValue"], newest["newState"]["stateValue"]) == ("ALARM", "OK")
    cloudwatch.alarm(Threshold=5.0)
    assert cloudwatch.state() == "OK"  # an update leaves the state
    cloudwatch.put(10.0)
    cloudwatch.wait(2 * MINUTE)
    assert cloudwatch.state() == "ALARM"


@rule("CW-26", "CW-29")
def test_when_the_data_stop_the_alarm_loses_its_state(cloudwatch: CloudWatch) -> None:
    cloudwatch.alarm()
    cloudwatch.put(99.5)
    cloudwatch.wait(10 * MINUTE)
    assert cloudwatch.described()["StateReason"] == "Insufficient Data: 1 datapoint was unknown."


@rule("CW-24")
def test_a_window_slides_minute_by_minute(cloudwatch: CloudWatch) -> None:
    cloudwatch.alarm(Period=300, Statistic="Sum", Threshold=2.0, ComparisonOperator="GreaterThanThreshold")
    for minute in (3, 4, 5):  # 12:03, 12:04, 12:05: no five minutes of the clock hold all three
        cloudwatch.put(1.0, Timestamp=NOON + minute * MINUTE)
    cloudwatch.wait(7 * MINUTE)
    assert cloudwatch.described()["StateReason"].startswith("Threshold Crossed: 1 datapoint [3.0 (07/05/26 12:01:00)]")


@rule("CW-16")
def test_short_periods_are_evaluated_every_ten_seconds(cloudwatch: CloudWatch) -> None:
    cloudwatch.alarm(Period=10)
    cloudwatch.put(99.0, StorageResolution=1)
    cloudwatch.wait(timedelta(seconds=20))
    assert cloudwatch.state() == "ALARM"


@rule("CW-19")
def test_the_tutorials_alarm_without_dimensions_never_has_data(cloudwatch: CloudWatch) -> None:
    cloudwatch.alarm("cpu", Namespace="AWS/EC2", MetricName="CPUUtilization", AlarmActions=[MISSING_TOPIC])
    publish_metrics([datum("AWS/EC2", "CPUUtilization", (("InstanceId", "i-0a1"),), of_value(99.0))])
    cloudwatch.wait(10 * MINUTE)
    assert cloudwatch.state("cpu") == "INSUFFICIENT_DATA"


@rule("CW-17")
def test_an_alarm_on_metric_math(cloudwatch: CloudWatch) -> None:
    single = {"MetricName": None, "Namespace": None, "Statistic": None, "Period": None}
    metrics = [stat("errors", "m1", "Sum", ReturnData=False), stat("requests", "m2", "Sum", ReturnData=False)]
    cloudwatch.alarm(Metrics=[*metrics, {"Id": "e1", "Expression": "100 * m1 / m2", "Label": "rate"}], Threshold=5.0, **single)
    cloudwatch.put(1.0, name="errors")
    cloudwatch.put(10.0, name="requests")
    cloudwatch.wait(2 * MINUTE)
    found = cloudwatch.described()
    assert found["StateReason"] == "Threshold Crossed: 1 datapoint [10.0 (07/05/26 12:00:00)] was greater than the threshold (5.0)."
    assert [query["Id"] for query in found["Metrics"]] == ["m1", "m2", "e1"]
    assert "Period" not in found


@pytest.mark.parametrize(
    ("parameters", "code", "text"),
    [
        pytest.param({"Period": 45}, "InvalidParameterValue", "Period", marks=rule("CW-16")),
        pytest.param(
            {"Period": 300, "EvaluationPeriods": 289},
            "ValidationError",
            "Metrics cannot be checked across more than a day",
            marks=rule("CW-16"),
        ),
        pytest.param({"Period": 3600, "EvaluationPeriods": 169}, "ValidationError", "more than 7 days", marks=rule("CW-16")),
        pytest.param({"DatapointsToAlarm": 2}, "ValidationError", "DatapointsToAlarm", marks=rule("CW-17")),
        pytest.param({"ComparisonOperator": "Above"}, "ValidationError", "Member must satisfy enum value set", marks=rule("CW-17")),
        pytest.param({"ComparisonOperator": None}, "MissingParameter", "ComparisonOperator", marks=rule("CW-20")),
        pytest.param({"Threshold": None}, "MissingParameter", "Threshold", marks=rule("CW-20")),
        pytest.param({"MetricName": None}, "MissingParameter", "MetricName", marks=rule("CW-20")),
        pytest.param({"Statistic": None}, "MissingParameter", "Statistic", marks=rule("CW-20")),
        ({"Statistic": "Median"}, "ValidationError", "enum"),
        pytest.param({"ExtendedStatistic": "p90"}, "InvalidParameterCombination", "mutually exclusive", marks=rule("CW-20")),
        pytest.param({"Statistic": None, "ExtendedStatistic": "p101"}, "InvalidParameterValue", "p101", marks=rule("CW-20")),
        pytest.param({"TreatMissingData": "maybe"}, "ValidationError", "Option maybe is not supported", marks=rule("CW-17")),
        pytest.param({"AlarmActions": [MISSING_TOPIC] * 6}, "ValidationError", "less than or equal to 5", marks=rule("CW-18")),
        ({"AlarmActions": ["topic"]}, "ValidationError", "Invalid arn syntax: topic"),
        pytest.param({"AlarmActions": ["arn:aws:automate:us-east-1:ec2:stop"]}, "ValidationError", "InstanceId", marks=rule("CW-47")),
        pytest.param(
            {"AlarmActions": ["arn:aws:automate:us-east-1:ec2:recover"], "Dimensions": [{"Name": "InstanceId", "Value": "i-1"}]},
            "ValidationError",
            "StatusCheckFailed_System",
            marks=rule("CW-47"),
        ),
        ({"ThresholdMetricId": "ad1", "Threshold": None}, "ValidationError", "Anomaly"),
        ({"ThresholdMetricId": "ad1"}, "ValidationError", "Threshold and ThresholdMetricId cannot both be set"),
        pytest.param(
            {"Metrics": [{"Id": "e1", "Expression": "1"}]},
            "ValidationError",
            "should not be set if list of Metrics is set",
            marks=rule("CW-20"),
        ),
    ],
)
def test_alarms_that_are_refused(cloudwatch: CloudWatch, parameters: dict[str, Any], code: str, text: str) -> None:
    with pytest.raises(ClientError) as refused:
        cloudwatch.alarm(**parameters)
    assert error(refused)[0] == code
    assert text in error(refused)[1]
    assert cloudwatch.api.describe_alarms()["MetricAlarms"] == []


@rule("CW-17")
@pytest.mark.parametrize("expression", ["m9 * 2", "SEARCH('{App} x', 'Sum', 60)", "m1 +"])
def test_metric_math_that_an_alarm_may_not_use(cloudwatch: CloudWatch, expression: str) -> None:
    single = {"MetricName": None, "Namespace": None, "Statistic": None, "Period": None}
    with pytest.raises(ClientError) as refused:
        cloudwatch.alarm(Metrics=[stat(ReturnData=False), {"Id": "e1", "Expression": expression}], **single)
    assert error(refused)[0] == "ValidationError"


@rule("CW-52", "CW-53", "CW-18")
def test_alarms_are_described_by_filters_and_pages(cloudwatch: CloudWatch) -> None:
    for name in ("web-a", "web-b", "db-a"):
        cloudwatch.alarm(name, AlarmActions=[MISSING_TOPIC] if name == "db-a" else [])
    cloudwatch.api.set_alarm_state(AlarmName="web-b", StateValue="OK", StateReason="test")

    def names(**parameters: Any) -> list[str]:
        return [alarm["AlarmName"] for alarm in cloudwatch.api.describe_alarms(**parameters)["MetricAlarms"]]

    assert names(AlarmNamePrefix="web") == ["web-a", "web-b"]
    assert names(StateValue="OK") == ["web-b"]
    assert names(ActionPrefix="arn:aws:sns") == ["db-a"]
    assert names(AlarmTypes=["CompositeAlarm"]) == []
    pages = cloudwatch.api.get_paginator("describe_alarms").paginate(PaginationConfig={"PageSize": 2})
    assert [[alarm["AlarmName"] for alarm in page["MetricAlarms"]] for page in pages] == [["web-a", "web-b"], ["db-a"]]
    for_metric = cloudwatch.api.describe_alarms_for_metric(Namespace="App", MetricName="latency", Statistic="Average", Period=60)
    assert len(for_metric["MetricAlarms"]) == 3
    assert cloudwatch.api.describe_alarms_for_metric(Namespace="App", MetricName="latency", Statistic="Sum")["MetricAlarms"] == []
    cloudwatch.api.delete_alarms(AlarmNames=["web-a", "not-there"])
    assert names() == ["web-b", "db-a"]
    assert cloudwatch.summaries("ConfigurationUpdate", "web-a") == ['Alarm "web-a" created', 'Alarm "web-a" deleted']


@rule("CW-20")
@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"AlarmName": "none"}, "ResourceNotFound"),
        ({"StateValue": "GONE"}, "ValidationError"),
        ({"StateReasonData": "{"}, "InvalidFormat"),
    ],
)
def test_states_that_cannot_be_set(cloudwatch: CloudWatch, parameters: dict[str, str], code: str) -> None:
    cloudwatch.alarm()
    with pytest.raises(ClientError) as refused:
        cloudwatch.api.set_alarm_state(**{"AlarmName": "slow", "StateValue": "OK", "StateReason": "test", **parameters})
    assert error(refused)[0] == code
    if code == "ResourceNotFound":
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


# ---- actions -----------------------------------------------------------------------------------------------------------------------------


def subscribed(cloudwatch: CloudWatch) -> tuple[str, str]:
    """A topic and a queue that gets its messages raw."""
    sns, sqs = cloudwatch.transport.client("sns", HERE), cloudwatch.transport.client("sqs", HERE)
    topic, queue = sns.create_topic(Name="coinbase-alerts")["TopicArn"], sqs.create_queue(QueueName="heard")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:heard")
    return topic, queue


def heard(cloudwatch: CloudWatch, queue: str) -> list[dict[str, Any]]:
    messages = cloudwatch.transport.client("sqs", HERE).receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(message["Body"]) for message in messages]


@rule("CW-45", "CW-48", "CW-49")
def test_a_topic_hears_of_the_change_once(cloudwatch: CloudWatch) -> None:
    topic, queue = subscribed(cloudwatch)
    cloudwatch.alarm(AlarmActions=[topic], Dimensions=[{"Name": "host", "Value": "a"}], TreatMissingData="missing")
    cloudwatch.put(99.5, Dimensions=[{"Name": "host", "Value": "a"}])
    cloudwatch.wait(3 * MINUTE)
    [notification] = heard(cloudwatch, queue)
    assert notification["Subject"] == 'ALARM: "slow" in US East (N. Virginia)'
    message = json.loads(notification["Message"])
    assert (message["NewStateValue"], message["OldStateValue"], message["Region"]) == (
        "ALARM",
        "INSUFFICIENT_DATA",
        "US East (N. Virginia)",
    )
    assert message["Trigger"]["Dimensions"] == [{"value": "a", "name": "host"}]
    assert cloudwatch.summaries("Action") == [f"Successfully executed action {topic}"]
    [item] = cloudwatch.api.describe_alarm_history(AlarmName="slow", HistoryItemType="Action")["AlarmHistoryItems"]
    published = json.loads(json.loads(item["HistoryData"])["publishedMessage"])
    assert sorted(published) == ["default", "email", "sms"]
    chain = cloudwatch.journal.chain(next(e for e in cloudwatch.journal.events() if e.detail_type == "CloudWatch Alarm Action"))
    assert [event.detail_type for event in chain][-2:] == ["CloudWatch Alarm State Change", "CloudWatch Alarm Action"]


@rule("CW-30")
def test_the_first_evaluation_uses_what_was_measured_before_the_alarm_was_made(cloudwatch: CloudWatch) -> None:
    for _ in range(3):
        cloudwatch.put(90.0)
        cloudwatch.wait(MINUTE)
    made = cloudwatch.clock.now()
    cloudwatch.alarm(EvaluationPeriods=3)
    cloudwatch.wait(MINUTE)
    assert cloudwatch.summaries("StateUpdate") == ["Alarm updated from INSUFFICIENT_DATA to ALARM"]
    cloudwatch.put(10.0)
    cloudwatch.wait(2 * MINUTE)
    updates = cloudwatch.api.describe_alarm_history(AlarmName="slow", HistoryItemType="StateUpdate", ScanBy="TimestampAscending")
    first, second = (item["Timestamp"] for item in updates["AlarmHistoryItems"])
    assert made < first <= made + MINUTE < second


@pytest.mark.parametrize(
    ("attributes", "summary"),
    [
        ({}, "Successfully executed action {topic}"),
        ({"KmsMasterKeyId": "alias/alarms"}, "Successfully executed action {topic}"),
        (
            {"KmsMasterKeyId": "alias/aws/sns"},
            'Failed to execute action {topic}. Received error: "'
            'CloudWatch Alarms does not have authorization to access the SNS topic encryption key."',
        ),
    ],
    ids=["default policy", "key of one's own", "key of AWS"],
)
@rule("SNS-13", "CW-53")
def test_an_alarm_publishes_by_the_default_policy_and_never_with_aws_s_own_key(
    cloudwatch: CloudWatch, attributes: dict[str, str], summary: str
) -> None:
    sns, sqs = (cloudwatch.transport.client(service, HERE) for service in ("sns", "sqs"))
    topic = sns.create_topic(Name="alerts", Attributes=attributes)["TopicArn"]
    queue = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    cloudwatch.alarm(AlarmActions=[topic])
    cloudwatch.put(90.0)
    cloudwatch.wait(2 * MINUTE)
    assert cloudwatch.summaries("Action") == [summary.format(topic=topic)]
    received = sqs.receive_message(QueueUrl=queue).get("Messages", [])
    assert len(received) == summary.startswith("Successfully")


@rule("CW-19", "CW-53")
def test_a_missing_topic_is_a_failed_action_in_the_history(cloudwatch: CloudWatch) -> None:
    cloudwatch.alarm(AlarmActions=[MISSING_TOPIC])
    cloudwatch.put(99.5)
    cloudwatch.wait(2 * MINUTE)
    [summary] = cloudwatch.summaries("Action")
    assert summary.startswith(f"Failed to execute action {MISSING_TOPIC}. Received error: ")
    assert cloudwatch.state() == "ALARM"


@rule("CW-45", "SCL-4")
def test_a_scaling_policy_is_run_again_every_minute(cloudwatch: CloudWatch) -> None:
    cloudwatch.alarm(AlarmActions=[POLICY], Period=60, TreatMissingData="ignore")
    cloudwatch.put(99.5)
    cloudwatch.wait(6 * MINUTE)
    assert 5 <= len(cloudwatch.policies.executed) <= 6
    assert cloudwatch.policies.executed[0] == {
        "scope": HERE,
        "policy_arn": POLICY,
        "alarm_name": "slow",
        "alarm_state": "ALARM",
        "datapoints": (99.5,),
        "threshold": 70.0,
    }
    assert cloudwatch.summaries("Action") == [f"Successfully executed action {POLICY}"]


@rule("CW-45", "CW-53", "SCL-5")
def test_a_policy_that_fails_is_told_of_once_and_tried_again(cloudwatch: CloudWatch) -> None:
    tries = []

    def execute(**given: Any) -> None:
        tries.append(given)
        raise ValueError("Metric data points must be provided")

    cloudwatch.policies.execute = execute
    cloudwatch.alarm(AlarmActions=[POLICY], TreatMissingData="breaching")
    cloudwatch.wait(5 * MINUTE)
    assert len(tries) >= 4
    assert cloudwatch.summaries("Action") == ["Failed to execute AutoScaling action: Metric data points must be provided"]


@rule("CW-45")
def test_disabled_actions_do_not_run(cloudwatch: CloudWatch) -> None:
    cloudwatch.alarm(AlarmActions=[POLICY])
    cloudwatch.api.disable_alarm_actions(AlarmNames=["slow"])
    cloudwatch.put(99.5)
    cloudwatch.wait(2 * MINUTE)
    assert (cloudwatch.state(), cloudwatch.policies.executed, cloudwatch.described()["ActionsEnabled"]) == ("ALARM", [], False)
    cloudwatch.api.enable_alarm_actions(AlarmNames=["slow"])
    cloudwatch.put(99.5)
    cloudwatch.wait(MINUTE)
    assert len(cloudwatch.policies.executed) == 1  # a policy acts while the state lasts


@rule("CW-46", "CW-47")
def test_ec2_actions_go_by_the_ec2_api(cloudwatch: CloudWatch) -> None:
    arns = ["arn:aws:automate:us-east-1:ec2:reboot", "arn:aws:swf:us-east-1:123456789012:action/actions/AWS_EC2.InstanceId.Stop/1.0"]
    instance = [{"Name": "InstanceId", "Value": "i-0123456789abcdef0"}]
    cloudwatch.alarm(AlarmActions=[*arns, "arn:aws:lambda:us-east-1:123456789012:function:f"], Dimensions=instance)
    cloudwatch.put(99.5, Dimensions=instance)
    cloudwatch.wait(2 * MINUTE)
    calls = [event.detail["eventName"] for event in cloudwatch.journal.events() if event.detail.get("eventSource", "").startswith("ec2")]
    assert calls == ["RebootInstances", "StopInstances"]
    reboot, stop, function = cloudwatch.summaries("Action")
    assert "The instance ID 'i-0123456789abcdef0' does not exist" in reboot
    assert "does not exist" in stop
    assert "lambda" in function


@rule("CW-21", "CW-45", "CW-53")
def test_a_state_set_by_hand_acts_and_is_corrected(cloudwatch: CloudWatch) -> None:
    topic, queue = subscribed(cloudwatch)
    cloudwatch.alarm(AlarmActions=[topic], OKActions=[topic])
    cloudwatch.put(10.0)
    cloudwatch.wait(2 * MINUTE)
    heard(cloudwatch, queue)
    cloudwatch.api.set_alarm_state(AlarmName="slow", StateValue="ALARM", StateReason="drill", StateReasonData='{"who":"me"}')
    assert (cloudwatch.state(), cloudwatch.described()["StateReason"]) == ("ALARM", "drill")
    cloudwatch.wait(timedelta(0))
    [drill] = heard(cloudwatch, queue)
    assert json.loads(drill["Message"])["NewStateReason"] == "drill"
    cloudwatch.put(10.0)
    cloudwatch.wait(MINUTE)
    assert cloudwatch.state() == "OK"
    assert cloudwatch.summaries("StateUpdate")[-2:] == ["Alarm updated from OK to ALARM", "Alarm updated from ALARM to OK"]


# ---- composite alarms --------------------------------------------------------------------------------------------------------------------


def two_children(cloudwatch: CloudWatch, rule_text: str = "ALARM(a) AND ALARM(b)", **parameters: Any) -> None:
    for name in ("a", "b"):
        cloudwatch.alarm(name, MetricName=name)
    cloudwatch.api.put_composite_alarm(AlarmName="both", AlarmRule=rule_text, **parameters)


@rule("CW-60", "CW-61", "CW-21")
def test_a_composite_alarm_follows_its_children(cloudwatch: CloudWatch) -> None:
    topic, queue = subscribed(cloudwatch)
    two_children(cloudwatch, AlarmActions=[topic])
    cloudwatch.wait(timedelta(0))
    arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:"
    assert cloudwatch.described("both")["StateReason"] == f"{arn}both was created and its alarm rule evaluates to OK"
    cloudwatch.put(99.0, name="a")
    cloudwatch.wait(2 * MINUTE)
    assert cloudwatch.state("both") == "OK"
    cloudwatch.put(99.0, name="a")
    cloudwatch.put(99.0, name="b")
    cloudwatch.wait(2 * MINUTE)
    found = cloudwatch.described("both")
    at = found["StateTransitionedTimestamp"]
    assert found["StateReason"] == f"{arn}b transitioned to ALARM at Thursday 07 May, 2026 {at:%H:%M:%S} UTC"
    message = json.loads(heard(cloudwatch, queue)[0]["Message"])
    assert message["AlarmRule"] == "ALARM(a) AND ALARM(b)"
    assert [child["Arn"] for child in message["TriggeringChildren"]] == [f"{arn}a", f"{arn}b"]
    assert cloudwatch.api.describe_alarms()["CompositeAlarms"] == []  # only when asked for
    children = cloudwatch.api.describe_alarms(ChildrenOfAlarmName="both")["MetricAlarms"]
    assert [child["AlarmName"] for child in children] == ["a", "b"]
    parents = cloudwatch.api.describe_alarms(ParentsOfAlarmName="a", AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert [parent["AlarmName"] for parent in parents] == ["both"]


def test_the_state_change_of_a_child_causes_that_of_its_composite_alarm(cloudwatch: CloudWatch) -> None:
    for name in ("a", "b"):
        cloudwatch.alarm(name, MetricName=name, AlarmActions=[MISSING_TOPIC])  # its action is an event too
    cloudwatch.api.put_composite_alarm(AlarmName="both", AlarmRule="ALARM(a) OR ALARM(b)")
    cloudwatch.put(99.0, name="b")
    cloudwatch.wait(2 * MINUTE)
    events = [event for event in cloudwatch.journal.events() if event.detail_type == "CloudWatch Alarm State Change"]
    [child] = [event for event in events if event.resources[0] == "b"]
    created, changed = (event for event in events if event.resources[0] == "both")
    assert changed.cause == child.id
    call = cloudwatch.journal.get(str(created.cause))
    assert call is not None and call.detail["eventName"] == "PutCompositeAlarm"


@rule("CW-60", "CW-61", "CW-20")
def test_composite_alarms_that_are_refused(cloudwatch: CloudWatch) -> None:
    def refusal(rule_text: str, name: str = "both", **parameters: Any) -> str:
        with pytest.raises(ClientError) as refused:
            cloudwatch.api.put_composite_alarm(AlarmName=name, AlarmRule=rule_text, **parameters)
        assert error(refused)[0] == "ValidationError"
        return error(refused)[1]

    assert "[gone]" in refusal("ALARM(gone)")
    assert "not a valid expression" in refusal("ALARM(")
    two_children(cloudwatch)
    cloudwatch.api.put_composite_alarm(AlarmName="top", AlarmRule="ALARM(both)")
    assert "cycle" in refusal("ALARM(top)")
    assert "cycle" in refusal("ALARM(self)", name="self")
    assert "Unsupported action" in refusal("TRUE", AlarmActions=[POLICY])
    assert "required" in refusal("TRUE", ActionsSuppressor="a")
    assert "another type" in refusal("TRUE", name="a")
    with pytest.raises(ClientError) as refused:
        cloudwatch.api.delete_alarms(AlarmNames=["a"])
    assert error(refused)[1].startswith("Cannot delete a as there are composite alarm(s) depending on it")


@rule("CW-61")
def test_a_suppressor_holds_the_actions_back(cloudwatch: CloudWatch) -> None:
    topic, queue = subscribed(cloudwatch)
    cloudwatch.alarm("maintenance")
    cloudwatch.alarm("a")
    cloudwatch.wait(timedelta(0))
    cloudwatch.api.put_composite_alarm(
        AlarmName="both",
        AlarmRule="ALARM(a)",
        AlarmActions=[topic],
        ActionsSuppressor="maintenance",
        ActionsSuppressorWaitPeriod=20,
        ActionsSuppressorExtensionPeriod=30,
    )
    cloudwatch.wait(timedelta(0))
    cloudwatch.api.set_alarm_state(AlarmName="maintenance", StateValue="ALARM", StateReason="work")
    cloudwatch.api.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="drill")
    cloudwatch.wait(timedelta(0))
    assert (cloudwatch.state("both"), cloudwatch.described("both")["ActionsSuppressedBy"], heard(cloudwatch, queue)) == (
        "ALARM",
        "Alarm",
        [],
    )
    cloudwatch.api.set_alarm_state(AlarmName="maintenance", StateValue="OK", StateReason="done")
    cloudwatch.wait(timedelta(seconds=29))
    assert (cloudwatch.described("both")["ActionsSuppressedBy"], heard(cloudwatch, queue)) == ("ExtensionPeriod", [])
    cloudwatch.wait(timedelta(seconds=2))
    assert len(heard(cloudwatch, queue)) == 1
    assert "ActionsSuppressedBy" not in cloudwatch.described("both")


@rule("CW-52")
def test_history_is_filtered_paged_and_kept_for_thirty_days(cloudwatch: CloudWatch) -> None:
    cloudwatch.alarm()
    cloudwatch.api.put_composite_alarm(AlarmName="top", AlarmRule="ALARM(slow)")
    for value in ("OK", "ALARM", "OK"):
        cloudwatch.clock.advance_to(cloudwatch.clock.now() + timedelta(seconds=1))
        cloudwatch.api.set_alarm_state(AlarmName="slow", StateValue=value, StateReason="drill")
    history = cloudwatch.api.describe_alarm_history
    assert {item["AlarmName"] for item in history()["AlarmHistoryItems"]} == {"slow"}  # metric alarms only
    first = history(AlarmName="slow", MaxRecords=3)
    assert [item["HistoryItemType"] for item in first["AlarmHistoryItems"]] == ["StateUpdate"] * 3
    assert first["AlarmHistoryItems"][0]["HistorySummary"] == "Alarm updated from ALARM to OK"  # newest first
    rest = history(AlarmName="slow", MaxRecords=3, NextToken=first["NextToken"])["AlarmHistoryItems"]
    assert [item["HistorySummary"] for item in rest] == ['Alarm "slow" created']
    late = history(AlarmName="slow", StartDate=NOON + timedelta(seconds=3))["AlarmHistoryItems"]
    assert [item["HistorySummary"] for item in late] == ["Alarm updated from ALARM to OK"]
    with pytest.raises(ClientError) as refused:
        history(NextToken="x")
    assert error(refused)[0] == "InvalidNextToken"
    cloudwatch.clock.advance_to(NOON + timedelta(days=31))
    assert history()["AlarmHistoryItems"] == []


@rule("CW-52")
def test_alarms_metrics_and_history_survive_a_restart(cloudwatch: CloudWatch, tmp_path: Any) -> None:
    cloudwatch.alarm()
    cloudwatch.put(99.5)
    cloudwatch.wait(2 * MINUTE)
    state.save(tmp_path / "state")
    state.reset()
    assert cloudwatch.api.describe_alarms()["MetricAlarms"] == []
    state.load(tmp_path / "state")
    assert cloudwatch.state() == "ALARM"
    assert cloudwatch.summaries("StateUpdate") == ["Alarm updated from INSUFFICIENT_DATA to ALARM"]
    assert [point["Average"] for point in statistics(cloudwatch)] == [99.5]


# ---- protocols ---------------------------------------------------------------------------------------------------------------------------


def raw(cloudwatch: CloudWatch, body: str, **headers: str) -> tuple[int, bytes]:
    environ = {"HTTP_AUTHORIZATION": signed("monitoring"), **headers}
    status, _, answer = request(cloudwatch.transport._gateway, "POST", "/", body.encode(), **environ)
    return status, answer


def test_the_query_protocol_is_spoken(cloudwatch: CloudWatch) -> None:
    form = {"CONTENT_TYPE": "application/x-www-form-urlencoded"}
    version = "&Version=2010-08-01"
    put = "Action=PutMetricData&Namespace=App&MetricData.member.1.MetricName=latency&MetricData.member.1.Value=1.5"
    assert raw(cloudwatch, put + version, **form)[0] == 200
    ask = "Action=GetMetricStatistics&Namespace=App&MetricName=latency&Period=60&Statistics.member.1=Average"
    status, answer = raw(cloudwatch, f"{ask}&StartTime=2026-05-07T11:50:00Z&EndTime=2026-05-07T12:10:00Z{version}", **form)
    assert (status, b"<Average>1.5</Average>" in answer) == (200, True)
    status, answer = raw(cloudwatch, put.replace("1.5", "NaN") + version, **form)
    assert (status, b"<Code>InvalidParameterValue</Code>" in answer) == (400, True)


def test_the_json_protocol_is_spoken(cloudwatch: CloudWatch) -> None:
    def call(operation: str, **parameters: Any) -> tuple[int, Any]:
        headers = {"CONTENT_TYPE": "application/x-amz-json-1.0", "HTTP_X_AMZ_TARGET": f"GraniteServiceVersion20100801.{operation}"}
        status, answer = raw(cloudwatch, json.dumps(parameters), **headers)
        return status, json.loads(answer or b"{}")

    assert call("PutMetricData", Namespace="App", MetricData=[{"MetricName": "latency", "Value": 1.5}])[0] == 200
    assert call("ListMetrics")[1]["Metrics"] == [{"Namespace": "App", "MetricName": "latency", "Dimensions": []}]
    image = call("GetMetricWidgetImage", MetricWidget='{"metrics": [["App", "latency"]]}')[1]["MetricWidgetImage"]
    assert base64.b64decode(image).startswith(b"\x89PNG")
    status, answer = call("SetAlarmState", AlarmName="none", StateValue="OK", StateReason="x")
    assert (status, answer["__type"].split("#")[-1]) == (404, "ResourceNotFound")
