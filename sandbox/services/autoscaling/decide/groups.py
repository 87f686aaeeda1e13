"""What a group does now: the decision of an Auto Scaling group, from its frozen observed state. Pure: no clock, no I/O.

Members in a transition come first, then health checks and replacements, then, when nothing is to be replaced, size and balance. Each call
moves a member by at most one transition. When it returns actions, it asks to be called again at once, with their result observed.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from sandbox.core.control import Action, Decision
from sandbox.services.autoscaling.actions import (
    MoveMember,
    PublishNotification,
    RemoveGroup,
)
from sandbox.services.autoscaling.activity_model import StatusCode
from sandbox.services.autoscaling.decide import capacity, health, hooks, lifecycle, placement, texts
from sandbox.services.autoscaling.decide.capacity import Plan
from sandbox.services.autoscaling.decide.replacement import refreshes, unhealthy
from sandbox.services.autoscaling.lifecycle_model import LifecycleState, Move
from sandbox.services.autoscaling.model import Delays, Group, Memory, Process

AT_ONCE = timedelta(0)


def decide(group: Group, memory: Memory | None, now: datetime, delays: Delays) -> Decision[Memory]:
    memory = _updated_memory(group, memory or Memory(), now, delays)
    notifications = tuple(PublishNotification(activity_id=activity_id, because=group.cause) for activity_id in group.pending_notifications)
    if group.deleting is not None:
        unchecked = replace(memory, checked_at=now)  # otherwise its next health check stays due, and it is looked at all the time
        return _decision((*notifications, *_deletion(group, group.deleting)), Plan(), unchecked, group, now, delays)
    moving = (
        *notifications,
        *lifecycle.arrivals(group, now),
        *lifecycle.warmups(group, now),
        *lifecycle.failures(group),
        *lifecycle.departures(group),
        *hooks.beginnings(group),
        *hooks.waits(group, now),
        *lifecycle.terminations(group),
        *lifecycle.attachments(group),
        *health.marks(group, memory, now, delays),
    )
    plan = _resize(group, memory, now, delays) if not _launch_failed(moving) else Plan()
    checked = health.periodic_check_due(memory, now, delays)
    return _decision(moving, plan, replace(memory, checked_at=now) if checked else memory, group, now, delays)


def _launch_failed(actions: tuple[Action, ...]) -> bool:
    """A member leaves the group with these actions: the next call counts the size without it."""
    return any(isinstance(action, MoveMember) and action.move is Move.FAIL for action in actions)


def _updated_memory(group: Group, memory: Memory, now: datetime, delays: Delays) -> Memory:
    """The memory with what is observed now."""
    since = (memory.uneven_since or now) if capacity.uneven(group, now, delays) else None
    return replace(memory, impaired_since=health.impaired_since(group, memory, now), uneven_since=since)


def _resize(group: Group, memory: Memory, now: datetime, delays: Delays) -> Plan:
    """Replaces unhealthy members, else goes on with an instance refresh, else corrects size and balance."""
    if replaced := tuple(unhealthy.replaced(group, now, delays)):
        return Plan(actions=replaced)
    refresh = refreshes.step(group, now, delays)
    if refresh.actions:
        return refresh
    plan = _sized(group, memory, now, delays)
    looks = [moment for moment in (plan.look_at, refresh.look_at) if moment]
    return replace(plan, look_at=min(looks, default=None))


def _sized(group: Group, memory: Memory, now: datetime, delays: Delays) -> Plan:
    """Corrects the size, else rebalances the zones."""
    short = capacity.missing(group)
    if short > 0:
        return capacity.scale_out(group, now, delays)
    if short < 0:
        return capacity.scale_in(group, now, delays)
    if (plan := capacity.clear_requests(group)).actions:
        return plan
    return capacity.rebalance(group, memory, now, delays)


def _deletion(group: Group, since: datetime) -> Iterator[Action]:
    """ASG-9: every instance is terminated; nothing waits for draining or hooks."""
    if not group.members:
        yield RemoveGroup(because=group.cause)
        return
    remaining = [m for m in group.members if not m.lifecycle.is_terminating]
    cause = texts.force_deleted(since, len(group.counted()))
    for member in remaining:
        yield from lifecycle.take_out(group, member, cause, group.cause)
    terminating = [m for m in group.members if m.lifecycle is LifecycleState.TERMINATING]
    if group.runs(Process.ADD_TO_LOAD_BALANCER):
        yield from lifecycle.deregistration(group, terminating)
    for member in terminating:
        yield MoveMember(instance_id=member.instance_id, move=Move.PROCEED, because=member.cause)
    for member in (m for m in group.members if m.lifecycle is LifecycleState.TERMINATING_WAIT):
        yield MoveMember(instance_id=member.instance_id, move=Move.COMPLETE, because=member.cause)  # ASG-91
    yield from lifecycle.terminations(group)


def _decision(moving: tuple[Action, ...], plan: Plan, memory: Memory, group: Group, now: datetime, delays: Delays) -> Decision[Memory]:
    actions = (*moving, *plan.actions)
    if actions:
        return Decision(memory=memory, actions=actions, look_again=AT_ONCE)
    due = [plan.look_at, _next_check(memory, now, delays), *_next_moves(group, now, delays)]
    return Decision(memory=memory, look_again=placement.until_first(due, now))


def _next_check(memory: Memory, now: datetime, delays: Delays) -> datetime:
    return (memory.checked_at or now) + delays.health_check


def _next_moves(group: Group, now: datetime, delays: Delays) -> Iterator[datetime]:
    """Members that wait for EC2, for draining, for their hooks or for their warmup."""
    yield from hooks.next_moves(group)
    yield from refreshes.next_moves(group, now)
    for member in group.members:
        if member.lifecycle.is_changing:
            yield now + delays.transition
        if member.activity and member.activity.status is StatusCode.WAITING_FOR_INSTANCE_WARMUP and member.in_service_since:
            yield member.in_service_since + group.warmup_of(member)
