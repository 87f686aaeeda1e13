"""Reads alarms and CPU from CloudWatch: states, history, datapoints. For the scaling and notification scenarios."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from scenarios.kit.fleet import GROUP
from scenarios.kit.stage import Stage

MINUTE = timedelta(minutes=1)


def alarm(stage: Stage, name: str) -> dict[str, Any]:
    return dict(stage.query("cloudwatch", "describe_alarms", AlarmNames=[name])["MetricAlarms"][0])


def state(stage: Stage, name: str) -> str:
    return str(alarm(stage, name)["StateValue"])


def history(stage: Stage, names: Iterable[str], since: datetime, kind: str | None = None) -> list[dict[str, Any]]:
    """History items, oldest first. `kind`: "StateUpdate" or "Action"; None: all."""
    kinds = {"HistoryItemType": kind} if kind else {}
    found = []
    for name in names:
        request: dict[str, Any] = {
            "AlarmName": name,
            "StartDate": since,
            "EndDate": stage.client.now() + MINUTE,
            "MaxRecords": 100,
            **kinds,
        }
        while True:
            answer = stage.query("cloudwatch", "describe_alarm_history", **request)
            found += answer["AlarmHistoryItems"]
            if "NextToken" not in answer:
                break
            request["NextToken"] = answer["NextToken"]
    found.reverse()  # newest first, also within one timestamp
    return sorted(found, key=lambda item: item["Timestamp"])


def entered_state_at(stage: Stage, name: str, value: str, since: datetime) -> datetime | None:
    """When the alarm first entered the state; None: it has not."""
    updates = history(stage, [name], since, "StateUpdate")
    return next((u["Timestamp"] for u in updates if u["HistorySummary"].endswith(f"to {value}")), None)


def cpu(stage: Stage, since: datetime) -> list[tuple[datetime, float]]:
    """The group's average CPUUtilization in percent, one point for each minute with data."""
    answer = stage.query(
        "cloudwatch",
        "get_metric_statistics",
        Namespace="AWS/EC2",
        MetricName="CPUUtilization",
        Dimensions=[{"Name": "AutoScalingGroupName", "Value": GROUP}],
        StartTime=since,
        EndTime=stage.client.now() + MINUTE,
        Period=60,
        Statistics=["Average"],
    )
    return sorted((point["Timestamp"], float(point["Average"])) for point in answer["Datapoints"])


def cpu_samples(stage: Stage, since: datetime, until: datetime, instance_id: str | None = None) -> int:
    """The number of CPU samples of one instance, or of the Region's aggregate (None; EC2-42)."""
    answer = stage.query(
        "cloudwatch",
        "get_metric_statistics",
        Namespace="AWS/EC2",
        MetricName="CPUUtilization",
        Dimensions=[{"Name": "InstanceId", "Value": instance_id}] if instance_id else [],
        StartTime=since,
        EndTime=until,
        Period=60,
        Statistics=["SampleCount"],
    )
    return int(sum(point["SampleCount"] for point in answer["Datapoints"]))


def other_detailed_instances(stage: Stage, started_at: datetime) -> list[str]:
    """Ids of instances with detailed monitoring that do not belong to this run, but count in the Region's aggregate (EC2-42).

    They include members of a group of the same name that was deleted before `started_at`: CloudWatch keeps their samples.
    """
    found = stage.query("ec2", "describe_instances")["Reservations"]
    instances = [instance for reservation in found for instance in reservation["Instances"] if instance["Monitoring"]["State"] == "enabled"]
    return sorted(instance["InstanceId"] for instance in instances if not _of_this_run(instance, started_at))


def _of_this_run(instance: dict[str, Any], started_at: datetime) -> bool:
    tagged = {"Key": "aws:autoscaling:groupName", "Value": GROUP} in instance.get("Tags", [])
    return tagged and instance["LaunchTime"] >= started_at.replace(microsecond=0)
