"""The messages to topics, key by key in the order of a captured one."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sandbox.services.autoscaling.activity_model import Activity, ActivityKind, StatusCode
from sandbox.services.autoscaling.decide import notifications
from sandbox.services.autoscaling.decide.notifications import GroupNames
from tests.support import rule
from tests.support.services.groups import NOW, activity

ARN = "arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:u:autoScalingGroupName/web"
WEB = GroupNames(name="web", arn=ARN, account="123456789012")


def ended(kind: ActivityKind = ActivityKind.TERMINATE, status: StatusCode = StatusCode.SUCCESSFUL, **more: Any) -> Activity:
    given = {
        "zone": "us-east-1a",
        "subnet_id": "subnet-1",
        "end": NOW + timedelta(seconds=61.5),
        "description": "Terminating EC2 instance: i-1",
    }
    return replace(activity("i-1", kind, status), **(given | more))


@rule("SNS-33", "ASG-119")
def test_a_termination_is_told_as_aws_tells_it() -> None:
    message = json.loads(notifications.message(WEB, ended(), []))
    expected = {
        "Origin": "AutoScalingGroup",
        "Destination": "EC2",
        "Progress": 50,
        "AccountId": "123456789012",
        "Description": "Terminating EC2 instance: i-1",
        "RequestId": "activity of i-1",
        "EndTime": "2026-05-07T12:01:01.500Z",
        "AutoScalingGroupARN": ARN,
        "ActivityId": "activity of i-1",
        "StartTime": "2026-05-07T12:00:00.000Z",
        "Service": "AWS Auto Scaling",
        "Time": "2026-05-07T12:01:01.500Z",
        "EC2InstanceId": "i-1",
        "StatusCode": "InProgress",
        "StatusMessage": "",
        "Details": {"Subnet ID": "subnet-1", "Availability Zone": "us-east-1a"},
        "AutoScalingGroupName": "web",
        "Cause": "because",
        "Event": "autoscaling:EC2_INSTANCE_TERMINATE",
    }
    assert list(message.items()) == list(expected.items())
    assert notifications.subject(WEB, ended()) == 'Auto Scaling: termination for group "web"'


@rule("SNS-33")
def test_a_launch_comes_from_ec2() -> None:
    launched = ended(ActivityKind.LAUNCH)
    message = json.loads(notifications.message(WEB, launched, [{"AlarmName": "high"}]))
    assert (message["Origin"], message["Destination"], message["Event"]) == ("EC2", "AutoScalingGroup", "autoscaling:EC2_INSTANCE_LAUNCH")
    assert message["Details"]["InvokingAlarms"] == [{"AlarmName": "high"}]
    assert notifications.subject(WEB, launched) == 'Auto Scaling: launch for group "web"'


@pytest.mark.parametrize(
    ("kind", "status", "expected"),
    [
        (ActivityKind.LAUNCH, StatusCode.SUCCESSFUL, "autoscaling:EC2_INSTANCE_LAUNCH"),
        (ActivityKind.LAUNCH, StatusCode.FAILED, "autoscaling:EC2_INSTANCE_LAUNCH_ERROR"),
        (ActivityKind.TERMINATE, StatusCode.SUCCESSFUL, "autoscaling:EC2_INSTANCE_TERMINATE"),
        (ActivityKind.TERMINATE, StatusCode.FAILED, "autoscaling:EC2_INSTANCE_TERMINATE_ERROR"),
        (ActivityKind.LAUNCH, StatusCode.CANCELLED, None),
        (ActivityKind.DETACH, StatusCode.SUCCESSFUL, None),
    ],
)
@rule("ASG-119")
def test_which_activities_have_a_notification(kind: ActivityKind, status: StatusCode, expected: str | None) -> None:
    assert notifications.kind(ended(kind, status)) == expected


@rule("SNS-33", "CW-48")
def test_an_invoking_alarm_looks_like_cloudwatch_s_message_with_times_as_numbers() -> None:
    alarm = {
        "AlarmName": "high",
        "AlarmArn": "arn:high",
        "AlarmConfigurationUpdatedTimestamp": NOW,
        "StateTransitionedTimestamp": NOW + timedelta(seconds=1),
        "StateReason": "Threshold Crossed",
        "EvaluationPeriods": 3,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 70.0,
        "Statistic": "Average",
        "MetricName": "CPUUtilization",
        "Namespace": "AWS/EC2",
        "Dimensions": [{"Name": "AutoScalingGroupName", "Value": "web"}],
        "Period": 60,
    }
    message = notifications.invoking_alarm(alarm, "123456789012", "us-east-1")
    assert (message["StateChangeTime"], message["AlarmConfigurationUpdatedTimestamp"]) == (1778155201000, 1778155200000)
    assert (message["OldStateValue"], message["NewStateValue"], message["NewStateReason"]) == ("ALARM", "ALARM", "Threshold Crossed")
    assert (message["Trigger"]["Statistic"], message["Trigger"]["Threshold"]) == ("AVERAGE", 70.0)
    assert message["Trigger"]["Dimensions"] == [{"value": "web", "name": "AutoScalingGroupName"}]


@rule("ASG-119")
def test_the_test_message() -> None:
    message = json.loads(notifications.test_message(WEB, "r-1", NOW))
    assert (message["Event"], message["AutoScalingGroupName"], message["Time"]) == (
        "autoscaling:TEST_NOTIFICATION",
        "web",
        "2026-05-07T12:00:00.000Z",
    )
