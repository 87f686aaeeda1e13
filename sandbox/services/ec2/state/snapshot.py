"""What the controllers read: moto's instances, and the observed state of one of them with its machine. Reads only."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.ec2.models import ec2_backends

from sandbox.aws import backends
from sandbox.aws.backends import walk
from sandbox.aws.context import context
from sandbox.core.control import Scope
from sandbox.drivers.runtime.base import Container, Runtime
from sandbox.services.ec2.model import InstanceState, Observed, ShutdownBehavior
from sandbox.services.ec2.state import launch_spec
from sandbox.services.ec2.state.addresses import cidr_blocks


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
    reservations: Sequence[Any] = list(backend.reservations.values()) if backend else ()
    return next((i for r in reservations for i in r.instances if i.id == instance_id), None)


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
        boots=extra.boots,
        start_asked=extra.start_asked,
        stop_forced=extra.stop_forced,
        reboot_asked=extra.reboot_asked,
        reboot=extra.reboot,
        shutdown_behavior=ShutdownBehavior(instance.instance_initiated_shutdown_behavior),
        system_check=extra.system_check,
        instance_check=extra.instance_check,
        next_check=extra.next_check,
        host_reachable=_host_reachable(instance.id, unavailable),
        reachable=runtime.reachable(instance.id) if unavailable is None else None,
        terminated_visible=timedelta(minutes=context().settings.terminated_visible_minutes),
        cause=cause,
    )


def _host_reachable(instance_id: str, unavailable: str | None) -> bool | None:
    """The system status check (EC2-30): a fault may make it fail. None: not known, for the runtime does not answer."""
    if context().faults.host_unreachable(instance_id):
        return False
    return True if unavailable is None else None
