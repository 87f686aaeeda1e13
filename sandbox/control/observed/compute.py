"""Instances and Auto Scaling groups from moto's objects. Call it with the lock held."""

from collections.abc import Iterator
from operator import attrgetter
from typing import Any

from sandbox.control.observed.model import Activity, Group, Instance
from sandbox.core.control import Scope
from sandbox.services.autoscaling.state import snapshot as autoscaling
from sandbox.services.ec2.state import snapshot as ec2

NEWEST = 6  # activities of a group


def instances(scope: Scope) -> tuple[Instance, ...]:
    members = {member.instance_id: member for group in _groups(scope) for member in group.instance_states}
    return tuple(_instance(each, members.get(each.id)) for at, each in ec2.known() if at == scope)


def groups(scope: Scope) -> tuple[Group, ...]:
    return tuple(_group(each) for each in _groups(scope))


def _groups(scope: Scope) -> Iterator[Any]:
    return (autoscaling.find(scope, name) for at, name in autoscaling.groups() if at == scope)


def _instance(instance: Any, member: Any) -> Instance:
    tags = instance.ec2_backend.tags.get(instance.id, {})
    return Instance(
        instance_id=instance.id,
        name=tags.get("Name", ""),
        zone=instance.placement.zone,
        state=instance.lifecycle_state.value,
        state_since=instance.sandbox.state_since,
        instance_type=instance.instance_type,
        private_ip_address=instance.private_ip,
        system_status=instance.system_status["Status"],
        instance_status=instance.instance_status["Status"],
        application_status=instance.application_status["Status"],
        group=member.instance.autoscaling_group.name if member else None,
        lifecycle_state=member.lifecycle.value if member else None,
        health_status=member.health_status if member else None,
    )


def _group(group: Any) -> Group:
    newest = sorted(group.sandbox.activities.values(), key=attrgetter("start"), reverse=True)[:NEWEST]
    return Group(
        name=group.name,
        min_size=group.min_size,
        desired_capacity=group.desired_capacity,
        max_size=group.max_size,
        lifecycle_states=tuple(member.lifecycle.value for member in group.instance_states),
        health_check_type=group.health_check_type,
        suspended=tuple(sorted(each.value for each in group.sandbox.suspended)),
        activities=tuple(_activity(each) for each in newest),
    )


def _activity(activity: Any) -> Activity:
    return Activity(
        id=activity.id,
        status=activity.status.value,
        description=activity.description,
        cause=activity.cause,
        start=activity.start,
        end=activity.end,
        message=activity.status_message,
    )
