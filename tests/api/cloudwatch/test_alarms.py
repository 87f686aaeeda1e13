"""Alarms by the API: configuration, evaluation, actions, history. Codes and texts are AWS's."""

import json
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

import sandbox.services.cloudwatch.api.responses  # noqa: F401 - declares its seam
from sandbox.core.metrics import of_value
from sandbox.services.cloudwatch.state.writes import publish_metrics
from tests.support import rule
from tests.support.services.cloudwatch_stage import (
    HERE,
    MINUTE,
    MISSING_TOPIC,
    NOON,
    POLICY,
    CloudWatch,
    datum,
    error,
    heard,
    stat,
    subscribed,
)


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
