"""Transitions of members (into service, out of service, into standby, out of the group) and of target group attachments. Pure.

Each function handles one kind of transition and returns the next actions of all members in it, from their observed state alone: a missed
or repeated call does no harm.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from sandbox.core.control import Action
from sandbox.core.events import Event
from sandbox.services.autoscaling.actions import (
    CloseActivity,
    DeregisterTargets,
    MoveAttachment,
    MoveMember,
    OpenActivity,
    RecordZoneFailure,
    RegisterTargets,
    TerminateInstance,
    UpdateActivity,
)
from sandbox.services.autoscaling.activity_model import ActivityKind, StatusCode, Trigger
from sandbox.services.autoscaling.decide import events, texts
from sandbox.services.autoscaling.lifecycle_model import AttachmentMove, AttachmentState, LifecycleState, Move
from sandbox.services.autoscaling.model import ENDED_STATES, Attachment, Group, Member, Process

DRAINING = "draining"


def _subject(group: Group, member: Member) -> events.Subject:
    return events.Subject(group=group.name, instance_id=member.instance_id, cause=member.cause)


# ---- into service ------------------------------------------------------------------------------------------------------------------------


def arrivals(group: Group, now: datetime) -> Iterator[Action]:
    """Running, and its launch hooks over: registered with the target groups first, then InService (ASG-79)."""
    arrived = [m for m in group.members if _ready(group, m) and m.instance_state == "running"]
    if group.runs(Process.ADD_TO_LOAD_BALANCER):  # ASG-84
        for attachment in group.attachments:
            yield from _registration(attachment, arrived)
    for member in arrived:
        yield MoveMember(instance_id=member.instance_id, move=Move.ENTER_SERVICE, event=_in_service(group, member))
        yield from _arrival_activity(group, member)


def _ready(group: Group, member: Member) -> bool:
    if member.lifecycle is LifecycleState.PENDING:
        return not group.launch_hooks(member)
    return member.lifecycle is LifecycleState.PENDING_PROCEED


def _registration(attachment: Attachment, members: Iterable[Member]) -> Iterator[Action]:
    if attachment.state is AttachmentState.REMOVING:
        return
    arn = attachment.target_group_arn
    missing = [m for m in members if m.targets.get(arn, DRAINING) == DRAINING]
    if missing:
        yield RegisterTargets(target_group_arn=arn, instance_ids=tuple(m.instance_id for m in missing), because=missing[-1].cause)


def _in_service(group: Group, member: Member) -> Event:
    launched = member.activity is None or member.activity.kind is ActivityKind.LAUNCH
    title = events.LAUNCHED if launched else events.ENDED
    return events.of_activity(title, f"{member.instance_id} is in service in {group.name}", _subject(group, member), member.activity)


def _arrival_activity(group: Group, member: Member) -> Iterator[Action]:
    """ASG-58: the activity is successful at once, or after the warmup."""
    activity = member.activity
    if activity is None:
        return
    if group.warmup_of(member) and activity.kind is ActivityKind.LAUNCH:
        status = StatusCode.WAITING_FOR_INSTANCE_WARMUP
        yield UpdateActivity(activity_id=activity.id, description=activity.description, status=status, progress=66)
    else:
        yield CloseActivity(activity_id=activity.id, description=activity.description)


def warmups(group: Group, now: datetime) -> Iterator[Action]:
    """The activities of members whose warmup has passed."""
    for member in group.members:
        activity = member.activity
        waiting = activity is not None and activity.status is StatusCode.WAITING_FOR_INSTANCE_WARMUP
        if activity and waiting and member.in_service_since and now >= member.in_service_since + group.warmup_of(member):
            yield CloseActivity(activity_id=activity.id, description=activity.description)


def failures(group: Group) -> Iterator[Action]:
    """Launches that EC2 accepted and that failed later: the zone counts a failure, and the launch is retried (ASG-61)."""
    for member in group.members:
        if member.lifecycle is not LifecycleState.PENDING or member.launch_error is None:
            continue
        summary = f"{group.name} could not launch {member.instance_id} in {member.zone}: {member.launch_error}"
        event = events.of_activity(events.NOT_LAUNCHED, summary, _subject(group, member), member.activity)
        yield MoveMember(instance_id=member.instance_id, move=Move.FAIL, event=event)
        yield RecordZoneFailure(zone=member.zone)
        if member.activity:
            description = texts.failed(member.activity.description, member.launch_error)
            yield CloseActivity(
                activity_id=member.activity.id, description=description, status=StatusCode.FAILED, status_message=member.launch_error
            )


# ---- out of service ----------------------------------------------------------------------------------------------------------------------


def take_out(group: Group, member: Member, cause: str, because: str | None, trigger: Trigger | None = None) -> Iterator[Action]:
    """Opens the terminate activity (ASG-59), and cancels an activity of the member that is still open."""
    if member.activity:
        yield CloseActivity(activity_id=member.activity.id, description=member.activity.description, status=StatusCode.CANCELLED)
    yield from terminate(group, member, cause, because, trigger)


def terminate(group: Group, member: Member, cause: str, because: str | None, trigger: Trigger | None = None) -> Iterator[Action]:
    """Of a member without an open activity."""
    subject = events.Subject(group=group.name, instance_id=member.instance_id, cause=because)
    sentence = cause.rsplit(" was taken out of service ", 1)[-1].split(".", 1)[0]
    summary = f"{group.name} takes {member.instance_id} out of service {sentence}"
    yield OpenActivity(
        kind=ActivityKind.TERMINATE,
        description=texts.terminating(member.instance_id),
        cause=cause,
        status=StatusCode.IN_PROGRESS,
        progress=0,
        instance_id=member.instance_id,
        trigger=trigger,
        event=events.event(events.STARTED, summary, subject),
    )
    yield MoveMember(instance_id=member.instance_id, move=Move.TAKE_OUT)


def departures(group: Group) -> Iterator[Action]:
    """Members that leave service are deregistered and drained; then they terminate, detach or enter standby (ASG-80, ASG-71, ASG-73)."""
    leaving = [m for m in group.members if m.lifecycle.is_draining]
    if group.runs(Process.ADD_TO_LOAD_BALANCER):  # ASG-84
        yield from deregistration(group, leaving)
    for member in leaving:
        if drained(group, member):
            yield from _proceed(group, member)
        elif DRAINING in member.targets.values():
            yield from _draining_activity(member)


def drained(group: Group, member: Member) -> bool:
    """It is registered nowhere any more; while AddToLoadBalancer is suspended, nothing waits for that (ASG-84)."""
    return not member.targets or not group.runs(Process.ADD_TO_LOAD_BALANCER)


def deregistration(group: Group, members: Iterable[Member]) -> Iterator[Action]:
    """Deregisters `members` from every target group of the group."""
    for attachment in group.attachments:
        arn = attachment.target_group_arn
        present = [m for m in members if m.targets.get(arn, DRAINING) != DRAINING]
        if present:
            yield DeregisterTargets(target_group_arn=arn, instance_ids=tuple(m.instance_id for m in present), because=present[-1].cause)


def _draining_activity(member: Member) -> Iterator[Action]:
    activity = member.activity
    if activity and activity.kind is ActivityKind.TERMINATE and activity.status is StatusCode.IN_PROGRESS:
        yield UpdateActivity(
            activity_id=activity.id,
            description=texts.terminating(member.instance_id) + texts.DRAINING,
            status=StatusCode.WAITING_FOR_ELB_CONNECTION_DRAINING,
            progress=50,
        )


def _proceed(group: Group, member: Member) -> Iterator[Action]:
    if member.lifecycle is LifecycleState.TERMINATING and group.termination_hooks(member):
        return  # ASG-80: decide/hooks.py begins the wait
    yield MoveMember(instance_id=member.instance_id, move=Move.PROCEED, because=member.cause)
    if member.activity is None:
        return
    if member.lifecycle is LifecycleState.TERMINATING:
        description = texts.terminating(member.instance_id)
        yield UpdateActivity(activity_id=member.activity.id, description=description, status=StatusCode.IN_PROGRESS, progress=50)
    else:
        summary = f"{member.instance_id} of {group.name}: {member.activity.kind.value} ended"
        event = events.of_activity(events.ENDED, summary, _subject(group, member), member.activity)
        yield CloseActivity(activity_id=member.activity.id, description=member.activity.description, event=event)


def terminations(group: Group) -> Iterator[Action]:
    """Drained members are terminated at EC2, and leave the group when EC2 shows them terminated."""
    for member in group.members:
        if member.lifecycle is not LifecycleState.TERMINATING_PROCEED:
            continue
        if member.instance_state not in ENDED_STATES:
            yield TerminateInstance(instance_id=member.instance_id, because=member.cause)
        elif member.instance_state == "terminated":
            summary = f"{member.instance_id} is terminated and has left {group.name}"
            event = events.of_activity(events.TERMINATED, summary, _subject(group, member), member.activity)
            yield MoveMember(instance_id=member.instance_id, move=Move.LEAVE, event=event)
            if member.activity:
                yield CloseActivity(activity_id=member.activity.id, description=texts.terminating(member.instance_id))


# ---- attachments -------------------------------------------------------------------------------------------------------------------------


def attachments(group: Group) -> Iterator[Action]:
    """ASG-82, ASG-83."""
    for attachment in group.attachments:
        match attachment.state:
            case AttachmentState.ADDING:
                yield from _adding(group, attachment)
            case AttachmentState.REMOVING:
                yield from _removing(group, attachment)
            case _:
                yield from _passing(group, attachment)


def _in_service_members(group: Group) -> list[Member]:
    return [m for m in group.members if m.lifecycle is LifecycleState.IN_SERVICE]


def _adding(group: Group, attachment: Attachment) -> Iterator[Action]:
    if group.runs(Process.ADD_TO_LOAD_BALANCER):
        yield from _registration(attachment, [m for m in _in_service_members(group) if m.instance_state == "running"])
    yield _moved(group, attachment, AttachmentMove.REGISTER)


def _removing(group: Group, attachment: Attachment) -> Iterator[Action]:
    arn = attachment.target_group_arn
    present = [m for m in _in_service_members(group) if arn in m.targets]
    registered = [m.instance_id for m in present if m.targets[arn] != DRAINING]
    if registered:
        yield DeregisterTargets(target_group_arn=arn, instance_ids=tuple(registered), because=group.cause)
    elif not present:
        yield _moved(group, attachment, AttachmentMove.DRAIN)


def _passing(group: Group, attachment: Attachment) -> Iterator[Action]:
    healthy = any(m.targets.get(attachment.target_group_arn) == "healthy" for m in _in_service_members(group))
    if healthy and not attachment.passed:
        yield _moved(group, attachment, AttachmentMove.PASS)


def _moved(group: Group, attachment: Attachment, move: AttachmentMove) -> Action:
    arn = attachment.target_group_arn
    subject = events.Subject(group=group.name, other_resources=(arn, arn.split("/")[1]), cause=group.cause)
    summary = f"{group.name} and target group {arn.split('/')[1]}: {move.value}"
    return MoveAttachment(target_group_arn=arn, move=move, event=events.event(events.ATTACHMENT, summary, subject))
