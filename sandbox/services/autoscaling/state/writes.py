"""What only Auto Scaling itself writes: members, lifecycle states, attachments, sizes. Each function changes one of moto's groups.

Called by the controllers, and by API operations that themselves change members. Activities are in state/activities.py.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.autoscaling.models import ASG_NAME_TAG
from moto.moto_api._internal import mock_random

from sandbox.aws.context import context
from sandbox.core.machine import move
from sandbox.services.autoscaling.actions import (
    ClearHandledRequests,
    DeregisterTargets,
    LaunchInstances,
    OpenActivity,
    RegisterTargets,
    RunScheduledAction,
)
from sandbox.services.autoscaling.activity_model import Activity, ActivityKind, StatusCode, Trigger
from sandbox.services.autoscaling.decide import events, texts
from sandbox.services.autoscaling.lifecycle_model import (
    ATTACHMENT_TRANSITIONS,
    TRANSITIONS,
    AttachmentMove,
    AttachmentState,
    LifecycleState,
    Move,
)
from sandbox.services.autoscaling.model import DesiredChange, Health, HealthFailure, PendingReplacement
from sandbox.services.autoscaling.state import activities
from sandbox.services.autoscaling.state.store import SandboxMember, launch_source, member_of

# ---- members -----------------------------------------------------------------------------------------------------------------------------


def add_members(group: Any, instance_ids: Iterable[str], launch: LaunchInstances) -> None:
    """Makes the launched instances members, each with its launch activity (ASG-58) and Auto Scaling's tag (ASG-20)."""
    for instance_id in instance_ids:
        instance = group.autoscaling_backend.ec2_backend.get_instance(instance_id)
        instance.add_tags({ASG_NAME_TAG: group.name})
        member = SandboxMember(group, instance, launch_source(group), context().random.random(), launch.purpose)
        member.warmup = launch.trigger.warmup if launch.trigger else None
        group.instance_states.append(member)
        opening = OpenActivity(
            kind=ActivityKind.LAUNCH,
            description=texts.launching(instance.id),
            cause=launch.cause,
            status=StatusCode.PRE_IN_SERVICE,
            progress=30,
            instance_id=instance.id,
            trigger=launch.trigger,
        )
        activities.open_activity(group, opening)


def launch_failed(group: Any, launch: LaunchInstances, message: str, *, zonal: bool) -> None:
    """ASG-60, ASG-61: a Failed activity; launches in the zone wait for its retry. `zonal` False: launches in all zones wait."""
    now = context().clock.now()
    activity = Activity(
        id=str(mock_random.uuid4()),
        kind=ActivityKind.LAUNCH,
        description=texts.failed(texts.LAUNCHING, message),
        cause=launch.cause,
        start=now,
        end=now,
        status=StatusCode.FAILED,
        status_message=message,
        progress=100,
        zone=launch.zone,
        subnet_id=launch.subnet_id,
        trigger=launch.trigger,
    )
    activities.add(group, activity)
    activities.request_notification(group, activity)
    for zone in [launch.zone] if zonal else dict.fromkeys(group.availability_zones):
        record_zone_failure(group, zone)
    summary = f"{group.name} could not launch in {launch.zone}: {message}"
    context().journal.record(events.of_activity(events.NOT_LAUNCHED, summary, events.Subject(group=group.name), activity))


def record_zone_failure(group: Any, zone: str) -> None:
    """Launches that fail at the same moment count as one failure."""
    now = context().clock.now()
    failures, failed_at = group.sandbox.failures.get(zone, (0, None))
    if failed_at != now:
        group.sandbox.failures[zone] = (failures + 1, now)


def move_member(group: Any, instance_id: str, how: Move) -> None:
    member = member_of(group, instance_id)
    state = move(TRANSITIONS, f"{instance_id} of {group.name}", member.lifecycle, how)
    member.lifecycle_state = state.value
    member.lifecycle_actions = ()
    if state is LifecycleState.IN_SERVICE:
        member.in_service_since = context().clock.now()
        group.sandbox.failures.pop(member.availability_zone, None)  # not earlier: EC2 accepts launches that fail later
    if how in (Move.ENTER_STANDBY, Move.EXIT_STANDBY):
        member.in_service_since = None  # ASG-45: the grace period starts again
    if state.has_left:
        group.instance_states.remove(member)
        member.instance.autoscaling_group = None
    if state is LifecycleState.DETACHED:
        member.instance.ec2_backend.delete_tags([instance_id], {ASG_NAME_TAG: group.name})


def allow_termination(group: Any, instance_id: str) -> None:
    """EC2-8: termination protection does not stop Auto Scaling."""
    member_of(group, instance_id).instance.disable_api_termination = False


def record_registration(group: Any, change: RegisterTargets | DeregisterTargets) -> None:
    """Which target groups its members are registered in by Auto Scaling (ASG-121)."""
    arn = change.target_group_arn
    for member in group.instance_states:
        if member.instance_id in change.instance_ids:
            others = tuple(each for each in member.registered if each != arn)
            member.registered = (*others, arn) if isinstance(change, RegisterTargets) else others


def set_health(group: Any, instance_id: str, failure: HealthFailure | None) -> None:
    """None: healthy again."""
    member = member_of(group, instance_id)
    member.failure = failure
    member.health_status = (Health.UNHEALTHY if failure else Health.HEALTHY).value


# ---- the group ---------------------------------------------------------------------------------------------------------------------------


def change_desired(group: Any, new: int, sentence: str, trigger: Trigger | None = None) -> None:
    """Sets the desired capacity; the controller acts on it. `sentence`: who changed it, for the causes of activities (ASG-57)."""
    old, group.desired_capacity = group.desired_capacity, new
    record_change(group, old, sentence, trigger)


def record_change(group: Any, old: int, sentence: str, trigger: Trigger | None = None) -> None:
    """Records that the desired capacity has changed from `old`, for the controller."""
    new = group.desired_capacity
    if new == old:
        return
    detail = {"OldDesiredCapacity": old, "NewDesiredCapacity": new, "Cause": sentence}
    subject = events.Subject(group=group.name)
    event = context().journal.record(events.event(events.DESIRED, f"{group.name}: desired capacity {old} → {new}", subject, detail))
    group.sandbox.changes.append(DesiredChange(at=context().clock.now(), sentence=sentence, trigger=trigger, cause=event.id))


def request_replacement(group: Any, instance_id: str, *, unhealthy: bool, refresh: bool = False) -> None:
    cause, now = context().journal.latest(instance_id), context().clock.now()
    group.sandbox.pending_replacements.append(PendingReplacement(at=now, unhealthy=unhealthy, refresh=refresh, cause=cause))


def clear_handled_requests(group: Any, handled: ClearHandledRequests) -> None:
    del group.sandbox.changes[: handled.changes]
    del group.sandbox.pending_replacements[: handled.replacements]


def move_attachment(group: Any, arn: str, how: AttachmentMove) -> None:
    attachments = group.sandbox.attachments
    before = attachments[arn]
    state = move(ATTACHMENT_TRANSITIONS, f"{group.name} and {arn}", before.state, how)
    attachments[arn] = replace(before, state=state, passed=before.passed or how is AttachmentMove.PASS)
    if state is AttachmentState.REMOVED:
        del attachments[arn]


def remove_group(group: Any) -> None:
    group.autoscaling_backend.remove_group(group.name)


def run_scheduled_action(group: Any, run: RunScheduledAction) -> None:
    """Gives the group the action's size, if any, and stores the time of the action's next run."""
    if run.size is not None:
        group.min_size, group.max_size = run.size.min_size, run.size.max_size
        change_desired(group, run.size.desired_capacity, run.sentence)
    actions = group.autoscaling_backend.scheduled_actions
    if run.next_run is None:
        del actions[(group.name, run.name)]
    else:
        actions[(group.name, run.name)] = run.next_run


def record_published_minute(group: Any, minute: datetime) -> None:
    group.metrics_published_at = minute
