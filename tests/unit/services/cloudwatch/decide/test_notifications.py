"""What subscribers and EventBridge get, letter by letter."""

import json
from datetime import UTC, datetime

from sandbox.services.cloudwatch.data.metric_queries import Query
from sandbox.services.cloudwatch.data.series import MetricId
from sandbox.services.cloudwatch.decide import notifications
from sandbox.services.cloudwatch.decide.notifications import Location
from tests.support import rule
from tests.support.services.alarms import ARN, LOCATION, TOPIC, change, composite_alarm, metric_alarm, state

TOKYO = Location(account="449671225256", region="ap-northeast-1", region_name="Asia Pacific (Tokyo)")
REASON = "Threshold Crossed: 1 datapoint [1.0 (02/02/25 12:05:00)] was greater than or equal to the threshold (1.0)."


@rule("CW-48", "CW-49")
def test_the_message_of_a_metric_alarm() -> None:
    topic = "arn:aws:sns:ap-northeast-1:449671225256:example-topic"
    alarm = metric_alarm(
        "ErrorAlarm",
        arn="arn:aws:cloudwatch:ap-northeast-1:449671225256:alarm:ErrorAlarm",
        updated_at=datetime(2025, 2, 2, 11, 48, 52, 788_000, tzinfo=UTC),
        alarm_actions=(topic,),
        metric=MetricId("YourNamespace", "ErrorCount", (("InstanceId", "i-0123"),)),
        statistic="Sum",
        datapoints_to_alarm=1,
        comparison_operator="GreaterThanOrEqualToThreshold",
        threshold=1.0,
        treat_missing_data="missing",
    )
    changed = change("INSUFFICIENT_DATA", "ALARM", datetime(2025, 2, 2, 12, 6, 35, 472_000, tzinfo=UTC), REASON)
    assert notifications.default_message(alarm, changed, TOKYO, {}) == (
        '{"AlarmName":"ErrorAlarm","AlarmDescription":null,"AWSAccountId":"449671225256",'
        '"AlarmConfigurationUpdatedTimestamp":"2025-02-02T11:48:52.788+0000","NewStateValue":"ALARM",'
        f'"NewStateReason":"{REASON}",'
        '"StateChangeTime":"2025-02-02T12:06:35.472+0000","Region":"Asia Pacific (Tokyo)",'
        '"AlarmArn":"arn:aws:cloudwatch:ap-northeast-1:449671225256:alarm:ErrorAlarm","OldStateValue":"INSUFFICIENT_DATA",'
        f'"OKActions":[],"AlarmActions":["{topic}"],"InsufficientDataActions":[],'
        '"Trigger":{"MetricName":"ErrorCount","Namespace":"YourNamespace","StatisticType":"Statistic","Statistic":"SUM","Unit":null,'
        '"Dimensions":[{"value":"i-0123","name":"InstanceId"}],"Period":60,"EvaluationPeriods":1,"DatapointsToAlarm":1,'
        '"ComparisonOperator":"GreaterThanOrEqualToThreshold","Threshold":1.0,"TreatMissingData":"missing",'
        '"EvaluateLowSampleCountPercentile":""},"ActionExecutedAfterMuteWindow":false}'
    )


@rule("CW-49")
def test_datapoints_to_alarm_and_treatment_are_left_out_when_unset() -> None:
    trigger = notifications.trigger(metric_alarm())
    assert "DatapointsToAlarm" not in trigger
    assert trigger["TreatMissingData"] == ""


@rule("CW-49")
def test_extended_statistics_and_metric_math_in_the_trigger() -> None:
    assert notifications.trigger(metric_alarm(statistic="p90", extended=True))["ExtendedStatistic"] == "p90"
    metric = MetricId("App", "x", (("a", "b"),))
    queries = (Query(id="e1", expression="m1 * 2", label="double"), Query(id="m1", metric=metric, stat="Sum", period=60, return_data=False))
    trigger = notifications.trigger(metric_alarm(metric=None, queries=queries))
    assert "MetricName" not in trigger
    assert trigger["Metrics"] == [
        {"Id": "e1", "Expression": "m1 * 2", "Label": "double", "ReturnData": True},
        {
            "Id": "m1",
            "MetricStat": {
                "Metric": {"Dimensions": [{"value": "b", "name": "a"}], "MetricName": "x", "Namespace": "App"},
                "Period": 60,
                "Stat": "Sum",
            },
            "ReturnData": False,
        },
    ]


@rule("CW-49")
def test_the_message_of_a_composite_alarm_names_its_children() -> None:
    alarm = composite_alarm("ALARM(a)")
    message = json.loads(notifications.default_message(alarm, change("OK", "ALARM"), LOCATION, {ARN + "a": state("ALARM")}))
    assert message["AlarmRule"] == "ALARM(a)"
    assert message["TriggeringChildren"] == [{"Arn": ARN + "a", "State": {"Value": "ALARM", "Timestamp": "2026-08-19T05:00:00.000+0000"}}]
    assert "Trigger" not in message


@rule("CW-48")
def test_a_subject_fits_what_sns_takes() -> None:
    assert notifications.subject(metric_alarm(), change("OK", "ALARM"), LOCATION) == 'ALARM: "cpu-high" in US East (N. Virginia)'
    assert len(notifications.subject(metric_alarm("x" * 255), change("OK", "ALARM"), LOCATION)) == 100


@rule("CW-50", "CW-54")
def test_mail_is_a_text_of_its_own() -> None:
    changed = change("OK", "ALARM", datetime(2022, 11, 6, 17, 43, 53, tzinfo=UTC), "it was so")
    texts = json.loads(notifications.publication(composite_alarm("TRUE", alarm_actions=(TOPIC,)), changed, LOCATION, {}))
    assert texts["email"].startswith(
        'You are receiving this email because your Amazon CloudWatch Alarm "both" in the US East (N. Virginia) region has transitioned '
        'to ALARM state on Sunday 06 November, 2022 17:43:53 UTC, because "it was so".'
    )
    assert "- State Change:               OK -> ALARM" in texts["email"]
    assert f"- ALARM: [{TOPIC}]" in texts["email"]
    metric = json.loads(notifications.publication(metric_alarm(), changed, LOCATION, {}))["email"]
    assert "Monitored Metric:" in metric
    assert "[InstanceId = i-0a1]" in metric


@rule("CW-51")
def test_the_event_has_eventbridges_shape() -> None:
    event = notifications.state_change_event(metric_alarm(), change("OK", "ALARM"), cause="e000007")
    assert (event.source, event.detail_type, event.cause) == ("aws.cloudwatch", "CloudWatch Alarm State Change", "e000007")
    assert event.detail["state"]["value"] == "ALARM"
    assert event.detail["configuration"]["metrics"] == [
        {
            "id": "m1",
            "metricStat": {
                "metric": {"namespace": "AWS/EC2", "name": "CPUUtilization", "dimensions": {"InstanceId": "i-0a1"}},
                "period": 60,
                "stat": "Average",
            },
            "returnData": True,
        }
    ]
