"""What the AWS API says of the reference service now: members, targets, zones, activities. Prints nothing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scenarios.kit.stack.names import GROUP, LOAD_BALANCER
from scenarios.kit.stage import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An instance of the group."""

    instance_id: str
    zone: str  # zone name
    state: str  # lifecycle state: "InService"
    health: str  # "Healthy" | "Unhealthy"


def group(stage: Stage) -> dict[str, Any]:
    """The group as DescribeAutoScalingGroups returns it; without members if it does not exist."""
    found = stage.query("autoscaling", "describe_auto_scaling_groups", AutoScalingGroupNames=[GROUP])["AutoScalingGroups"]
    return dict(found[0]) if found else {"Instances": [], "DesiredCapacity": 0}


def members(stage: Stage) -> list[Member]:
    """By instance id."""
    found = sorted(group(stage)["Instances"], key=lambda each: str(each["InstanceId"]))
    return [
        Member(instance_id=i["InstanceId"], zone=i["AvailabilityZone"], state=i["LifecycleState"], health=i["HealthStatus"]) for i in found
    ]


def in_service(stage: Stage) -> list[str]:
    return [member.instance_id for member in members(stage) if member.state == "InService"]


def targets(stage: Stage, target_group: str) -> dict[str, str]:
    """Instance id → target health state."""
    found = stage.query("elbv2", "describe_target_health", TargetGroupArn=target_group)["TargetHealthDescriptions"]
    return {t["Target"]["Id"]: t["TargetHealth"]["State"] for t in found}


def healthy(stage: Stage, target_group: str) -> list[str]:
    return sorted(i for i, state in targets(stage, target_group).items() if state == "healthy")


def zone_of(stage: Stage) -> dict[str, str]:
    """Instance id → zone name, of every instance that the group has or had (terminated ones are visible for an hour)."""
    filters = [{"Name": "tag:aws:autoscaling:groupName", "Values": [GROUP]}]
    found = stage.query("ec2", "describe_instances", Filters=filters)["Reservations"]
    return {i["InstanceId"]: i["Placement"]["AvailabilityZone"] for r in found for i in r["Instances"]}


def activities(stage: Stage, since: datetime) -> list[dict[str, Any]]:
    """The group's scaling activities since a time (rounded down to a second), oldest first."""
    found = stage.query("autoscaling", "describe_scaling_activities", AutoScalingGroupName=GROUP)["Activities"]
    return sorted((a for a in found if a["StartTime"] >= since.replace(microsecond=0)), key=lambda a: a["StartTime"])


def settled(stage: Stage, target_group: str) -> str:
    """What keeps the service from being whole and balanced; empty if nothing does: desired = in service = healthy, zones differ by at
    most one, and no activity is in progress (TTR-full)."""
    now, found = group(stage), members(stage)
    serving = [member for member in found if member.state == "InService" and member.health == "Healthy"]
    whole = set(healthy(stage, target_group))
    if len(serving) != int(now["DesiredCapacity"]):
        return f"{len(serving)} of {now['DesiredCapacity']} instances are in service"
    if len(found) != len(serving):
        return f"{len(found) - len(serving)} instances are not in service yet, or no longer"
    if missing := [member.instance_id for member in serving if member.instance_id not in whole]:
        return f"{missing[0]} is in service, but no healthy target"
    zones = list(now["AvailabilityZones"])
    counts = [sum(member.zone == zone for member in serving) for zone in zones]
    return f"the zones have {', '.join(map(str, counts))} instances" if max(counts) - min(counts) > 1 else ""


def listener_url(stage: Stage) -> str | None:
    """The address of the load balancer's port 80 on this machine; None: there is no listener yet."""
    found = [e["url"] for e in stage.client.get("endpoints")["endpoints"] if e["load_balancer"] == LOAD_BALANCER and e["port"] == 80]
    return found[0] if found else None
