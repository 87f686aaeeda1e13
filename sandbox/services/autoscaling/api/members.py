"""Operations on members: health, protection, termination, attachment, detachment, standby (sections 2.4 and 2.6).

One of the parts of `SandboxAutoScaling` (api/assembly.py). A request opens the activity and makes the first transition; the controller
makes the others.
"""

# mypy: allow-subclassing-any

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.autoscaling.models import ASG_NAME_TAG

from sandbox.aws.context import context
from sandbox.aws.seams import replaces
from sandbox.services.autoscaling import errors
from sandbox.services.autoscaling.actions import (
    CloseActivity,
    OpenActivity,
)
from sandbox.services.autoscaling.activity_model import Activity, ActivityKind, StatusCode
from sandbox.services.autoscaling.api.groups import GroupOperations
from sandbox.services.autoscaling.api.quotas import PerCall
from sandbox.services.autoscaling.decide import events, texts
from sandbox.services.autoscaling.decide.health import in_grace_period
from sandbox.services.autoscaling.lifecycle_model import LifecycleState, Move
from sandbox.services.autoscaling.model import Health, HealthFailure
from sandbox.services.autoscaling.state import activities, writes
from sandbox.services.autoscaling.state.snapshot import read_group
from sandbox.services.autoscaling.state.store import SandboxMember, launch_source


class MemberOperations(GroupOperations):
    """Members."""

    def member(self, instance_id: str) -> tuple[Any, SandboxMember]:
        """The instance's group, and the member (ASG-5)."""
        found = self._find_member(instance_id)
        if found is None:
            raise errors.unknown_instance(instance_id)
        return found

    def _find_member(self, instance_id: str) -> tuple[Any, SandboxMember] | None:
        """None: the instance is in no group."""
        members = ((group, member) for group in self.autoscaling_groups.values() for member in group.instance_states)
        return next((found for found in members if found[1].instance_id == instance_id), None)

    def members(self, group: Any, instance_ids: list[str], quota: PerCall = PerCall.INSTANCES) -> list[SandboxMember]:
        """The group's members with these ids. Raises ValidationError when one is not in the group."""
        quota.check(len(instance_ids))
        found = {m.instance_id: m for m in group.instance_states}
        if unknown := [i for i in instance_ids if i not in found]:
            raise errors.not_a_member(unknown[0], group.name)
        return [found[i] for i in dict.fromkeys(instance_ids)]

    # ---- health and protection ---------------------------------------------------------------------------------------------------------

    @replaces(why="ASG-46, ASG-54: the grace period is respected, and the group acts on it")
    def set_instance_health(self, instance_id: str, health_status: str, respect_grace_period: bool = True) -> None:
        group, member = self.member(instance_id)
        if health_status not in {h.value for h in Health}:
            raise errors.invalid("Valid instance health states are: [Healthy, Unhealthy]")
        unhealthy = health_status == Health.UNHEALTHY.value
        if member.lifecycle.is_leaving or (unhealthy and respect_grace_period and self._in_grace_period(group, instance_id)):
            return
        if unhealthy:
            subject = events.Subject(group=group.name, instance_id=instance_id)
            context().journal.record(events.marked_unhealthy(subject, HealthFailure.USER))
        writes.set_health(group, instance_id, HealthFailure.USER if unhealthy else None)

    def _in_grace_period(self, group: Any, instance_id: str) -> bool:
        observed = read_group(group, context().journal)
        member = next(m for m in observed.members if m.instance_id == instance_id)
        return in_grace_period(observed, member, context().clock.now())

    @replaces(why="ASG-68: only in service or standby; unknown ids are refused")
    def set_instance_protection(self, group_name: str, instance_ids: list[str], protected_from_scale_in: bool | None) -> None:
        group = self.group(group_name)
        allowed = (LifecycleState.IN_SERVICE, LifecycleState.ENTERING_STANDBY, LifecycleState.STANDBY)
        members = self.members(group, instance_ids, PerCall.PROTECTED)
        for member in members:
            if member.lifecycle not in allowed:
                raise errors.wrong_lifecycle(member.instance_id, "InService or EnteringStandby or Standby")
        for member in members:
            member.protected_from_scale_in = bool(protected_from_scale_in)

    # ---- terminate ---------------------------------------------------------------------------------------------------------------------

    @replaces(why="ASG-69: an activity, draining, and min size respected")
    def terminate_instance(self, instance_id: str, should_decrement: bool) -> tuple[Any, Activity]:
        group, member = self.member(instance_id)
        if member.lifecycle.is_leaving:
            raise errors.blocked(member.activity_id or "")
        counted = member.lifecycle.counts_toward_desired_capacity
        if should_decrement and counted and group.desired_capacity <= group.min_size:
            raise errors.would_fall_below_min(group.min_size)
        shrink = _resized(group, -1) if should_decrement and counted else None
        cause = texts.user_terminated(context().clock.now(), instance_id, shrink)
        activity = _open_activity(group, member, ActivityKind.TERMINATE, texts.terminating(instance_id), cause)
        writes.move_member(group, instance_id, Move.TAKE_OUT)
        if not should_decrement and counted:
            writes.request_replacement(group, instance_id, unhealthy=False)
        return group, activity

    # ---- attach, detach ----------------------------------------------------------------------------------------------------------------

    @replaces(why="ASG-72: running, in no group, in the group's zones; desired grows up to max")
    def attach_instances(self, group_name: str, instance_ids: list[str]) -> None:
        group = self.group(group_name)
        self._refuse_while_deleting(group)
        PerCall.INSTANCES.check(len(instance_ids))
        instances = [self._attachable(group, i) for i in dict.fromkeys(instance_ids)]
        desired = group.desired_capacity + len(instances)
        if desired > group.max_size:
            raise errors.attaching_above_max(group.max_size, desired)
        group.desired_capacity = desired
        for instance in instances:
            instance.add_tags({ASG_NAME_TAG: group.name})
            member = SandboxMember(group, instance, launch_source(group), context().random.random())
            group.instance_states.append(member)
            cause = texts.attached(context().clock.now(), desired)
            _open_activity(group, member, ActivityKind.ATTACH, texts.attaching(instance.id), cause)

    def _attachable(self, group: Any, instance_id: str) -> Any:
        instance = self.ec2_backend.get_instance_by_id(instance_id)
        if instance is None:
            raise errors.invalid_instance(instance_id)
        if instance.state != "running":
            raise errors.wrong_state(instance_id, "running")
        if found := self._find_member(instance_id):
            raise errors.in_a_group(instance_id, found[0].name)
        if instance.availability_zone not in group.availability_zones:
            raise errors.wrong_zone(instance_id, instance.availability_zone, group.name)
        return instance

    @replaces(why="ASG-71: draining first, the choice about desired capacity, an activity")
    def detach_instances(self, group_name: str, instance_ids: list[str], should_decrement: bool) -> list[tuple[Any, Activity]]:
        group = self.group(group_name)
        members = self.members(group, instance_ids)
        _check_lifecycle(members, (LifecycleState.IN_SERVICE, LifecycleState.STANDBY))
        departure = Departure(ActivityKind.DETACH, Move.DETACH, texts.detaching, texts.detached)
        return _depart(group, members, departure, should_decrement)

    # ---- standby -----------------------------------------------------------------------------------------------------------------------

    @replaces(why="ASG-73: draining first, through EnteringStandby")
    def enter_standby_instances(self, group_name: str, instance_ids: list[str], should_decrement: bool) -> list[tuple[Any, Activity]]:
        group = self.group(group_name)
        members = self.members(group, instance_ids)
        _check_lifecycle(members, (LifecycleState.IN_SERVICE,))
        departure = Departure(ActivityKind.ENTER_STANDBY, Move.ENTER_STANDBY, texts.entering_standby, texts.standby_entered)
        return _depart(group, members, departure, should_decrement)

    @replaces(why="ASG-73: through Pending, registered again before InService; desired grows up to max")
    def exit_standby_instances(self, group_name: str, instance_ids: list[str]) -> list[tuple[Any, Activity]]:
        group = self.group(group_name)
        members = self.members(group, instance_ids)
        _check_lifecycle(members, (LifecycleState.STANDBY,))
        if group.desired_capacity + len(members) > group.max_size:
            raise errors.attaching_above_max(group.max_size, group.desired_capacity + len(members))
        done = []
        for member in members:
            old, new = _resized(group, 1)
            cause = texts.standby_left(context().clock.now(), member.instance_id, old, new)
            activity = _open_activity(group, member, ActivityKind.EXIT_STANDBY, texts.leaving_standby(member.instance_id), cause)
            writes.set_health(group, member.instance_id, None)
            writes.move_member(group, member.instance_id, Move.EXIT_STANDBY)
            done.append((group, activity))
        return done


@dataclass(frozen=True, slots=True)
class Departure:
    """Detachment or standby: the member leaves service, and the instance keeps running."""

    kind: ActivityKind
    move: Move
    description: Callable[[str], str]
    cause: Callable[[datetime, str, tuple[int, int] | None], str]


def _depart(group: Any, members: list[SandboxMember], departure: Departure, should_decrement: bool) -> list[tuple[Any, Activity]]:
    counted = [m for m in members if m.lifecycle.counts_toward_desired_capacity]
    desired = group.desired_capacity - len(counted)
    if should_decrement and desired < group.min_size:
        raise errors.detaching_below_min(group.min_size, desired)
    done = []
    for member in members:
        shrink = _resized(group, -1) if should_decrement and member in counted else None
        cause = departure.cause(context().clock.now(), member.instance_id, shrink)
        activity = _open_activity(group, member, departure.kind, departure.description(member.instance_id), cause)
        writes.move_member(group, member.instance_id, departure.move)
        if not should_decrement and member in counted:
            writes.request_replacement(group, member.instance_id, unhealthy=False)
        done.append((group, activity))
    return done


def _check_lifecycle(members: list[SandboxMember], allowed: tuple[LifecycleState, ...]) -> None:
    for member in members:
        if member.lifecycle not in allowed:
            raise errors.wrong_lifecycle(member.instance_id, " or ".join(state.value for state in allowed))


def _resized(group: Any, by: int) -> tuple[int, int]:
    """The capacity before and after. The request itself moves the members, so no change is left for the controller."""
    group.desired_capacity += by
    return group.desired_capacity - by, group.desired_capacity


INITIAL_STATUS = {  # section 2.5
    ActivityKind.TERMINATE: (StatusCode.IN_PROGRESS, 0),
    ActivityKind.ATTACH: (StatusCode.IN_PROGRESS, 50),  # (U)
    ActivityKind.DETACH: (StatusCode.IN_PROGRESS, 50),
    ActivityKind.ENTER_STANDBY: (StatusCode.IN_PROGRESS, 50),
    ActivityKind.EXIT_STANDBY: (StatusCode.PRE_IN_SERVICE, 30),
}


def _open_activity(group: Any, member: SandboxMember, kind: ActivityKind, description: str, cause: str) -> Activity:
    """Opens the activity, and cancels the one that the member has open."""
    if current := group.sandbox.activities.get(member.activity_id):
        cancelled = CloseActivity(activity_id=current.id, description=current.description, status=StatusCode.CANCELLED)
        activities.close_activity(group, cancelled)
    status, progress = INITIAL_STATUS[kind]
    opening = OpenActivity(
        kind=kind, description=description, cause=cause, status=status, progress=progress, instance_id=member.instance_id
    )
    activity = activities.open_activity(group, opening)
    subject = events.Subject(group=group.name, instance_id=member.instance_id)
    summary = f"{group.name}: a user requested {kind.value} of {member.instance_id}"
    context().journal.record(events.of_activity(events.STARTED, summary, subject, activity))
    return activity
