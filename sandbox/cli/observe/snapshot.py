"""What `sandbox status` and `sandbox top` both show: health, groups, instances and target groups, read once.

The state comes from the AWS API, all pages of it; the health of the sandbox from /_sandbox. Table rows that both commands have are here.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sandbox.cli.common import date_time
from sandbox.client import SandboxClient

Snapshot = Mapping[str, Any]
"""{"health", "machines", "groups", "instances", "target_groups"}: responses of the APIs, with "Targets" in each target group; machines by
instance id."""

GROUP_COLUMNS = ("name", "min", "desired", "max", "in service", "others")


def read(sandbox: SandboxClient) -> dict[str, Any]:
    elbv2, autoscaling = sandbox.aws("elbv2"), sandbox.aws("autoscaling")
    return {
        "health": sandbox.get("health"),
        "machines": {each["instance_id"]: each for each in sandbox.get("machines")["machines"]},
        "groups": pages(autoscaling, "describe_auto_scaling_groups", "AutoScalingGroups"),
        "instances": [i for r in pages(sandbox.aws("ec2"), "describe_instances", "Reservations") for i in r["Instances"]],
        "target_groups": [
            {**group, "Targets": elbv2.describe_target_health(TargetGroupArn=group["TargetGroupArn"])["TargetHealthDescriptions"]}
            for group in pages(elbv2, "describe_target_groups", "TargetGroups")
        ],
    }


def pages(client: Any, operation: str, key: str) -> list[dict[str, Any]]:
    return [each for page in client.get_paginator(operation).paginate() for each in page[key]]


def headline(snapshot: Snapshot) -> str:
    health = snapshot["health"]
    clock = f"{date_time(health['now'])} at speed {health['speed']:g}"
    return f"sandbox {health['name']}: {health['status']}, {health['runtime']} runtime, {clock}"


def group_row(group: Mapping[str, Any]) -> tuple[str, ...]:
    """A row of GROUP_COLUMNS."""
    states = Counter(i["LifecycleState"] for i in group["Instances"])
    in_service = states.pop("InService", 0)
    sizes = (str(group["MinSize"]), str(group["DesiredCapacity"]), str(group["MaxSize"]))
    return (group["AutoScalingGroupName"], *sizes, str(in_service), counts(states))


def members(snapshot: Snapshot) -> dict[str, tuple[Mapping[str, Any], str]]:
    """Instance id → the group's entry for the instance, and the group's name."""
    return {i["InstanceId"]: (i, group["AutoScalingGroupName"]) for group in snapshot["groups"] for i in group["Instances"]}


def counts(states: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {state}" for state, count in sorted(states.items()))


def limits(machine: Mapping[str, Any]) -> tuple[str, str]:
    """Cores and memory that the machine of an instance can use now, and how often a process was killed for lack of memory (OOM). Empty: it
    does not run. "no limit": its runtime has none."""
    if machine.get("state") != "running":
        return "", ""
    cores, memory = machine.get("cores"), machine.get("memory_mib")
    killed = f", {kills} OOM" if (kills := machine.get("oom_kills")) else ""
    return f"{cores:g}" if cores else "no limit", f"{memory} MiB{killed}" if memory else "no limit"
