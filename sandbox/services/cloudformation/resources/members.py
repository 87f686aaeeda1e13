"""The instances of an Auto Scaling group during a rolling update: which of them are obsolete, and the calls that replace them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sandbox.services.cloudformation.resources.base import Call

MOVING = {"$Latest": "LatestVersionNumber", "$Default": "DefaultVersionNumber"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """`obsolete`: it was not launched from what the group launches from now, or not in one of its subnets."""

    id: str
    in_service: bool
    leaving: bool
    obsolete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSeen:
    minimum: int
    maximum: int
    desired: int
    suspended: frozenset[str] = frozenset()
    members: tuple[Member, ...] = ()

    @property
    def in_service(self) -> int:
        return sum(member.in_service for member in self.members)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspend:
    processes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    processes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSize:
    """None: it stays."""

    minimum: int | None = None
    desired: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminate:
    """`replaced`: the group launches others."""

    ids: tuple[str, ...]
    replaced: bool


GroupCall = Suspend | Resume | SetSize | Terminate


def look(call: Call, name: str) -> GroupSeen | None:
    found = call("autoscaling", "describe_auto_scaling_groups", AutoScalingGroupNames=[name])["AutoScalingGroups"]
    if not found:
        return None
    group = found[0]
    source, subnets = _source(call, group), [each for each in group.get("VPCZoneIdentifier", "").split(",") if each]
    where = _subnets(call, [each["InstanceId"] for each in group["Instances"]]) if subnets else {}
    return GroupSeen(
        minimum=group["MinSize"],
        maximum=group["MaxSize"],
        desired=group["DesiredCapacity"],
        suspended=frozenset(each["ProcessName"] for each in group.get("SuspendedProcesses", [])),
        members=tuple(_member(each, source, subnets, where) for each in group["Instances"]),
    )


def _member(instance: dict[str, Any], source: tuple[str, str], subnets: list[str], where: dict[str, str]) -> Member:
    state, subnet = instance["LifecycleState"], where.get(instance["InstanceId"])
    misplaced = subnet is not None and bool(subnets) and subnet not in subnets
    return Member(
        id=instance["InstanceId"],
        in_service=state == "InService",
        leaving=state.startswith(("Terminat", "Detach")),
        obsolete=_launched_from(instance) != source or misplaced,
    )


def _launched_from(instance: dict[str, Any]) -> tuple[str, str]:
    template = instance.get("LaunchTemplate") or {}
    if template:
        return template["LaunchTemplateId"], str(template["Version"])
    return "", instance.get("LaunchConfigurationName") or ""


def _source(call: Call, group: dict[str, Any]) -> tuple[str, str]:
    """What the group launches from: template and version as a number, or "" and a configuration."""
    template = group.get("LaunchTemplate") or {}
    if not template:
        return "", group.get("LaunchConfigurationName") or ""
    version = str(template.get("Version") or "$Default")
    if version in MOVING:
        described = call("ec2", "describe_launch_templates", LaunchTemplateIds=[template["LaunchTemplateId"]])["LaunchTemplates"]
        version = str(described[0][MOVING[version]]) if described else version
    return template["LaunchTemplateId"], version


def _subnets(call: Call, ids: list[str]) -> dict[str, str]:
    """Instance → subnet."""
    if not ids:
        return {}
    filters = [{"Name": "instance-id", "Values": ids}]  # one that is gone already is no error
    found = call("ec2", "describe_instances", Filters=filters)["Reservations"]
    return {each["InstanceId"]: each.get("SubnetId", "") for reservation in found for each in reservation["Instances"]}


def carry_out(call: Call, name: str, calls: Iterable[GroupCall]) -> None:
    """Raises ApiError."""
    for each in calls:
        match each:
            case Suspend(processes=processes):
                call("autoscaling", "suspend_processes", AutoScalingGroupName=name, ScalingProcesses=list(processes))
            case Resume(processes=processes):
                call("autoscaling", "resume_processes", AutoScalingGroupName=name, ScalingProcesses=list(processes))
            case SetSize():
                sizes = {"MinSize": each.minimum, "DesiredCapacity": each.desired}
                given = {parameter: size for parameter, size in sizes.items() if size is not None}
                call("autoscaling", "update_auto_scaling_group", AutoScalingGroupName=name, **given)
            case Terminate():
                _terminate(call, each)


def _terminate(call: Call, given: Terminate) -> None:
    for instance_id in given.ids:
        decrement = not given.replaced
        named = {"InstanceId": instance_id, "ShouldDecrementDesiredCapacity": decrement}
        call("autoscaling", "terminate_instance_in_auto_scaling_group", **named)
