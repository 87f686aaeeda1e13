"""Checks the targets of a request: each must exist, be of a type that the kind accepts, and be in a state that it can act on."""

import re

from sandbox.core.errors import UserError
from sandbox.core.ports import Inventory, KnownInstance
from sandbox.faults.kind import Kind, Reach, Target, TargetType

INSTANCE_ID = re.compile(r"i-[0-9a-z]+")
MOST = 500  # targets of one request
IN = "@"  # "web@us-east-1a": the instances of a group in one zone
ENDPOINTS = {"elasticloadbalancing": "elbv2", "monitoring": "cloudwatch"}
"""What AWS calls a service in hosts and events, where botocore has another name."""


def resolve(kind: Kind, names: tuple[str, ...], inventory: Inventory) -> tuple[Target, ...]:
    """Each target once, in the given order. Raises UserError."""
    if not names and TargetType.ANY not in kind.targets:
        raise UserError(f"{kind.name} needs a target: {_accepted(kind)}.", "sandbox fault kinds")
    if len(names) > MOST:
        raise UserError(f"{len(names)} targets are too many: at most {MOST}. Name an Auto Scaling group or a zone.", "sandbox fault kinds")
    return tuple(dict.fromkeys(_target(kind, name, inventory) for name in names))


def instances_now(kind: Kind, targets: tuple[Target, ...], inventory: Inventory) -> tuple[str, ...]:
    """The instances that the targets stand for, in a state that the kind can act on. Raises UserError if there is none."""
    if kind.reach is Reach.ITSELF:
        return ()
    found = tuple(i.instance_id for i in inventory.instances() if i.state in kind.states and any(covers(t, i) for t in targets))
    if not found and kind.reach is Reach.INSTANCES_NOW:
        places = ", ".join(target.name for target in targets)
        raise UserError(f"{places} has no instance that is {_either(sorted(kind.states))}, so there is nothing to break.", "sandbox status")
    return found


def covers(target: Target, instance: KnownInstance) -> bool:
    """Whether the instance is the target, or belongs to it."""
    match target.type:
        case TargetType.INSTANCE:
            return instance.instance_id == target.name
        case TargetType.GROUP:
            return instance.group is not None and target.name in (instance.group, f"{instance.group}{IN}{instance.zone}")
        case TargetType.ZONE:
            return instance.zone == target.name
        case _:
            return False


def _target(kind: Kind, name: str, inventory: Inventory) -> Target:
    if TargetType.ANY in kind.targets:
        return Target(type=TargetType.ANY, name=name)
    if INSTANCE_ID.fullmatch(name) and TargetType.INSTANCE in kind.targets:
        return _instance(kind, name, inventory)
    if TargetType.ZONE in kind.targets and (zone := inventory.zone(name)):
        return Target(type=TargetType.ZONE, name=zone.name)
    if TargetType.SUBNET in kind.targets and any(subnet.subnet_id == name for subnet in inventory.subnets()):
        return Target(type=TargetType.SUBNET, name=name)
    if TargetType.GROUP in kind.targets and name in inventory.groups():
        return Target(type=TargetType.GROUP, name=name)
    if TargetType.GROUP in kind.targets and (narrowed := _group_in_zone(name, inventory)):
        return Target(type=TargetType.GROUP, name=narrowed)
    if TargetType.SERVICE in kind.targets and (service := ENDPOINTS.get(name, name)) in inventory.services():
        return Target(type=TargetType.SERVICE, name=service)
    raise UserError(f"There is no {_accepted(kind)} {name!r}.", "sandbox status" if name else "sandbox fault kinds")


def _group_in_zone(name: str, inventory: Inventory) -> str | None:
    """`web@use1-az6` → `web@us-east-1a`; None: it is not a group and a zone."""
    group, _, zone = name.rpartition(IN)
    found = inventory.zone(zone) if group in inventory.groups() else None
    return f"{group}{IN}{found.name}" if found else None


def _instance(kind: Kind, instance_id: str, inventory: Inventory) -> Target:
    found = inventory.instance(instance_id)
    if found is None:
        raise UserError(f"There is no instance {instance_id!r}.", "sandbox status")
    if found.state not in kind.states:
        raise UserError(f"{instance_id} is {found.state}: {kind.name} needs one that is {_either(sorted(kind.states))}.", "sandbox status")
    return Target(type=TargetType.INSTANCE, name=instance_id)


def _accepted(kind: Kind) -> str:
    return _either([_NAMES[each] for each in kind.targets])


def _either(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


_NAMES = {
    TargetType.INSTANCE: "instance",
    TargetType.GROUP: "Auto Scaling group",
    TargetType.ZONE: "Availability Zone",
    TargetType.SUBNET: "subnet",
    TargetType.SERVICE: "service",
    TargetType.ANY: "text",
}
