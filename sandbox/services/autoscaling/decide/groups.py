"""What a group does now: the ladder of an Auto Scaling group, from its frozen picture. Pure: no clock, no I/O.

Members on their way go on; then the group looks after its health; then, when nobody has to be replaced, after its size and balance. Each
call takes every member at most one step, and asks to be called again at once when there was a step: the next picture tells the rest.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from sandbox.core.control import Action, Decision
from sandbox.services.autoscaling.actions import (
    ForgetGroup,
    MoveMember,
    Notify,
    Owe,
)
from sandbox.services.autoscaling.activity_model import StatusCode
from sandbox.services.autoscaling.decide import capacity, health, lifecycle, placement, texts
from sandbox.services.autoscaling.decide.capacity import Plan
from sandbox.services.autoscaling.lifecycle_model import LifecycleState, Move
from sandbox.services.autoscaling.model import Delays, Group, HealthFailure, Member, Memory, Process

AT_ONCE = timedelta(0)


def decide(group: Group, memory: Memory | None, now: datetime, delays: Delays) -> Decision[Memory]:
    memory = _seen(group, memory or Memory(), now, delays)
    notices = tuple(Notify(activity_id=activity_id) for activity_id in group.notices)
    if group.deleting is not None:
        return _decision((*notices, *_deletion(group, group.deleting)), Plan(), memory, group, now, delays)
    moving = (
        *notices,
        *lifecycle.arrivals(group, now),
        *lifecycle.warmups(group, now),
        *lifecycle.failures(group),
        *lifecycle.departures(group),
        *lifecycle.terminations(group),
        *lifecycle.attachments(group),
        *health.marks(group, memory, now, delays),
    )
    plan = _sizing(group, memory, now, delays) if not lifecycle_changes_size(moving) else Plan()
    checked = health.periodic_check_due(memory, now, delays)
    return _decision(moving, plan, replace(memory, checked_at=now) if checked else memory, group, now, delays)


def lifecycle_changes_size(steps: tuple[Action, ...]) -> bool:
    """A member is just failing: the size is counted in the next picture, without it."""
    return any(isinstance(s, MoveMember) and s.move is Move.FAIL for s in steps)


def _seen(group: Group, memory: Memory, now: datetime, delays: Delays) -> Memory:
    """The memory with what this picture shows."""
    since = (memory.uneven_since or now) if capacity.uneven(group, now, delays) else None
    return replace(memory, impaired_since=health.impaired_since(group, memory, now), uneven_since=since)


def _sizing(group: Group, memory: Memory, now: datetime, delays: Delays) -> Plan:
    """Replaces, or launches, or takes, or balances."""
    if sick := health.to_replace(group, now):
        return Plan(steps=tuple(step for member in sick for step in _replacement(group, member, now)))
    short = capacity.missing(group)
    if short > 0:
        return capacity.scale_out(group, now, delays)
    if short < 0:
        return capacity.scale_in(group, now, delays)
    if (plan := capacity.settled(group)).steps:
        return plan
    return capacity.rebalance(group, memory, now, delays)


def _replacement(group: Group, member: Member, now: datetime) -> Iterator[Action]:
    """Terminate, then launch: the place is owed at once and filled without waiting for the draining of the old instance (ASG-49)."""
    sentence = {
        HealthFailure.NOT_RUNNING: texts.not_running,
        HealthFailure.STATUS_CHECK: texts.status_check,
        HealthFailure.ELB: texts.elb,
        HealthFailure.USER: texts.user_health_check,
    }[member.failure or HealthFailure.USER]
    yield from lifecycle.take_out(group, member, sentence(now), member.cause)
    yield Owe(instance_id=member.instance_id)


def _deletion(group: Group, since: datetime) -> Iterator[Action]:
    """ASG-9: every instance is terminated; nothing waits for draining or hooks."""
    if not group.members:
        yield ForgetGroup()
        return
    staying = [m for m in group.members if m.lifecycle not in {LifecycleState.TERMINATING, LifecycleState.TERMINATING_PROCEED}]
    cause = texts.force_deleted(since, len(group.counted()))
    for member in staying:
        yield from lifecycle.take_out(group, member, cause, group.cause)
    leaving = [m for m in group.members if m.lifecycle is LifecycleState.TERMINATING]
    if group.does(Process.ADD_TO_LOAD_BALANCER):
        yield from lifecycle.deregistration(group, leaving)
    for member in leaving:
        yield MoveMember(instance_id=member.instance_id, move=Move.PROCEED, because=member.cause)
    yield from lifecycle.terminations(group)


def _decision(moving: tuple[Action, ...], plan: Plan, memory: Memory, group: Group, now: datetime, delays: Delays) -> Decision[Memory]:
    steps = (*moving, *plan.steps)
    if steps:
        return Decision(memory=memory, actions=steps, look_again=AT_ONCE)
    moments = [plan.look_at, _next_check(memory, now, delays), *_next_moves(group, now, delays)]
    return Decision(memory=memory, look_again=placement.later(moments, now))


def _next_check(memory: Memory, now: datetime, delays: Delays) -> datetime:
    return (memory.checked_at or now) + delays.health_check


def _next_moves(group: Group, now: datetime, delays: Delays) -> Iterator[datetime]:
    """Members that wait for EC2, for draining or for their warmup."""
    for member in group.members:
        if member.lifecycle.is_changing:
            yield now + delays.transition
        if member.activity and member.activity.status is StatusCode.WAITING_FOR_INSTANCE_WARMUP and member.in_service_since:
            yield member.in_service_since + group.warmup_of(member)
