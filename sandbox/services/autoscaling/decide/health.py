"""Which members are unhealthy (section 2.4), and which unhealthy members are replaced now (ASG-50). Pure.

An instance that is not running, or that has a scheduled event (ASG-43), is found at every call; status checks, application status and
load balancer health at the periodic check (ASG-48), and only after the grace period (ASG-45). Marking and replacing are separate, because
each can be suspended (section 2.9).

During a zonal shift a group with `IgnoreUnhealthy` neither marks nor replaces members in the zone that it leaves: they may come back with
it (ASG-112). A member whose instance is terminated cannot come back, and is replaced (U).
"""

from collections.abc import Mapping
from datetime import datetime

from sandbox.services.autoscaling.actions import (
    MarkUnhealthy,
)
from sandbox.services.autoscaling.decide import events
from sandbox.services.autoscaling.lifecycle_model import AttachmentState, LifecycleState
from sandbox.services.autoscaling.model import Attachment, Delays, Group, Health, HealthFailure, Member, Memory, Process

STARTING = frozenset({"pending", "running"})
GONE = frozenset({"shutting-down", "terminated"})


def periodic_check_due(memory: Memory, now: datetime, delays: Delays) -> bool:
    return memory.checked_at is None or now >= memory.checked_at + delays.health_check


def impaired_since(group: Group, memory: Memory, now: datetime) -> Mapping[str, datetime]:
    """Instance id → since when its status check fails, as far as observed."""
    return {m.instance_id: memory.impaired_since.get(m.instance_id, now) for m in group.members if m.impaired}


def marks(group: Group, memory: Memory, now: datetime, delays: Delays) -> tuple[MarkUnhealthy, ...]:
    """`memory` has the current `impaired_since`."""
    if not group.runs(Process.HEALTH_CHECK):
        return ()  # section 2.9: no marking by EC2 or ELB
    healthy = [m for m in group.counted() if m.health is Health.HEALTHY]
    found = {m.instance_id: HealthFailure.SCHEDULED_EVENT for m in healthy if _scheduled(m)}
    found |= {m.instance_id: HealthFailure.NOT_RUNNING for m in healthy if _not_running(m)}
    if periodic_check_due(memory, now, delays):
        found = _periodic_marks(group, memory, now, delays) | found
    return tuple(_mark(group, m, found[m.instance_id]) for m in group.members if m.instance_id in found and not _ignored(group, m))


def _ignored(group: Group, member: Member) -> bool:
    """ASG-112."""
    return group.ignores_unhealthy and member.zone in group.shifted_zones and member.instance_state not in GONE


def _not_running(member: Member) -> bool:
    """ASG-41: at once, even in the grace period. A failed launch is no health check failure."""
    starting = member.lifecycle is LifecycleState.PENDING
    if starting and member.launch_error is not None:
        return False
    return member.instance_state not in STARTING if starting else member.instance_state != "running"


def _scheduled(member: Member) -> bool:
    """ASG-43: at once; in the grace period too (U)."""
    return member.scheduled_event and member.lifecycle is LifecycleState.IN_SERVICE


def _periodic_marks(group: Group, memory: Memory, now: datetime, delays: Delays) -> dict[str, HealthFailure]:
    in_service = [m for m in group.members if m.lifecycle is LifecycleState.IN_SERVICE]
    checked = [m for m in in_service if m.health is Health.HEALTHY and not in_grace_period(group, m, now)]
    found = {m.instance_id: HealthFailure.STATUS_CHECK for m in checked if _impaired_long(m, memory, now, delays)}
    found = {m.instance_id: HealthFailure.APPLICATION for m in checked if m.application_impaired} | found  # ASG-126
    failing = [m for m in checked if elb_unhealthy(group, m)]
    if len(failing) > 1 and all(elb_unhealthy(group, m) for m in in_service):
        complete = len(in_service) >= group.desired_capacity and all(m.health is Health.HEALTHY for m in in_service)
        failing = failing[:1] if complete else []  # ASG-51: not the whole group at once
    return {m.instance_id: HealthFailure.ELB for m in failing} | found


def _impaired_long(member: Member, memory: Memory, now: datetime, delays: Delays) -> bool:
    """ASG-42: the status check must fail for some minutes before the member is marked."""
    return member.impaired and now - memory.impaired_since.get(member.instance_id, now) >= delays.impaired


def in_grace_period(group: Group, member: Member, now: datetime) -> bool:
    """ASG-45: from the moment the member entered service."""
    return member.in_service_since is None or now < member.in_service_since + group.health_check_grace_period


def elb_unhealthy(group: Group, member: Member) -> bool:
    """ASG-44: unhealthy in any attached target group whose attachment is in service and has passed (ASG-82)."""
    if "ELB" not in group.health_check_types:
        return False
    return any(_counts(a) and _fails(member, a.target_group_arn) for a in group.attachments)


def _fails(member: Member, target_group_arn: str) -> bool:
    """ASG-121: also when someone else deregistered it, once it has drained."""
    state = member.targets.get(target_group_arn)
    return state == "unhealthy" or (state is None and target_group_arn in member.registered)


def _counts(attachment: Attachment) -> bool:
    return attachment.state is AttachmentState.IN_SERVICE and attachment.passed


def _mark(group: Group, member: Member, failure: HealthFailure) -> MarkUnhealthy:
    subject = events.Subject(group=group.name, instance_id=member.instance_id, cause=member.cause)
    return MarkUnhealthy(instance_id=member.instance_id, failure=failure, event=events.marked_unhealthy(subject, failure))


# ---- replacing ---------------------------------------------------------------------------------------------------------------------------


def unhealthy_members(group: Group) -> list[Member]:
    """Those that the group may replace, also with scale-in protection (ASG-52)."""
    if not (group.runs(Process.REPLACE_UNHEALTHY) and group.runs(Process.TERMINATE)):
        return []
    return [m for m in group.counted() if m.health is Health.UNHEALTHY and not _ignored(group, m)]


def to_replace(group: Group, now: datetime) -> tuple[Member, ...]:
    """The unhealthy members to be taken out of service now, in a group without a maintenance policy."""
    unhealthy = unhealthy_members(group)
    at_once = [m for m in unhealthy if m.failure in (HealthFailure.NOT_RUNNING, HealthFailure.USER)]
    paced = [m for m in unhealthy if m not in at_once]
    budget = max(1, group.desired_capacity // 10) - _replacing(group, now, len(at_once))
    return (*at_once, *paced[: max(budget, 0)])  # ASG-50


def _replacing(group: Group, now: datetime, leaving: int) -> int:
    """By how many instances the group is below its desired capacity because of replacements in progress."""
    ready = [m for m in group.members if _ready(group, m, now)]
    launching = bool(group.pending_replacements) and group.runs(Process.LAUNCH)
    replacing = bool(leaving) or launching or any(m.activity is not None for m in group.members)
    starting = len(group.counted()) - len(ready)
    return max(group.desired_capacity - len(ready) + leaving, 0) if replacing or starting else 0


def _ready(group: Group, member: Member, now: datetime) -> bool:
    """In service, its initial health checks over and its warmup passed."""
    if member.lifecycle is not LifecycleState.IN_SERVICE or member.in_service_since is None:
        return False
    checking = "ELB" in group.health_check_types and "initial" in member.targets.values()
    return not checking and now >= member.in_service_since + group.default_instance_warmup
