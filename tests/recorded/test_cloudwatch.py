"""CloudWatch's answers as AWS gave them between September 2025 and February 2026 (capture X50), in each protocol of the recording.

Names, times and ARNs of the recording are replaced by ours.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support import rule
from tests.support.services.cloudwatch_stage import NOON, PROTOCOLS, CloudWatch, cloudwatch_stage, heard, subscribed

AROUND = {"StartTime": NOON - timedelta(minutes=1), "EndTime": NOON + timedelta(minutes=1)}
SET = {"SampleCount": 10.0, "Sum": 55.0, "Minimum": 1.0, "Maximum": 10.0}
ARN = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:a"
SHAPES = {
    "InvalidParameterCombination": "InvalidParameterCombinationException",
    "InvalidParameterValue": "InvalidParameterValueException",
    "ValidationError": "ValidationException",
    "ResourceNotFound": "ResourceNotFound",
}


@pytest.fixture
def cloudwatch() -> Iterator[CloudWatch]:
    with cloudwatch_stage() as made:
        yield made


@pytest.fixture(params=PROTOCOLS)
def api(cloudwatch: CloudWatch, request: pytest.FixtureRequest) -> Any:
    return cloudwatch.speaking(request.param)


def put(api: Any, **datum: Any) -> None:
    api.put_metric_data(Namespace="App", MetricData=[{"MetricName": "m", "Timestamp": NOON, **datum}])


def query(id: str, stat: str, name: str = "m", period: int = 60, **more: Any) -> dict[str, Any]:
    metric = {"Namespace": "App", "MetricName": name, **({"Dimensions": more.pop("Dimensions")} if "Dimensions" in more else {})}
    return {"Id": id, "MetricStat": {"Metric": metric, "Period": period, "Stat": stat, **more}}


def results(api: Any, *queries: dict[str, Any]) -> list[dict[str, Any]]:
    answer = api.get_metric_data(MetricDataQueries=list(queries), **AROUND)
    assert answer["Messages"] == []
    return [{name: value for name, value in result.items() if name != "Timestamps"} for result in answer["MetricDataResults"]]


# ---- metrics ---------------------------------------------------------------------------------------------------------------------------


@rule("CW-5")
@pytest.mark.parametrize(("stat", "value"), [("Sum", 66.0), ("SampleCount", 11.0), ("Minimum", 1.0), ("Maximum", 11.0), ("Average", 6.0)])
def test_a_value_and_a_statistic_set(api: Any, stat: str, value: float) -> None:
    put(api, Value=11.0, Unit="Seconds")
    put(api, StatisticValues=SET, Unit="Seconds")
    assert results(api, query("result1", stat)) == [{"Id": "result1", "Label": "m", "StatusCode": "Complete", "Values": [value]}]


def test_values_with_counts(api: Any) -> None:
    put(api, Values=[1.0, 10.0], Counts=[2.0, 4.0], Unit="Count")
    wanted = {"MetricName": "m", "Period": 60, "Statistics": ["SampleCount", "Sum", "Maximum"]}
    answer = api.get_metric_statistics(Namespace="App", **wanted, **AROUND)
    assert answer["Label"] == "m"
    assert answer["Datapoints"] == [{"Timestamp": NOON, "Maximum": 10.0, "SampleCount": 6.0, "Sum": 42.0, "Unit": "Count"}]


@rule("CW-1")
def test_a_metric_is_that_with_exactly_these_dimensions(api: Any) -> None:
    for host in ("one", "two"):
        put(api, Value=11.0, Dimensions=[{"Name": "InstanceId", "Value": host}])
    put(api, StatisticValues=SET)
    one = [{"Name": "InstanceId", "Value": "one"}]
    assert results(api, query("result1", "Sum", Dimensions=one))[0]["Values"] == [11.0]
    assert results(api, query("result1", "Sum", Dimensions=[{"Name": "InstanceId", "Value": "three"}]))[0]["Values"] == []


@rule("CW-12")
@pytest.mark.parametrize(
    ("data", "value", "units"),
    [
        ([(60_000.0, "Milliseconds"), (60.0, "Seconds")], 60_000.0, "Milliseconds, Seconds"),
        ([(60_000.0, "Milliseconds"), (60.0, "Seconds")] * 2, 120_000.0, "Milliseconds, Seconds"),
        ([(60_000.0, "Milliseconds"), (60.0, "Seconds")] * 2 + [(5.0, "Count")], 5.0, "Count, Milliseconds, Seconds"),
    ],
)
def test_data_in_several_units(api: Any, data: list[tuple[float, str]], value: float, units: str) -> None:
    for number, unit in data:
        put(api, Value=number, Unit=unit)
    message = {"Code": "MultipleUnits", "Value": f"Multiple units returned: '[{units}]'"}
    assert results(api, query("m1", "Sum")) == [
        {"Id": "m1", "Label": "m", "Messages": [message], "StatusCode": "Complete", "Values": [value]}
    ]


@rule("CW-10")
@pytest.mark.parametrize(
    ("pairs", "labels"),
    [
        ([("Sum", 60, "Seconds"), ("Minimum", 30, "Seconds")], ["m Sum 60", "m Minimum 30"]),
        ([("Sum", 60, "Seconds"), ("Minimum", 60, "Seconds")], ["m Sum", "m Minimum"]),
        ([("Sum", 60, "Seconds"), ("Sum", 30, "Seconds")], ["m 60", "m 30"]),
        ([("Sum", 60, "Seconds"), ("Minimum", 30, "Milliseconds")], ["m Sum 60", "m Minimum 30"]),
        ([("Sum", 60, "Seconds"), ("Minimum", 60, "Milliseconds")], ["m Sum", "m Minimum"]),
        ([("Sum", 60, "Seconds"), ("Sum", 30, "Milliseconds")], ["m 60", "m 30"]),
        ([("Sum", 60, "Seconds"), ("Sum", 60, "Milliseconds")], ["m", "m"]),
    ],
)
def test_labels_name_what_differs(api: Any, pairs: list[tuple[str, int, str]], labels: list[str]) -> None:
    for value in (0.0, 2.0, 7.0, 100.0):
        put(api, Value=value, Unit="Seconds")
    queries = [query(f"r{number}", stat, period=period, Unit=unit) for number, (stat, period, unit) in enumerate(pairs)]
    found = results(api, *queries)
    assert [result["Label"] for result in found] == labels
    assert found[0]["Values"] == [109.0]


def test_three_metrics_are_labelled_by_name(api: Any) -> None:
    for number in (1, 2, 3):
        put(api, MetricName=f"metric{number}", Value=25.0 * number, Unit="Seconds")
    found = results(api, *(query(f"result{number}", "Sum", f"metric{number}") for number in (1, 2, 3)))
    assert [(result["Label"], result["Values"]) for result in found] == [("metric1", [25.0]), ("metric2", [50.0]), ("metric3", [75.0])]


# ---- errors ----------------------------------------------------------------------------------------------------------------------------

BOTH = "The parameters MetricData.member.1.{} and MetricData.member.1.{} are mutually exclusive and you have specified both."
DATUM = {"MetricName": "m", "Timestamp": NOON, "Unit": "Count"}
STATISTICS = {"Namespace": "App", "MetricName": "m", "Statistics": ["SampleCount"], "StartTime": NOON}
STATE = {"AlarmName": "none", "StateReason": "test"}

ERRORS: list[tuple[str, dict[str, Any], str, str]] = [
    (
        "put_metric_data",
        {"Namespace": "App", "MetricData": [DATUM | {"Value": 1.5, "Values": [1.0, 10.0]}]},
        "InvalidParameterCombination",
        BOTH.format("Value", "Values"),
    ),
    (
        "put_metric_data",
        {"Namespace": "App", "MetricData": [DATUM | {"Value": 1.5, "StatisticValues": SET}]},
        "InvalidParameterCombination",
        BOTH.format("Value", "StatisticValues"),
    ),
    (
        "put_metric_data",
        {"Namespace": "App", "MetricData": [DATUM | {"Values": [1.0, 10.0], "Counts": [2.0, 4.0, 5.0]}]},
        "InvalidParameterValue",
        "The parameters MetricData.member.1.Values and MetricData.member.1.Counts must be of the same size.",
    ),
    (
        "get_metric_statistics",
        STATISTICS | {"EndTime": NOON + timedelta(days=1), "Period": 1},
        "InvalidParameterCombination",
        "You have requested up to 86400 datapoints, which exceeds the limit of 1440. "
        "You may reduce the datapoints requested by increasing Period, or decreasing the time range.",
    ),
    (
        "get_metric_statistics",
        STATISTICS | {"EndTime": NOON, "Period": 1},
        "InvalidParameterValue",
        "The parameter StartTime must be less than the parameter EndTime.",
    ),
    (
        "set_alarm_state",
        STATE | {"StateValue": "INVALID"},
        "ValidationError",
        "1 validation error detected: Value 'INVALID' at 'stateValue' failed to satisfy constraint: "
        "Member must satisfy enum value set: [INSUFFICIENT_DATA, ALARM, OK]",
    ),
    ("set_alarm_state", STATE | {"StateValue": "OK"}, "ResourceNotFound", ""),
    (
        "put_dashboard",
        {"DashboardName": "test:invalid", "DashboardBody": '{"widgets": []}'},
        "InvalidParameterValue",
        "The value for field DashboardName contains invalid characters. It can only contain alphanumerics, dash (-) and underscore (_).\n",
    ),
]


@rule("CW-13", "CW-2", "CW-6")
@pytest.mark.parametrize(("operation", "parameters", "code", "text"), ERRORS, ids=range(len(ERRORS)))
def test_errors(api: Any, operation: str, parameters: dict[str, Any], code: str, text: str) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(api, operation)(**parameters)
    found, metadata = refused.value.response["Error"], refused.value.response["ResponseMetadata"]
    assert (found["Code"], found.get("Message", ""), found["Type"]) == (code, text, "Sender")
    assert metadata["HTTPStatusCode"] == (404 if code == "ResourceNotFound" else 400)
    assert found.get("QueryErrorCode", SHAPES[code]) == SHAPES[code]


@rule("CW-2", "CW-6")
def test_what_aws_accepts(api: Any) -> None:
    put(api, Values=[1.0, 10.0], StatisticValues=SET, Unit="Count")
    noon = NOON + timedelta(seconds=30)
    answer = api.get_metric_statistics(
        **STATISTICS | {"MetricName": "other", "StartTime": noon, "EndTime": noon + timedelta(days=1), "Period": 60}
    )
    assert (answer["Label"], answer["Datapoints"]) == ("other", [])


# ---- alarms ----------------------------------------------------------------------------------------------------------------------------

LEAST: dict[str, Any] = {
    "AlarmName": "a",
    "MetricName": "m",
    "Namespace": "App",
    "EvaluationPeriods": 1,
    "Period": 10,
    "Statistic": "Sum",
    "ComparisonOperator": "GreaterThanThreshold",
    "Threshold": 30.0,
}


def test_a_minimal_alarm(api: Any) -> None:
    api.put_metric_alarm(**LEAST)
    answer = api.describe_alarms(AlarmNames=["a"])
    assert answer["CompositeAlarms"] == []
    [found] = answer["MetricAlarms"]
    times = ("AlarmConfigurationUpdatedTimestamp", "StateTransitionedTimestamp", "StateUpdatedTimestamp")
    assert all(isinstance(found.pop(name), datetime) for name in times)
    assert found == LEAST | {
        "ActionsEnabled": True,
        "AlarmActions": [],
        "AlarmArn": ARN,
        "Dimensions": [],
        "InsufficientDataActions": [],
        "OKActions": [],
        "StateReason": "Unchecked: Initial alarm creation",
        "StateValue": "INSUFFICIENT_DATA",
    }


def test_tags(api: Any) -> None:
    def tags() -> list[dict[str, str]]:
        return list(api.list_tags_for_resource(ResourceARN=ARN)["Tags"])

    api.put_metric_alarm(**LEAST, Tags=[{"Key": "Environment", "Value": "Production"}])
    assert tags() == [{"Key": "Environment", "Value": "Production"}]
    api.tag_resource(ResourceARN=ARN, Tags=[{"Key": "tag1", "Value": "foo"}, {"Key": "tag2", "Value": "bar"}])
    api.untag_resource(ResourceARN=ARN, TagKeys=["tag1"])
    assert tags() == [{"Key": "Environment", "Value": "Production"}, {"Key": "tag2", "Value": "bar"}]
    api.delete_alarms(AlarmNames=["a"])
    assert tags() == []


def subscribed_alarm(cloudwatch: CloudWatch, **parameters: Any) -> str:
    """An alarm on a topic. → the queue that hears of it"""
    topic, queue = subscribed(cloudwatch)
    more = {"Dimensions": [{"Name": "InstanceId", "Value": "abc"}], "AlarmDescription": "testing cloudwatch alarms", "Unit": "Seconds"}
    actions = {"AlarmActions": [topic], "OKActions": [topic], "Statistic": "Average"}
    cloudwatch.api.put_metric_alarm(**LEAST | more | actions | parameters)
    return queue


def messages(cloudwatch: CloudWatch, queue: str) -> list[dict[str, Any]]:
    return [json.loads(envelope["Message"]) for envelope in heard(cloudwatch, queue)]


@rule("CW-41", "CW-49")
def test_an_alarm_that_goes_off(cloudwatch: CloudWatch) -> None:
    queue = subscribed_alarm(cloudwatch, Threshold=21.0, TreatMissingData="ignore")
    dimensions = [{"Name": "InstanceId", "Value": "abc"}]
    for value in (21.0, 22.0):
        put(cloudwatch.api, Value=value, Unit="Seconds", Dimensions=dimensions)
    cloudwatch.wait(timedelta(minutes=2))
    [message] = messages(cloudwatch, queue)
    reason = f"Threshold Crossed: 1 datapoint [21.5 ({NOON:%d/%m/%y %H:%M:%S})] was greater than the threshold (21.0)."
    told = {name: message[name] for name in ("NewStateReason", "NewStateValue", "OldStateValue", "Region", "ActionExecutedAfterMuteWindow")}
    assert told == {
        "NewStateReason": reason,
        "NewStateValue": "ALARM",
        "OldStateValue": "INSUFFICIENT_DATA",
        "Region": "US East (N. Virginia)",
        "ActionExecutedAfterMuteWindow": False,
    }
    assert message["Trigger"] == {
        "ComparisonOperator": "GreaterThanThreshold",
        "Dimensions": [{"name": "InstanceId", "value": "abc"}],
        "EvaluateLowSampleCountPercentile": "",
        "EvaluationPeriods": 1,
        "MetricName": "m",
        "Namespace": "App",
        "Period": 10,
        "Statistic": "AVERAGE",
        "StatisticType": "Statistic",
        "Threshold": 21.0,
        "TreatMissingData": "ignore",
        "Unit": "Seconds",
    }
    [item] = cloudwatch.api.describe_alarm_history(AlarmName="a", HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    assert (item["AlarmType"], item["HistorySummary"]) == ("MetricAlarm", "Alarm updated from INSUFFICIENT_DATA to ALARM")
    history = json.loads(item["HistoryData"])
    assert (history["version"], history["oldState"]) == (
        "1.0",
        {"stateValue": "INSUFFICIENT_DATA", "stateReason": "Unchecked: Initial alarm creation"},
    )
    data = history["newState"]["stateReasonData"]
    [point] = data.pop("evaluatedDatapoints")
    assert (point["sampleCount"], point["value"]) == (2.0, 21.5)
    assert sorted(data) == ["period", "queryDate", "recentDatapoints", "startDate", "statistic", "threshold", "unit", "version"]
    assert (data["recentDatapoints"], data["statistic"], data["unit"]) == ([21.5], "Average", "Seconds")


@rule("CW-26", "CW-41")
def test_missing_data_that_breach(cloudwatch: CloudWatch) -> None:
    queue = subscribed_alarm(cloudwatch, EvaluationPeriods=2, Threshold=2.0, TreatMissingData="breaching")
    cloudwatch.wait(timedelta(minutes=2))
    reason = "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as [Breaching]."
    assert [message["NewStateReason"] for message in messages(cloudwatch, queue)] == [reason]
    [alarm] = cloudwatch.api.describe_alarms(AlarmNames=["a"])["MetricAlarms"]
    data = json.loads(alarm["StateReasonData"])
    assert [sorted(point) for point in data.pop("evaluatedDatapoints")] == [["timestamp"], ["timestamp"]]
    assert sorted(data) == ["period", "queryDate", "recentDatapoints", "statistic", "threshold", "unit", "version"]
    assert (alarm["StateReason"], data["recentDatapoints"]) == (reason, [])


@rule("CW-61")
def test_a_composite_alarm_names_the_child_that_changed(cloudwatch: CloudWatch) -> None:
    for name in ("a", "b"):
        cloudwatch.api.put_metric_alarm(**LEAST | {"AlarmName": name})
    rule_text = f'ALARM("{ARN}") OR ALARM("{ARN[:-1]}b")'
    cloudwatch.api.put_composite_alarm(AlarmName="both", AlarmRule=rule_text)
    cloudwatch.wait(timedelta(seconds=1))
    cloudwatch.api.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="trigger alarm 1")
    cloudwatch.wait(timedelta(seconds=1))
    [found] = cloudwatch.api.describe_alarms(AlarmNames=["both"], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    data = json.loads(found["StateReasonData"])
    assert (found["StateValue"], found["AlarmRule"], list(data)) == ("ALARM", rule_text, ["triggeringAlarms"])
    [child] = data["triggeringAlarms"]
    assert (child["arn"], child["state"]["value"], sorted(child["state"])) == (ARN, "ALARM", ["timestamp", "value"])
    assert found["StateUpdatedTimestamp"] >= datetime(2026, 5, 7, tzinfo=UTC)


# ---- dashboards ------------------------------------------------------------------------------------------------------------------------

BODY = json.dumps(
    {
        "widgets": [
            {
                "type": "metric",
                "x": 0,
                "y": 0,
                "width": 6,
                "height": 6,
                "properties": {
                    "metrics": [["AWS/EC2", "CPUUtilization", "InstanceId", "i-12345678"]],
                    "region": "us-east-1",
                    "view": "timeSeries",
                    "stacked": False,
                },
            }
        ]
    }
)


@rule("CW-64")
def test_the_life_of_a_dashboard(api: Any) -> None:
    def listed(**prefix: str) -> list[dict[str, Any]]:
        return list(api.list_dashboards(**prefix)["DashboardEntries"])

    api.put_dashboard(DashboardName="test-1", DashboardBody=BODY)
    arn = "arn:aws:cloudwatch::123456789012:dashboard/test-1"
    found = api.get_dashboard(DashboardName="test-1")
    assert (found["DashboardArn"], found["DashboardName"], json.loads(found["DashboardBody"])) == (arn, "test-1", json.loads(BODY))
    entry = {"DashboardArn": arn, "DashboardName": "test-1", "LastModified": NOON, "Size": len(BODY)}
    assert (listed(), listed(DashboardNamePrefix="test"), listed(DashboardNamePrefix="no-valid")) == ([entry], [entry], [])
    api.delete_dashboards(DashboardNames=["test-1"])
    assert listed() == []
