"""The resources that a target of a template means, found by the Describe operations of their services (FIS-2 to FIS-6)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.core.errors import ApiError
from sandbox.services.fis.action_model import GROUP, INSTANCE, MANAGED_RESOURCE, MOST_INSTANCES, RESOURCE_TYPES, ROLE, SPOT_INSTANCE, SUBNET
from sandbox.services.fis.decide.filters import has_tags, matches
from sandbox.services.fis.decide.selection import Chance, select
from sandbox.services.fis.decide.texts import targets_missing, too_many_targets
from sandbox.services.fis.kinds.base import Call
from sandbox.services.fis.model import INVALID_TARGET, QUOTA_EXCEEDED_FAILURE, Experiment, Failure, Target

ENDED = ("terminated", "shutting-down")
TAGS_AT_ONCE = 20
"""Load balancers in one request of DescribeTags."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A resource: its ARN, its tags, and how its Describe operation describes it."""

    arn: str
    tags: Mapping[str, str]
    described: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """`chosen`: ARNs that the experiment takes. `missing`: ARNs of the template that do not exist."""

    chosen: tuple[str, ...]
    missing: tuple[str, ...]


def resolve(call: Call, target: Target, chance: Chance) -> Resolved:
    """Raises ApiError if a Describe operation does."""
    known = tuple(FINDERS[target.resource_type](call, target))
    if target.resource_arns:
        arns = {each.arn for each in known}
        missing = tuple(arn for arn in target.resource_arns if arn not in arns)
        known = tuple(each for each in known if each.arn in target.resource_arns)
    else:
        missing = ()
        known = tuple(each for each in known if has_tags(target.resource_tags, each.tags))
    fitting = [each.arn for each in known if matches(target.filters, each.described)]
    return Resolved(chosen=select(fitting, target.selection_mode, chance), missing=missing)


def refusal(experiment: Experiment, name: str, found: Resolved) -> Failure | None:
    """Why the experiment cannot have these targets: one of its ARNs does not exist (FIS-6), or they are too many (FIS-7)."""
    location = f"target:{name}"
    if found.missing:
        return Failure(reason=targets_missing(found.missing), code=INVALID_TARGET, location=location)
    target = experiment.targets[name]
    if target.resource_arns:
        return None
    actions = [run.action.action_id for run in experiment.runs.values() if name in run.action.targets.values()]
    limits = [RESOURCE_TYPES[target.resource_type].most_by_tags, *(MOST_INSTANCES.get(each) for each in actions)]
    most = min((each for each in limits if each is not None), default=None)
    if most is None or len(found.chosen) <= most:
        return None
    return Failure(reason=too_many_targets(name, len(found.chosen), most), code=QUOTA_EXCEEDED_FAILURE, location=location)


def _arn(call: Call, service: str, resource: str) -> str:
    return f"arn:aws:{service}:{call.scope.region}:{call.scope.account}:{resource}"


def _tags(described: Mapping[str, Any]) -> Mapping[str, str]:
    return {each["Key"]: each.get("Value", "") for each in described.get("Tags", ())}


def _instances(call: Call, target: Target) -> Iterator[Found]:
    for reservation in call.pages("ec2", "describe_instances", "Reservations", Filters=_by_tags(target)):
        for each in reservation["Instances"]:
            if each["State"]["Name"] not in ENDED:
                yield Found(arn=_arn(call, "ec2", f"instance/{each['InstanceId']}"), tags=_tags(each), described=each)


def _spot_instances(call: Call, target: Target) -> Iterator[Found]:
    return (each for each in _instances(call, target) if each.described.get("InstanceLifecycle") == "spot")


def _by_tags(target: Target) -> list[dict[str, Any]]:
    return [{"Name": "tag-key", "Values": list(target.resource_tags)}] if target.resource_tags else []


def _subnets(call: Call, target: Target) -> Iterator[Found]:
    zone, vpc = target.parameters.get("availabilityZoneIdentifier"), target.parameters.get("vpc")
    for each in call.pages("ec2", "describe_subnets", "Subnets"):
        in_zone = zone in (None, each["AvailabilityZone"], each.get("AvailabilityZoneId"))  # FIS-4
        if in_zone and vpc in (None, each["VpcId"]):
            yield Found(arn=_arn(call, "ec2", f"subnet/{each['SubnetId']}"), tags=_tags(each), described=each)


def _groups(call: Call, target: Target) -> Iterator[Found]:
    for each in call.pages("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups"):
        yield Found(arn=each["AutoScalingGroupARN"], tags=_tags(each), described=each)


def _roles(call: Call, target: Target) -> Iterator[Found]:
    """Only by ARN (FIS-25)."""
    for arn in target.resource_arns:
        try:
            found = call("iam", "get_role", RoleName=arn.rpartition("/")[2])["Role"]
        except ApiError as error:
            if error.code != "NoSuchEntity":
                raise
        else:
            yield Found(arn=found["Arn"], tags={}, described=found)


def _managed_resources(call: Call, target: Target) -> Iterator[Found]:
    listed = call.pages("arc-zonal-shift", "list_managed_resources", "items")
    tags = _tags_of([each["arn"] for each in listed], call)
    for each in listed:
        yield Found(arn=each["arn"], tags=tags.get(each["arn"], {}), described={name[:1].upper() + name[1:]: v for name, v in each.items()})


def _tags_of(arns: Sequence[str], call: Call) -> Mapping[str, Mapping[str, str]]:
    groups = {each.arn: each.tags for each in _groups(call, Target(resource_type=GROUP, selection_mode="ALL"))}
    balancers = [arn for arn in arns if ":loadbalancer/" in arn]
    found: dict[str, Mapping[str, str]] = dict(groups)
    for start in range(0, len(balancers), TAGS_AT_ONCE):
        asked = balancers[start : start + TAGS_AT_ONCE]
        for each in call("elbv2", "describe_tags", ResourceArns=asked)["TagDescriptions"]:
            found[each["ResourceArn"]] = _tags(each)
    return found


FINDERS: Mapping[str, Callable[[Call, Target], Iterator[Found]]] = {
    INSTANCE: _instances,
    SPOT_INSTANCE: _spot_instances,
    SUBNET: _subnets,
    GROUP: _groups,
    ROLE: _roles,
    MANAGED_RESOURCE: _managed_resources,
}
