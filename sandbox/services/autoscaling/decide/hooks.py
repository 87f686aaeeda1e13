"""Members that wait for lifecycle hooks (ASG-79, ASG-80, ASG-88 to ASG-91): when a wait begins, what its messages say, how it ends. Pure.

All hooks of a transition run at the same time (U). The wait is over when each of them has CONTINUE, or when one has ABANDON. Whoever
completes an action (a user, through api/hooks.py, or the timeout here) only stores its result; the next call makes the transition.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from sandbox.core.control import Action
from sandbox.core.events import Event
from sandbox.services.autoscaling.actions import (
    CloseActivity,
    EndLifecycleAction,
    MoveMember,
    NotifyLifecycleAction,
    StartLifecycleActions,
    UpdateActivity,
)
from sandbox.services.autoscaling.activity_model import StatusCode
from sandbox.services.autoscaling.decide import events, lifecycle, texts
from sandbox.services.autoscaling.decide.notifications import SERVICE, GroupNames
from sandbox.services.autoscaling.hook_model import LifecycleAction, Result, Transition
from sandbox.services.autoscaling.lifecycle_model import LifecycleState, Move
from sandbox.services.autoscaling.model import Group, Member

TIMED_OUT = "Heartbeat Timeout"
PROGRESS = 60  # per cent, of an activity whose instance waits (U)
DETAIL_TYPES = {Transition.LAUNCHING: events.LAUNCH_HOOK, Transition.TERMINATING: events.TERMINATE_HOOK}


def beginnings(group: Group) -> Iterator[Action]:
    """Launched instances that run, and drained ones, begin to wait."""
    for member in group.members:
        launched = member.lifecycle is LifecycleState.PENDING and member.instance_state == "running"
        leaves = member.lifecycle is LifecycleState.TERMINATING and lifecycle.drained(group, member)
        if launched and group.launch_hooks(member):
            yield from _begin(member, Transition.LAUNCHING, StatusCode.MID_LIFECYCLE_ACTION)
        elif leaves and group.termination_hooks(member):
            yield from _begin(member, Transition.TERMINATING, StatusCode.MID_TERMINATING_LIFECYCLE_ACTION)


def _begin(member: Member, transition: Transition, status: StatusCode) -> Iterator[Action]:
    yield MoveMember(instance_id=member.instance_id, move=Move.WAIT, because=member.cause)
    yield StartLifecycleActions(instance_id=member.instance_id, transition=transition, because=member.cause)
    if member.activity:
        wording = texts.launching if transition is Transition.LAUNCHING else texts.terminating
        description = wording(member.instance_id)
        yield UpdateActivity(activity_id=member.activity.id, description=description, status=status, progress=PROGRESS)


def waits(group: Group, now: datetime) -> Iterator[Action]:
    """The members that wait already: messages that are due, timeouts, and the end of the wait."""
    for member in group.members:
        if not member.lifecycle.is_waiting:
            continue
        for action in member.lifecycle_actions:
            yield from _of_action(group, member, action, now)
        yield from _end(group, member, now)


def _of_action(group: Group, member: Member, action: LifecycleAction, now: datetime) -> Iterator[Action]:
    if action.hook.notification_target and not action.notified:
        yield NotifyLifecycleAction(instance_id=member.instance_id, hook=action.hook.name, because=member.cause)
    if action.result is None and now >= action.expires:
        subject = events.Subject(group=group.name, instance_id=member.instance_id, cause=member.cause)
        yield EndLifecycleAction(
            instance_id=member.instance_id,
            hook=action.hook.name,
            result=action.hook.default_result,
            event=ended(subject, action, action.hook.default_result, TIMED_OUT),
        )


def _end(group: Group, member: Member, now: datetime) -> Iterator[Action]:
    """ASG-90: the first ABANDON ends the wait for the others, too."""
    abandoned = next((a for a in member.lifecycle_actions if a.result is Result.ABANDON), None)
    if abandoned is None and any(a.result is None for a in member.lifecycle_actions):
        return
    if abandoned and member.lifecycle is LifecycleState.PENDING_WAIT:
        yield from _abandoned_launch(group, member, abandoned, now)
        return
    yield MoveMember(instance_id=member.instance_id, move=Move.COMPLETE, because=member.cause)
    if member.activity and member.lifecycle is LifecycleState.TERMINATING_WAIT:
        description = texts.terminating(member.instance_id)
        yield UpdateActivity(activity_id=member.activity.id, description=description, status=StatusCode.IN_PROGRESS, progress=PROGRESS)


def _abandoned_launch(group: Group, member: Member, action: LifecycleAction, now: datetime) -> Iterator[Action]:
    """The launch is cancelled and the instance terminated; the group then launches another, because it misses one."""
    message = texts.abandoned(action.token, action.reason)
    if member.activity:
        subject = events.Subject(group=group.name, instance_id=member.instance_id, cause=member.cause)
        summary = f"{group.name} could not launch {member.instance_id}: {message}"
        yield CloseActivity(
            activity_id=member.activity.id,
            description=texts.failed(texts.launching(member.instance_id), message),
            status=StatusCode.CANCELLED,
            status_message=message,
            event=events.of_activity(events.NOT_LAUNCHED, summary, subject, member.activity),
        )
    yield from lifecycle.terminate(group, member, texts.hook_abandoned(now), member.cause)


def next_moves(group: Group) -> Iterator[datetime]:
    """When a timeout is over."""
    for member in group.members:
        if member.lifecycle.is_waiting:
            yield from (action.expires for action in member.lifecycle_actions if action.result is None)


# ---- events and messages -----------------------------------------------------------------------------------------------------------------


def detail(group_name: str, instance_id: str, action: LifecycleAction) -> dict[str, str]:
    """ASG-93: of AWS's event, and of the message with which targets are notified."""
    hook = action.hook
    ends = ("EC2", "AutoScalingGroup") if hook.transition is Transition.LAUNCHING else ("AutoScalingGroup", "EC2")
    metadata = {"NotificationMetadata": hook.metadata} if hook.metadata else {}
    return {
        "LifecycleActionToken": action.token,
        "AutoScalingGroupName": group_name,
        "LifecycleHookName": hook.name,
        "EC2InstanceId": instance_id,
        "LifecycleTransition": hook.transition.value,
        **metadata,
        "Origin": ends[0],
        "Destination": ends[1],
    }


def message(group: GroupNames, instance_id: str, action: LifecycleAction, request_id: str) -> str:
    """ASG-92."""
    head = {"AccountId": group.account, "RequestId": request_id, "Service": SERVICE, "Time": _milliseconds(action.started)}
    return json.dumps(detail(group.name, instance_id, action) | head)


def subject(instance_id: str, action: LifecycleAction) -> str:
    """Of the e-mail; the two spaces are AWS's."""
    return f"Auto Scaling:  Lifecycle action '{action.hook.transition.short}' for instance {instance_id} in progress."


def ended(subject: events.Subject, action: LifecycleAction, result: Result, reason: str) -> Event:
    summary = f"lifecycle hook {action.hook.name} for {subject.instance_id} of {subject.group}: {result.value} ({reason})"
    facts: Mapping[str, str] = {
        "LifecycleHookName": action.hook.name,
        "EC2InstanceId": subject.instance_id or "",
        "LifecycleActionResult": result.value,
    }
    return events.event(events.HOOK_ENDED, summary, subject, facts)


def _milliseconds(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
