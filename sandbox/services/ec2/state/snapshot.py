"""What the controllers read: moto's instances, and the observed state of one of them with its machine. Reads only."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.ec2.models import ec2_backends

from sandbox.aws import backends
from sandbox.aws.active_faults import AnnouncedEvent, Hosted
from sandbox.aws.backends import walk
from sandbox.aws.context import context
from sandbox.core.control import Scope
from sandbox.drivers.runtime.base import Container, Runtime
from sandbox.services.ec2.decide.metrics import Series
from sandbox.services.ec2.events_model import ScheduledEvent
from sandbox.services.ec2.model import InstanceState, Observed, ShutdownBehavior
from sandbox.services.ec2.state import launch_spec
from sandbox.services.ec2.state.addresses import cidr_blocks

GROUP_TAG = "aws:autoscaling:groupName"  # ASG-20


def known() -> Iterator[tuple[Scope, Any]]:
    """All instances of all accounts and Regions, oldest first in each."""
    for scope, backend in walk(ec2_backends):
        for reservation in backend.reservations.values():
            for instance in reservation.instances:
                yield scope, instance


def state_lost() -> str:
    """The state file that was set aside before this state began, or "". Machines without an instance may belong to that state."""
    lost = (backend.sandbox_state_lost for _, backend in walk(ec2_backends))
    return next((file for file in lost if file), "")


def in_a_vpc(address: str) -> bool:
    """Whether the address lies in a VPC of this sandbox. Health checks probe no other address."""
    asked = ip_address(address)
    vpcs = [vpc for _, backend in walk(ec2_backends) for vpc in backend.vpcs.values()]
    return any(asked in ip_network(block, strict=False) for vpc in vpcs for block in cidr_blocks(vpc))


def find(scope: Scope, instance_id: str) -> Any:
    """The instance, or None."""
    backend = backends.find(ec2_backends, scope)
    return backends.find_instance(backend, instance_id) if backend else None


def read(instance: Any, runtime: Runtime, cause: str | None) -> Observed:
    """The observed state of one instance and its machine."""
    extra, unavailable = instance.sandbox, runtime.available()
    container: Container | None = runtime.containers().get(instance.id)
    return Observed(
        instance_id=instance.id,
        state=instance.lifecycle_state,
        state_since=extra.state_since,
        container=container,
        unavailable=unavailable,
        spec=launch_spec.launch_spec(instance) if instance.lifecycle_state is InstanceState.PENDING else None,
        launch_delay=context().faults.launch_delay(instance.availability_zone),
        boots=extra.boots,
        start_asked=extra.start_asked,
        stop_forced=extra.stop_forced,
        reboot_asked=extra.reboot_asked,
        reboot=extra.reboot,
        shutdown_behavior=ShutdownBehavior(instance.instance_initiated_shutdown_behavior),
        system_check=extra.system_check,
        instance_check=extra.instance_check,
        next_check=extra.next_check,
        unnoticed=context().faults.unnoticed(hosted(instance)),
        host_reachable=_host_reachable(instance, unavailable),
        reachable=_reachable(instance, runtime) if unavailable is None else None,
        scheduled=extra.scheduled_events,
        announced=tuple(_announced(event) for event in context().faults.scheduled_events(hosted(instance))),
        user_data_told=extra.user_data_told,
        terminated_visible=timedelta(minutes=context().settings.terminated_visible_minutes),
        cause=cause,
    )


def _announced(event: AnnouncedEvent) -> ScheduledEvent:
    return ScheduledEvent(
        event_id=event.event_id,
        code=event.code,
        text=event.text,
        not_before=event.not_before,
        not_after=event.not_after,
        deadline=event.deadline,
    )


def hosted(instance: Any) -> Hosted:
    """What faults of hosts know an instance by."""
    return Hosted(instance_id=instance.id, zone=instance.availability_zone, launched_at=instance.launch_time.replace(tzinfo=UTC))


def _host_reachable(instance: Any, unavailable: str | None) -> bool | None:
    """The system status check (EC2-30): a fault may make it fail. None: not known, for the runtime does not answer."""
    host = hosted(instance)
    if context().faults.host_unreachable(host) or "system" in context().faults.failed_checks(host):
        return False
    return True if unavailable is None else None


def _reachable(instance: Any, runtime: Runtime) -> bool | None:
    """The instance status check (EC2-30): of a machine without a network it fails."""
    faults, host = context().faults, hosted(instance)
    return False if faults.without_network(host) or "instance" in faults.failed_checks(host) else runtime.reachable(instance.id)


# ---- metrics -----------------------------------------------------------------------------------------------------------------------------


def running(scope: Scope) -> Iterator[Any]:
    for found, instance in known():
        if found == scope and instance.lifecycle_state is InstanceState.RUNNING:
            yield instance


def metric_series(instance: Any, now: datetime) -> Series:
    return Series(
        instance_id=instance.id,
        image_id=instance.image_id,
        instance_type=instance.instance_type,
        group=metric_group(instance, now),
        detailed=instance.monitoring_state == "enabled",
    )


def metric_group(instance: Any, now: datetime) -> str | None:
    """The Auto Scaling group that its metrics count for: not while it warms up, nor in standby (SCL-16)."""
    name: str | None = instance.ec2_backend.tags.get(instance.id, {}).get(GROUP_TAG)
    group = getattr(instance, "autoscaling_group", None)
    member = next((m for m in group.instance_states if m.instance_id == instance.id), None) if group else None
    if member is None:
        return name
    return name if member.warm_at is not None and now >= member.warm_at else None
