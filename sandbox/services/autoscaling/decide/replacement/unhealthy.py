"""Replaces unhealthy members: terminate and launch (ASG-49), or as the maintenance policy says (ASG-105). Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sandbox.core.control import Action
from sandbox.services.autoscaling.actions import RequestReplacement
from sandbox.services.autoscaling.decide import capacity, health, lifecycle, placement, texts
from sandbox.services.autoscaling.decide.replacement.bounds import Bounds, bounds, is_ready
from sandbox.services.autoscaling.model import Delays, Group, Health, HealthFailure, Member, Process, Purpose


def replaced(group: Group, now: datetime, delays: Delays) -> Iterator[Action]:
    if group.maintenance is None:
        for member in health.to_replace(group, now):
            yield from _terminate_and_launch(group, member, now)
        return
    unhealthy = health.unhealthy_members(group)
    for member in unhealthy:
        if member.failure is HealthFailure.NOT_RUNNING:  # ASG-105: an exception, its capacity is gone already
            yield from _terminate_and_launch(group, member, now)
    running = [m for m in unhealthy if m.failure is not HealthFailure.NOT_RUNNING]
    if running:
        limits = bounds(group.desired_capacity, group.maintenance.min_healthy, group.maintenance.max_healthy)
        yield from _within(group, running, limits, now, delays)


def _within(group: Group, running: Sequence[Member], limits: Bounds, now: datetime, delays: Delays) -> Iterator[Action]:
    """An unhealthy member leaves when another one is ready in its place, or when the group can spare it; else one more is launched."""
    counted = group.counted()
    ready = sum(is_ready(group, m, group.default_instance_warmup, now) for m in counted)
    starting = sum(m.health is Health.HEALTHY for m in counted) - ready
    surplus = len(counted) - group.desired_capacity
    succeeded = max(surplus - starting, 0)
    spared = max(group.desired_capacity - limits.minimum - starting - len(group.pending_replacements), 0)
    leaving = running[: max(succeeded, spared)]
    for member in leaving:
        yield from lifecycle.take_out(group, member, _sentence(member, now), member.cause)
        if surplus <= 0:
            yield RequestReplacement(instance_id=member.instance_id)
        surplus -= 1
    if limits.launch_first and not leaving and group.runs(Process.LAUNCH):
        yield from _launched(group, min(len(running) - surplus, limits.maximum - len(counted)), now, delays)


def _launched(group: Group, count: int, now: datetime, delays: Delays) -> Iterator[Action]:
    if count <= 0:
        return
    request = capacity.LaunchRequest(count=count, cause=texts.replaced(now), purpose=Purpose.REPLACEMENT, because=group.cause)
    yield from capacity.launches(group, [request], placement.placements(group, count, now, delays))


def _terminate_and_launch(group: Group, member: Member, now: datetime) -> Iterator[Action]:
    """The replacement does not wait until the old instance is drained (ASG-49)."""
    yield from lifecycle.take_out(group, member, _sentence(member, now), member.cause)
    yield RequestReplacement(instance_id=member.instance_id)


def _sentence(member: Member, now: datetime) -> str:
    return {
        HealthFailure.NOT_RUNNING: texts.not_running,
        HealthFailure.STATUS_CHECK: texts.status_check,
        HealthFailure.APPLICATION: texts.application,
        HealthFailure.SCHEDULED_EVENT: texts.scheduled_event,
        HealthFailure.ELB: texts.elb,
        HealthFailure.USER: texts.user_health_check,
    }[member.failure or HealthFailure.USER](now)
