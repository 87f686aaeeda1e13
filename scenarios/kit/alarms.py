"""What CloudWatch tells of alarms and of CPU: states, history, datapoints. For the scenarios of scaling and notification."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from scenarios.kit.fleet import GROUP
from scenarios.kit.stage import Stage

MINUTE = timedelta(minutes=1)


def alarm(stage: Stage, name: str) -> dict[str, Any]:
    return dict(stage.ask("cloudwatch", "describe_alarms", AlarmNames=[name])["MetricAlarms"][0])


def state(stage: Stage, name: str) -> str:
    return str(alarm(stage, name)["StateValue"])


def history(stage: Stage, names: Iterable[str], since: datetime, kind: str | None = None) -> list[dict[str, Any]]:
    """Oldest first; `kind`: "StateUpdate", "Action"."""
    given = {"HistoryItemType": kind} if kind else {}
    found = []
    for name in names:
        asked: dict[str, Any] = {"AlarmName": name, "StartDate": since, "EndDate": stage.client.now() + MINUTE, "MaxRecords": 100, **given}
        while True:
            answer = stage.ask("cloudwatch", "describe_alarm_history", **asked)
            found += answer["AlarmHistoryItems"]
            if "NextToken" not in answer:
                break
            asked["NextToken"] = answer["NextToken"]
    found.reverse()  # newest come first: of one moment, too
    return sorted(found, key=lambda item: item["Timestamp"])


def went_to(stage: Stage, name: str, value: str, since: datetime) -> datetime | None:
    """When the alarm first went to the state; None: it has not."""
    updates = history(stage, [name], since, "StateUpdate")
    return next((u["Timestamp"] for u in updates if u["HistorySummary"].endswith(f"to {value}")), None)


def cpu(stage: Stage, since: datetime) -> list[tuple[datetime, float]]:
    """The group's average CPUUtilization in percent, one point for each minute that has one."""
    answer = stage.ask(
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
    """How many measurements of CPU there are of an instance, or in the Region's aggregate (None, EC2-42)."""
    answer = stage.ask(
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


def others_in_detail(stage: Stage, began: datetime) -> list[str]:
    """Ids of instances with detailed monitoring that are not this run's: what the Region's aggregate is made of (EC2-42). A group of the
    same name that was deleted before `began` was not this run's, and its measurements are there still."""
    found = stage.ask("ec2", "describe_instances")["Reservations"]
    instances = [instance for reservation in found for instance in reservation["Instances"] if instance["Monitoring"]["State"] == "enabled"]
    return sorted(instance["InstanceId"] for instance in instances if not _of_this_run(instance, began))


def _of_this_run(instance: dict[str, Any], began: datetime) -> bool:
    tagged = {"Key": "aws:autoscaling:groupName", "Value": GROUP} in instance.get("Tags", [])
    return tagged and instance["LaunchTime"] >= began.replace(microsecond=0)
