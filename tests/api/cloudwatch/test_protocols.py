"""CloudWatch's protocols: query, JSON and CBOR give the same answers, the same errors and the same events (CW-13)."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.model import Shape

from sandbox.aws.http import trail
from sandbox.aws.protocols import cbor
from tests.support import rule
from tests.support.aws import request, signed
from tests.support.services.cloudwatch_stage import MINUTE, MISSING_TOPIC, NOON, PROTOCOLS, CloudWatch, cloudwatch_stage, stat

ALARM_ARN = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:slow"
ALARM: dict[str, Any] = {
    "AlarmName": "slow",
    "Namespace": "App",
    "MetricName": "latency",
    "ExtendedStatistic": "p90",
    "Dimensions": [{"Name": "host", "Value": "a <b> & ü"}],
    "Period": 60,
    "EvaluationPeriods": 2,
    "DatapointsToAlarm": 1,
    "Threshold": 70.5,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "notBreaching",
    "AlarmActions": [MISSING_TOPIC],
    "ActionsEnabled": False,
    "Tags": [{"Key": "team", "Value": "web"}],
}
RANGE = {"StartTime": NOON - 10 * MINUTE, "EndTime": NOON + 10 * MINUTE}
DATA = [{"MetricName": "latency", "Values": [1.5, 3.0], "Counts": [2.0, 1.0], "Unit": "Seconds", "Timestamp": NOON}]
COMPOSITE = {"AlarmName": "both", "AlarmRule": "ALARM(slow)"}

CALLS: list[tuple[str, dict[str, Any]]] = [
    ("put_metric_data", {"Namespace": "App", "MetricData": DATA}),
    ("put_metric_data", {"Namespace": "App", "MetricData": [{"MetricName": "x", "Value": 1.0, "Values": [1.0]}]}),
    ("put_metric_data", {"Namespace": "AWS/EC2", "MetricData": DATA}),
    ("list_metrics", {}),
    ("list_metrics", {"Namespace": "Other"}),
    ("get_metric_statistics", {**RANGE, "Namespace": "App", "MetricName": "latency", "Period": 60, "ExtendedStatistics": ["p50"]}),
    ("get_metric_statistics", {**RANGE, "Namespace": "App", "MetricName": "latency", "Period": 7, "Statistics": ["Sum"]}),
    ("get_metric_data", {**RANGE, "MetricDataQueries": [stat(), {"Id": "e1", "Expression": "m1 * 2", "Label": "${MAX}"}]}),
    ("get_metric_data", {**RANGE, "MetricDataQueries": [{"Id": "e1", "Expression": "m9"}]}),
    ("get_metric_data", {**RANGE, "MetricDataQueries": [stat()], "NextToken": "later"}),
    ("get_metric_widget_image", {"MetricWidget": '{"metrics": [["App", "latency"]]}'}),
    ("get_metric_widget_image", {"MetricWidget": "{"}),
    ("put_metric_alarm", ALARM),
    ("put_metric_alarm", ALARM | {"ComparisonOperator": "Above"}),
    ("put_metric_alarm", {"AlarmName": "math", "EvaluationPeriods": 1, "ComparisonOperator": "LessThanThreshold", "Threshold": 0.0}),
    ("put_composite_alarm", COMPOSITE),
    ("put_composite_alarm", COMPOSITE | {"AlarmRule": "ALARM(none)"}),
    ("set_alarm_state", {"AlarmName": "slow", "StateValue": "ALARM", "StateReason": "by hand", "StateReasonData": '{"a": 1}'}),
    ("set_alarm_state", {"AlarmName": "slow", "StateValue": "INVALID", "StateReason": "by hand"}),
    ("set_alarm_state", {"AlarmName": "none", "StateValue": "OK", "StateReason": "by hand"}),
    ("set_alarm_state", {"AlarmName": "slow", "StateValue": "OK", "StateReason": "by hand", "StateReasonData": "{"}),
    ("describe_alarms", {"AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}),
    ("describe_alarms", {"AlarmNames": ["none"]}),
    ("describe_alarms_for_metric", {"Namespace": "App", "MetricName": "latency", "Dimensions": ALARM["Dimensions"]}),
    ("describe_alarm_history", {"MaxRecords": 2}),
    ("enable_alarm_actions", {"AlarmNames": ["slow"]}),
    ("disable_alarm_actions", {"AlarmNames": ["slow"]}),
    ("list_tags_for_resource", {"ResourceARN": ALARM_ARN}),
    ("tag_resource", {"ResourceARN": ALARM_ARN, "Tags": [{"Key": "b", "Value": ""}]}),
    ("untag_resource", {"ResourceARN": ALARM_ARN, "TagKeys": ["team"]}),
    ("list_tags_for_resource", {"ResourceARN": ALARM_ARN}),
    ("put_dashboard", {"DashboardName": "board", "DashboardBody": '{"widgets": []}'}),
    ("put_dashboard", {"DashboardName": "board", "DashboardBody": "{"}),
    ("put_dashboard", {"DashboardName": "a:b", "DashboardBody": '{"widgets": []}'}),
    ("get_dashboard", {"DashboardName": "board"}),
    ("get_dashboard", {"DashboardName": "none"}),
    ("list_dashboards", {}),
    ("delete_dashboards", {"DashboardNames": ["board"]}),
    ("delete_alarms", {"AlarmNames": ["slow"]}),
    ("delete_alarms", {"AlarmNames": ["both"]}),
    ("delete_alarms", {"AlarmNames": ["slow"]}),
]


def least(shape: Shape | None) -> Any:
    """The smallest value of a shape that botocore sends."""
    match shape.type_name if shape is not None else "structure":
        case "structure":
            return {name: least(shape.members[name]) for name in shape.required_members} if shape is not None else {}  # type: ignore[attr-defined]
        case "list":
            return [least(shape.member)]  # type: ignore[union-attr]
        case "timestamp":
            return NOON
        case "boolean":
            return True
        case "integer" | "long" | "double":
            return 60
    return (getattr(shape, "enum", None) or ["a-name-of-some-length"])[0]


def answer(client: Any, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """What boto3 makes of it, without what differs between two requests."""
    try:
        found = dict(getattr(client, operation)(**parameters))
    except ClientError as error:
        found = dict(error.response)
        kept = {name: found["Error"].get(name, "") for name in ("Code", "Message", "Type")}
        return {"Error": kept, "Status": found["ResponseMetadata"]["HTTPStatusCode"]}
    return {name: value for name, value in found.items() if name != "ResponseMetadata"}


def transcript(protocol: str) -> list[Any]:
    """Every operation of the model: the answers, and the events they left."""
    with cloudwatch_stage() as cloudwatch:
        cloudwatch.clock.advance_to(NOON + timedelta(seconds=1, microseconds=234_567))
        client = cloudwatch.speaking(protocol)
        names = client.meta.method_to_api_mapping
        others = [name for name in names if name not in {operation for operation, _ in CALLS}]
        left = [(name, least(client.meta.service_model.operation_model(names[name]).input_shape)) for name in others]
        answers = [(operation, answer(client, operation, parameters)) for operation, parameters in (*CALLS, *left)]
        events = [(event.detail_type, event.summary, event.resources, told(event.detail)) for event in cloudwatch.journal.events()]
        assert any(detail_type == trail.FAILED for detail_type, *_ in events)
        return [answers, events]


def told(detail: Any) -> dict[str, Any]:
    return {name: value for name, value in dict(detail).items() if name not in ("userAgent", "eventID")}


@rule("CW-13")
def test_all_operations_are_the_same_in_each_protocol() -> None:
    query, as_json, over_cbor = (transcript(protocol) for protocol in PROTOCOLS)
    for left, right in ((query, as_json), (query, over_cbor)):
        for one, other in zip(left[0], right[0], strict=True):
            assert one == other
        assert left[1] == right[1]


@rule("CW-13")
@pytest.mark.parametrize("protocol", ["json", "smithy-rpc-v2-cbor"])
@pytest.mark.parametrize(("mode", "status"), [("true", 404), ("false", 400), ("", 400)])
def test_the_status_of_the_query_protocol_is_for_clients_that_ask_for_it(
    cloudwatch: CloudWatch, protocol: str, mode: str, status: int
) -> None:
    given = {"AlarmName": "none", "StateValue": "OK", "StateReason": "x"}
    environ = {"HTTP_AUTHORIZATION": signed("monitoring"), "HTTP_X_AMZN_QUERY_MODE": mode}
    if protocol == "json":
        environ |= {"CONTENT_TYPE": "application/x-amz-json-1.0", "HTTP_X_AMZ_TARGET": "GraniteServiceVersion20100801.SetAlarmState"}
        got, headers, body = request(cloudwatch.transport._gateway, "POST", "/", json.dumps(given).encode(), **environ)
        document = json.loads(body)
    else:
        environ |= {"CONTENT_TYPE": "application/cbor", "HTTP_SMITHY_PROTOCOL": "rpc-v2-cbor"}
        path = "/service/GraniteServiceVersion20100801/operation/SetAlarmState"
        got, headers, body = request(cloudwatch.transport._gateway, "POST", path, cbor.encode(given), **environ)
        document = cbor.decode(body)
    assert (got, document) == (status, {"__type": "com.amazonaws.cloudwatch.v2010_08_01#ResourceNotFound"})
    assert headers["x-amzn-query-error"] == "ResourceNotFound;Sender"


@rule("CW-13")
def test_times_over_cbor_have_a_tag_and_milliseconds_and_an_operation_without_output_no_body(cloudwatch: CloudWatch) -> None:
    cloudwatch.clock.advance_to(NOON + timedelta(microseconds=234_567))
    environ = {"HTTP_AUTHORIZATION": signed("monitoring"), "CONTENT_TYPE": "application/cbor", "HTTP_SMITHY_PROTOCOL": "rpc-v2-cbor"}

    def call(operation: str, parameters: dict[str, Any]) -> tuple[dict[str, str], bytes]:
        path = f"/service/GraniteServiceVersion20100801/operation/{operation}"
        status, headers, body = request(cloudwatch.transport._gateway, "POST", path, cbor.encode(parameters), **environ)
        assert (status, headers["smithy-protocol"]) == (200, "rpc-v2-cbor")
        return headers, body

    headers, body = call("PutMetricAlarm", ALARM)
    assert (body, headers.get("content-length")) == (b"", "0")
    _, body = call("DescribeAlarms", {})
    [alarm] = cbor.decode(body)["MetricAlarms"]
    assert alarm["StateUpdatedTimestamp"] == NOON + timedelta(milliseconds=234)
    assert b"\xc1\xfb" in body


def test_a_link_may_call_the_query_protocol(cloudwatch: CloudWatch) -> None:
    path = "/?Action=ListMetrics&Version=2010-08-01"
    status, headers, body = request(cloudwatch.transport._gateway, "GET", path, b"", HTTP_AUTHORIZATION=signed("monitoring"))
    assert (status, headers["content-type"]) == (200, "text/xml")
    assert b"<ListMetricsResult>" in body


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
    assert (status, answer) == (400, {"__type": "com.amazonaws.cloudwatch.v2010_08_01#ResourceNotFound"})
