"""Makes the frozen observed state of a group from moto's objects: the group, its EC2 instances, its load balancer targets.

Called by the controllers under the lock; changes nothing. It reads moto directly: an API call would cost a hundred times as much, and
be recorded as an event.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.autoscaling.models import autoscaling_backends

from sandbox.aws import backends
from sandbox.aws.backends import walk
from sandbox.aws.context import context
from sandbox.core.control import Scope
from sandbox.core.journal import Journal
from sandbox.services.autoscaling.decide.metrics import GroupSample, ObservedGroups
from sandbox.services.autoscaling.model import Group, Health, Member, Process, Subnet, Zone
from sandbox.services.autoscaling.schedule_model import GroupSize, Schedule
from sandbox.services.autoscaling.state.activities import last_activity_end
from sandbox.services.autoscaling.state.refreshes import observed_refresh
from sandbox.services.autoscaling.state.store import SandboxMember, aware, launch_source

IGNORE = "IgnoreUnhealthy"


def groups() -> Iterator[tuple[Scope, str]]:
    """All groups of all accounts and Regions."""
    for scope, backend in walk(autoscaling_backends):
        for name in backend.autoscaling_groups:
            yield scope, name


def find(scope: Scope, name: str) -> Any:
    """moto's group; None when there is none of that name."""
    backend = backends.find(autoscaling_backends, scope)
    return backend.autoscaling_groups.get(name) if backend else None


def read_group(group: Any, journal: Journal) -> Group:
    extra = group.sandbox
    health = _target_health(group)
    attached = [a for arn, a in extra.attachments.items() if arn in group.autoscaling_backend.elbv2_backend.target_groups]
    return Group(
        name=group.name,
        min_size=group.min_size,
        max_size=group.max_size,
        desired_capacity=group.desired_capacity,
        zones=tuple(_zones(group)),
        source=launch_source(group),
        members=tuple(_member(group, m, health.get(m.instance_id, {}), journal) for m in group.instance_states),
        attachments=tuple(attached),
        termination_policies=tuple(group.termination_policies),
        health_check_types=frozenset(group.health_check_type.replace(" ", "").split(",")),
        health_check_grace_period=timedelta(seconds=group.health_check_grace_period),
        default_instance_warmup=timedelta(seconds=extra.default_instance_warmup or 0),
        suspended=frozenset(extra.suspended),
        hooks=tuple(extra.hooks.values()),
        balanced_only=extra.availability_zone_distribution == "balanced-only",
        shifted_zones=context().zonal_shifts.shifted_zones(group.arn),
        ignores_unhealthy=(extra.availability_zone_impairment_policy or {}).get("ImpairedZoneHealthCheckBehavior") == IGNORE,
        changes=tuple(extra.changes),
        pending_replacements=tuple(extra.pending_replacements),
        refresh=observed_refresh(group, journal),
        maintenance=extra.maintenance,
        deleting=extra.deleting,
        resized_at=last_activity_end(group),
        pending_notifications=tuple(extra.pending_notifications),
        cause=journal.latest(group.name),
    )


def _zones(group: Any) -> Iterator[Zone]:
    """Enabled zones in the order of the group's subnets. Without subnets: the default subnet of each zone."""
    ec2 = group.autoscaling_backend.ec2_backend
    if group.vpc_zone_identifier:
        ids = group.vpc_zone_identifier.split(",")
        subnets = [ec2.subnets[z][i] for i in ids for z in ec2.subnets if i in ec2.subnets[z]]
    else:
        defaults = ec2.get_default_subnets()
        subnets = [defaults[z] for z in group.availability_zones if z in defaults]
    for name in dict.fromkeys(group.availability_zones):
        failures, failed_at = group.sandbox.failures.get(name, (0, None))
        here = tuple(Subnet(id=s.id, free_addresses=_free(ec2, s)) for s in subnets if s.availability_zone == name)
        yield Zone(name=name, subnets=here, failures=failures, failed_at=failed_at)


def _free(ec2: Any, subnet: Any) -> int:
    return int(subnet._available_ip_addresses) - backends.taken_addresses(ec2)[subnet.id]


def _target_health(group: Any) -> dict[str, dict[str, str]]:
    """Instance id → target group ARN → state, for the group's target groups that exist.

    Only registrations on the target group's own port count: those on another port were made, and are removed, by a user (TG-4).
    """
    elbv2 = group.autoscaling_backend.elbv2_backend
    found: dict[str, dict[str, str]] = {}
    for arn in group.sandbox.attachments:
        if arn not in elbv2.target_groups:
            continue
        for target in elbv2.describe_target_health(arn, []):
            if int(target.port) == int(elbv2.target_groups[arn].port):
                found.setdefault(target.instance_id, {})[arn] = target.status
    return found


def _member(group: Any, member: SandboxMember, targets: dict[str, str], journal: Journal) -> Member:
    instance = member.instance
    return Member(
        instance_id=member.instance_id,
        zone=member.availability_zone,
        lifecycle=member.lifecycle,
        instance_state=instance.state,
        launched_at=aware(instance.launch_time),
        source=member.source,
        health=Health(member.health_status),
        failure=member.failure,
        impaired="impaired" in (instance.instance_status["Status"], instance.system_status["Status"]),
        application_impaired=instance.application_status["Status"] == "impaired",
        scheduled_event=any(event.active for event in instance.sandbox.scheduled_events),
        targets=targets,
        registered=member.registered,
        in_service_since=member.in_service_since,
        protected=bool(member.protected_from_scale_in),
        purpose=member.purpose,
        launch_error=_launch_error(member),
        activity=group.sandbox.activities.get(member.activity_id),
        warmup=member.warmup,
        tie_breaker=member.tie_breaker,
        lifecycle_actions=member.lifecycle_actions,
        cause=journal.latest(member.instance_id),
    )


def _launch_error(member: SandboxMember) -> str | None:
    """Why EC2 could not start the instance; None: it started, or was stopped or terminated by request."""
    instance = member.instance
    if instance.state not in ("shutting-down", "terminated") or member.in_service_since is not None or not instance.state_reason:
        return None
    code: str = instance.state_reason.code
    requested = code.endswith("InitiatedShutdown")
    return None if requested or not code else f"{instance.state_reason.message.rstrip('.')}."


# ---- schedules and metrics ---------------------------------------------------------------------------------------------------------------


def scheduled() -> Iterator[tuple[Scope, str]]:
    """The groups that have scheduled actions."""
    for scope, backend in walk(autoscaling_backends):
        for name in dict.fromkeys(action.auto_scaling_group_name for action in backend.scheduled_actions.values()):
            yield scope, name


def read_schedule(group: Any, journal: Journal) -> Schedule | None:
    """None: the group has no scheduled actions, or it is being deleted."""
    actions = tuple(a for a in group.autoscaling_backend.scheduled_actions.values() if a.auto_scaling_group_name == group.name)
    if not actions or group.sandbox.deleting is not None:
        return None
    return Schedule(
        auto_scaling_group_name=group.name,
        actions=actions,
        size=GroupSize(min_size=group.min_size, max_size=group.max_size, desired_capacity=group.desired_capacity),
        suspended=Process.SCHEDULED_ACTIONS in group.sandbox.suspended,
        causes={action.name: cause for action in actions if (cause := journal.latest(action.name))},
    )


def read_metrics(scope: Scope) -> ObservedGroups:
    backend = backends.find(autoscaling_backends, scope)
    groups = backend.autoscaling_groups.values() if backend else ()
    return ObservedGroups(scope=scope, groups=tuple(_sample(group) for group in groups if group.metrics))


def _sample(group: Any) -> GroupSample:
    return GroupSample(
        name=group.name,
        enabled=tuple(group.metrics),
        min_size=group.min_size,
        max_size=group.max_size,
        desired_capacity=group.desired_capacity,
        members=tuple(member.lifecycle for member in group.instance_states),
        published=group.metrics_published_at,
    )
