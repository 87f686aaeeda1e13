"""Dashboards and tags by the API, what is refused by name, and boto3's waiters and paginators."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.core.control import Scope
from tests.support import rule
from tests.support.services.cloudwatch_stage import NOON, CloudWatch, error, stat

ARN = "arn:aws:cloudwatch::123456789012:dashboard/board"
WIDGET = {"type": "metric", "x": 0, "y": 0, "width": 6, "height": 6, "properties": {"metrics": [["App", "latency", {"stat": "Sum"}]]}}


def body(*widgets: Any, **more: Any) -> str:
    return json.dumps({"widgets": list(widgets), **more})


@rule("CW-64")
def test_a_dashboard_is_kept_as_it_was_given_in_every_region(cloudwatch: CloudWatch) -> None:
    text = body(WIDGET, start="-PT6H")
    assert cloudwatch.api.put_dashboard(DashboardName="board", DashboardBody=text)["DashboardValidationMessages"] == []
    elsewhere = cloudwatch.transport.client("cloudwatch", Scope("123456789012", "eu-west-1"))
    found = elsewhere.get_dashboard(DashboardName="board")
    assert (found["DashboardArn"], found["DashboardBody"]) == (ARN, text)
    elsewhere.put_dashboard(DashboardName="board", DashboardBody=body())
    [entry] = cloudwatch.api.list_dashboards()["DashboardEntries"]
    assert (entry["DashboardName"], entry["LastModified"], entry["Size"]) == ("board", NOON, len(body()))
    assert cloudwatch.api.list_dashboards(DashboardNamePrefix="other")["DashboardEntries"] == []
    china = cloudwatch.transport.client("cloudwatch", Scope("123456789012", "cn-northwest-1"))
    assert china.list_dashboards()["DashboardEntries"] == []
    china.put_dashboard(DashboardName="board", DashboardBody=body())
    assert china.get_dashboard(DashboardName="board")["DashboardArn"] == ARN.replace("arn:aws:", "arn:aws-cn:")
    elsewhere.delete_dashboards(DashboardNames=["board"])
    assert len(china.list_dashboards()["DashboardEntries"]) == 1
    assert cloudwatch.api.list_dashboards()["DashboardEntries"] == []


NAME = "The value for field DashboardName contains invalid characters. It can only contain alphanumerics, dash (-) and underscore (_).\n"


@rule("CW-64")
@pytest.mark.parametrize(
    ("name", "given", "code", "text"),
    [
        ("a:b", body(), "InvalidParameterValue", NAME),
        ("board", "{", "InvalidParameterInput", "The field DashboardBody must be a valid JSON object"),
        ("board", "[]", "InvalidParameterInput", "The field DashboardBody must be a valid JSON object"),
        ("board", "{}", "InvalidParameterInput", "Should have required property 'widgets'"),
        ("board", '{"widgets": {}}', "InvalidParameterInput", '"dataPath": "/widgets",\n    "message": "Should be array"'),
        ("board", body({"type": "text"}), "InvalidParameterInput", "Should have required property 'properties'"),
        ("board", body(WIDGET | {"width": 25}), "InvalidParameterInput", "Should be <= 24"),
        ("board", body(WIDGET | {"height": "6"}), "InvalidParameterInput", "Should be integer"),
        ("board", body(WIDGET | {"properties": {"metrics": [{"expression": "m1"}]}}), "InvalidParameterInput", "Should be array"),
        (
            "board",
            body(WIDGET | {"properties": {"metrics": [["App", 1]]}}, WIDGET | {"properties": {"metrics": [["App", {}, "x"]]}}),
            "InvalidParameterInput",
            "The dashboard body is invalid, there are 2 validation errors:\n[\n  {\n"
            '    "dataPath": "/widgets/0/properties/metrics/0",\n'
            '    "message": "Invalid metric field type, only \\"String\\" type is allowed"\n  },',
        ),
    ],
)
def test_dashboards_that_are_refused(cloudwatch: CloudWatch, name: str, given: str, code: str, text: str) -> None:
    with pytest.raises(ClientError) as refused:
        cloudwatch.api.put_dashboard(DashboardName=name, DashboardBody=given)
    assert error(refused)[0] == code
    assert text in error(refused)[1]
    assert cloudwatch.api.list_dashboards()["DashboardEntries"] == []


@rule("CW-64")
def test_one_unknown_dashboard_keeps_all(cloudwatch: CloudWatch) -> None:
    cloudwatch.api.put_dashboard(DashboardName="board", DashboardBody=body())
    with pytest.raises(cloudwatch.api.exceptions.ResourceNotFound) as refused:
        cloudwatch.api.delete_dashboards(DashboardNames=["none", "board"])
    assert error(refused)[1] == "The specified dashboard does not exist. [none]"
    assert [entry["DashboardName"] for entry in cloudwatch.api.list_dashboards()["DashboardEntries"]] == ["board"]
    cloudwatch.api.delete_dashboards(DashboardNames=["board", "board"])
    with pytest.raises(cloudwatch.api.exceptions.ResourceNotFound) as refused:
        cloudwatch.api.get_dashboard(DashboardName="board")
    assert error(refused)[1] == "Dashboard board does not exist"


def tags(cloudwatch: CloudWatch, arn: str) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in cloudwatch.api.list_tags_for_resource(ResourceARN=arn)["Tags"]}


@rule("CW-65")
def test_alarms_and_dashboards_have_tags(cloudwatch: CloudWatch) -> None:
    cloudwatch.alarm()
    alarm = cloudwatch.described()["AlarmArn"]
    cloudwatch.api.untag_resource(ResourceARN=alarm, TagKeys=["none"])
    cloudwatch.api.put_dashboard(DashboardName="board", DashboardBody=body(), Tags=[{"Key": "team", "Value": "web"}])
    cloudwatch.api.put_dashboard(DashboardName="board", DashboardBody=body(), Tags=[{"Key": "team", "Value": "ops"}])
    cloudwatch.alarm(Tags=[{"Key": "team", "Value": "ops"}])
    assert (tags(cloudwatch, alarm), tags(cloudwatch, ARN)) == ({}, {"team": "web"})
    for arn in (alarm, ARN):
        cloudwatch.api.tag_resource(ResourceARN=arn, Tags=[{"Key": "a", "Value": ""}, {"Key": "team", "Value": "new"}])
        cloudwatch.api.untag_resource(ResourceARN=arn, TagKeys=["a"])
        assert tags(cloudwatch, arn) == {"team": "new"}
    cloudwatch.api.delete_alarms(AlarmNames=["slow"])
    cloudwatch.api.delete_dashboards(DashboardNames=["board"])
    assert (tags(cloudwatch, alarm), tags(cloudwatch, ARN)) == ({}, {})
    for operation, more in (("tag_resource", {"Tags": [{"Key": "a", "Value": "b"}]}), ("untag_resource", {"TagKeys": ["a"]})):
        with pytest.raises(ClientError) as refused:
            getattr(cloudwatch.api, operation)(ResourceARN=alarm, **more)
        assert error(refused)[0] == "ResourceNotFoundException"


BAD_TAGS = [
    [{"Key": "good", "Value": "1"}, {"Key": "aws:x", "Value": "1"}],
    [{"Key": "good", "Value": "1"}, {"Key": "good", "Value": "2"}],
    [{"Key": f"k{number}", "Value": ""} for number in range(51)],
]


@rule("CW-65")
@pytest.mark.parametrize("bad", BAD_TAGS, ids=["reserved", "twice", "51"])
def test_one_bad_tag_changes_nothing(cloudwatch: CloudWatch, bad: list[dict[str, str]]) -> None:
    cloudwatch.alarm(Tags=[{"Key": "team", "Value": "web"}])
    alarm = cloudwatch.described()["AlarmArn"]
    for call in (
        lambda: cloudwatch.api.tag_resource(ResourceARN=alarm, Tags=bad),
        lambda: cloudwatch.alarm("other", Tags=bad),
        lambda: cloudwatch.api.put_composite_alarm(AlarmName="both", AlarmRule="ALARM(slow)", Tags=bad),
        lambda: cloudwatch.api.put_dashboard(DashboardName="board", DashboardBody=body(), Tags=bad),
    ):
        with pytest.raises(ClientError):
            call()
    answer = cloudwatch.api.describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    assert [found["AlarmName"] for found in answer["MetricAlarms"] + answer["CompositeAlarms"]] == ["slow"]
    assert (tags(cloudwatch, alarm), cloudwatch.api.list_dashboards()["DashboardEntries"]) == ({"team": "web"}, [])


REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("put_anomaly_detector", {"Namespace": "App", "MetricName": "latency", "Stat": "Sum"}),
    ("put_insight_rule", {"RuleName": "rule", "RuleDefinition": "{}"}),
    (
        "put_metric_stream",
        {"Name": "stream", "FirehoseArn": "arn:aws:firehose:x", "RoleArn": "arn:aws:iam::1:role/r", "OutputFormat": "json"},
    ),
    ("put_alarm_mute_rule", {"Name": "rule", "Rule": {"Schedule": {"Expression": "cron(0 0 * * *)", "Duration": "PT1H"}}}),
    ("start_otel_enrichment", {}),
]


@rule("CW-66")
@pytest.mark.parametrize(("operation", "parameters"), REFUSED, ids=[operation for operation, _ in REFUSED])
def test_what_the_sandbox_has_not_is_refused_by_name(cloudwatch: CloudWatch, operation: str, parameters: dict[str, Any]) -> None:
    name = operation.replace("_", "")
    with pytest.raises(ClientError) as refused:
        getattr(cloudwatch.api, operation)(**parameters)
    assert error(refused)[0] == "NotImplemented"
    assert name in error(refused)[1].lower()


EMPTY = {
    "describe_anomaly_detectors": "AnomalyDetectors",
    "describe_insight_rules": "InsightRules",
    "list_metric_streams": "Entries",
    "list_alarm_mute_rules": "AlarmMuteRuleSummaries",
    "list_metric_data_query_definitions": "Items",
}


@rule("CW-66")
@pytest.mark.parametrize("operation", EMPTY)
def test_and_none_of_it_is_listed(cloudwatch: CloudWatch, operation: str) -> None:
    assert getattr(cloudwatch.api, operation)()[EMPTY[operation]] == []


def test_every_paginator_of_boto3_ends_with_everything(cloudwatch: CloudWatch) -> None:
    for number in range(3):
        cloudwatch.alarm(f"a{number}")
        cloudwatch.put(float(number), name=f"m{number}")
        cloudwatch.api.put_dashboard(DashboardName=f"b{number}", DashboardBody=body())
    counts = {
        "describe_alarms": ("MetricAlarms", 3, {"PaginationConfig": {"PageSize": 1}}),
        "describe_alarm_history": ("AlarmHistoryItems", 3, {"PaginationConfig": {"PageSize": 2}}),
        "list_metrics": ("Metrics", 3, {}),
        "list_dashboards": ("DashboardEntries", 3, {}),
        "get_metric_data": (
            "MetricDataResults",
            2,
            {"MetricDataQueries": [stat("m0"), stat("m1", "m2")], "StartTime": NOON, "EndTime": NOON.replace(hour=13)},
        ),
        "describe_anomaly_detectors": ("AnomalyDetectors", 0, {}),
        "list_alarm_mute_rules": ("AlarmMuteRuleSummaries", 0, {}),
        "list_metric_data_query_definitions": ("Items", 0, {}),
    }
    paginated = {name for name in cloudwatch.api.meta.method_to_api_mapping if cloudwatch.api.can_paginate(name)}
    assert paginated == set(counts)
    for operation, (key, count, parameters) in counts.items():
        assert len(cloudwatch.api.get_paginator(operation).paginate(**parameters).build_full_result().get(key, [])) == count, operation


def test_the_waiters_of_boto3_find_alarms(cloudwatch: CloudWatch) -> None:
    cloudwatch.alarm()
    cloudwatch.api.put_composite_alarm(AlarmName="both", AlarmRule="ALARM(slow)")
    cloudwatch.api.get_waiter("alarm_exists").wait(AlarmNames=["slow"])
    cloudwatch.api.get_waiter("composite_alarm_exists").wait(AlarmNames=["both"], AlarmTypes=["CompositeAlarm"])
