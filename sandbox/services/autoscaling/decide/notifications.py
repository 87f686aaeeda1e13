"""Notifications about ended activities, and the test notification: subject and message as AWS sends them (ASG-119, SNS-33). Pure.

state/activities.py stores which activities are to be published; state/notifications.py publishes them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox.services.autoscaling.activity_model import Activity, ActivityKind, StatusCode

SERVICE = "AWS Auto Scaling"
TEST = "autoscaling:TEST_NOTIFICATION"
KINDS: Mapping[tuple[ActivityKind, StatusCode], str] = {
    (ActivityKind.LAUNCH, StatusCode.SUCCESSFUL): "autoscaling:EC2_INSTANCE_LAUNCH",
    (ActivityKind.LAUNCH, StatusCode.FAILED): "autoscaling:EC2_INSTANCE_LAUNCH_ERROR",
    (ActivityKind.TERMINATE, StatusCode.SUCCESSFUL): "autoscaling:EC2_INSTANCE_TERMINATE",
    (ActivityKind.TERMINATE, StatusCode.FAILED): "autoscaling:EC2_INSTANCE_TERMINATE_ERROR",
}
TYPES = (*KINDS.values(), TEST)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupNames:
    name: str
    arn: str
    account: str


def kind(activity: Activity) -> str | None:
    """The notification type of the ended activity; None: it has no notification."""
    return KINDS.get((activity.kind, activity.status))


def subject(group: GroupNames, activity: Activity) -> str:
    """(U)"""
    what = "launch" if activity.kind is ActivityKind.LAUNCH else "termination"
    failed = "failed " if activity.status is StatusCode.FAILED else ""
    return f'Auto Scaling: {failed}{what} for group "{group.name}"'


def message(group: GroupNames, activity: Activity, alarms: Sequence[Mapping[str, Any]]) -> str:
    """`alarms`: those that triggered the activity, as `invoking_alarm` returns them. Keys in the order of a real message."""
    ends = ("EC2", "AutoScalingGroup") if activity.kind is ActivityKind.LAUNCH else ("AutoScalingGroup", "EC2")
    failed = activity.status is StatusCode.FAILED
    end = _milliseconds(activity.end or activity.start)
    details = {"Subnet ID": activity.subnet_id, "Availability Zone": activity.zone, "InvokingAlarms": list(alarms)}
    return json.dumps(
        {
            "Origin": ends[0],
            "Destination": ends[1],
            "Progress": 100 if failed else 50,
            "AccountId": group.account,
            "Description": activity.description,
            "RequestId": activity.id,
            "EndTime": end,
            "AutoScalingGroupARN": group.arn,
            "ActivityId": activity.id,
            "StartTime": _milliseconds(activity.start),
            "Service": SERVICE,
            "Time": end,
            "EC2InstanceId": activity.instance_id or "",
            "StatusCode": "Failed" if failed else "InProgress",
            "StatusMessage": activity.status_message or "",
            "Details": {name: value for name, value in details.items() if value},
            "AutoScalingGroupName": group.name,
            "Cause": activity.cause,
            "Event": kind(activity),
        }
    )


def test_subject(group: GroupNames) -> str:
    """(U)"""
    return f'Auto Scaling: test notification for group "{group.name}"'


def test_message(group: GroupNames, request_id: str, now: datetime) -> str:
    """ASG-92's shape."""
    return json.dumps(
        {
            "AccountId": group.account,
            "RequestId": request_id,
            "AutoScalingGroupARN": group.arn,
            "AutoScalingGroupName": group.name,
            "Service": SERVICE,
            "Event": TEST,
            "Time": _milliseconds(now),
        }
    )


def invoking_alarm(alarm: Mapping[str, Any], account: str, region: str) -> dict[str, Any]:
    """An alarm of DescribeAlarms in the form of InvokingAlarms: as CloudWatch's own message, with times as numbers."""
    trigger = {
        "MetricName": alarm.get("MetricName"),
        "Namespace": alarm.get("Namespace"),
        "StatisticType": "Statistic",
        "Statistic": str(alarm.get("Statistic", "")).upper(),
        "Unit": alarm.get("Unit"),
        "Dimensions": [{"value": d["Value"], "name": d["Name"]} for d in alarm.get("Dimensions", [])],
        "Period": alarm.get("Period"),
    }
    rules = {
        "EvaluationPeriods": alarm["EvaluationPeriods"],
        "ComparisonOperator": alarm["ComparisonOperator"],
        "Threshold": alarm["Threshold"],
        "TreatMissingData": alarm.get("TreatMissingData", ""),
        "EvaluateLowSampleCountPercentile": alarm.get("EvaluateLowSampleCountPercentile", ""),
    }
    return {
        "AlarmArn": alarm["AlarmArn"],
        "AlarmName": alarm["AlarmName"],
        "AWSAccountId": account,
        "Region": region,
        "AlarmDescription": alarm.get("AlarmDescription"),
        "AlarmConfigurationUpdatedTimestamp": _epoch(alarm.get("AlarmConfigurationUpdatedTimestamp")),
        "StateChangeTime": _epoch(alarm.get("StateTransitionedTimestamp") or alarm.get("StateUpdatedTimestamp")),
        "OldStateValue": "ALARM",
        "NewStateValue": "ALARM",
        "NewStateReason": alarm.get("StateReason"),
        "OKActions": alarm.get("OKActions", []),
        "AlarmActions": alarm.get("AlarmActions", []),
        "InsufficientDataActions": alarm.get("InsufficientDataActions", []),
        "Trigger": ({"Metrics": _plain(alarm["Metrics"])} if alarm.get("Metrics") else trigger) | rules,
    }


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value, default=str))


def _epoch(moment: datetime | None) -> int | None:
    return int(moment.timestamp() * 1000) if moment else None


def _milliseconds(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
