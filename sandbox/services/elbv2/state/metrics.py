"""What the metrics loops read from moto's objects: which targets and zones the requests belong to, and the state of each target group."""

from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_network
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends

from sandbox.aws.backends import find
from sandbox.core.control import Scope
from sandbox.services.elbv2.decide.connection_metrics import Balancer
from sandbox.services.elbv2.decide.metrics import Group, scope_of
from sandbox.services.elbv2.decide.request_counts import Kind
from sandbox.services.elbv2.model import Hosts, TargetState
from sandbox.services.elbv2.state.snapshot import backends

REGISTERED = frozenset(TargetState) - {TargetState.DRAINING}


def find_target_group(arn: str | None) -> Any:
    """The target group, or None. Makes no backend."""
    if arn is None:
        return None
    backend = find(elbv2_backends, scope_of(arn))
    return backend.target_groups.get(arn) if backend else None


def balancers() -> Iterator[Balancer]:
    """With what belongs to each: a target group to the first that sends to it."""
    for _, backend in backends():
        ends = {arn: list(balancer.listeners) for arn, balancer in backend.load_balancers.items()}
        for group in backend.target_groups:
            for first in backend.balancers_using(group)[:1]:
                ends[first.arn].append(group)
        yield from (Balancer(arn=arn, ends=tuple(found)) for arn, found in ends.items())


def groups_in_use(scope: Scope) -> Iterator[Group]:
    """Target groups that a load balancer uses and that have health checks."""
    backend = find(elbv2_backends, scope)
    if backend is None:
        return
    for group in backend.target_groups.values():
        users = tuple(balancer.arn for balancer in backend.balancers_using(group.arn)) if group.health_check_enabled else ()
        if users:
            known = getattr(group, "sandbox_hosts", Hosts())  # moto's object has none before the first publication
            yield Group(arn=group.arn, load_balancers=users, targets=targets(group), hosts=known)


def targets(group: Any) -> tuple[tuple[str | None, TargetState], ...]:
    """Zone and state of each registered target."""
    ec2 = _ec2(group.arn)
    reservations = ec2.reservations.values() if ec2 else ()
    zones = {instance.id: instance.placement.zone for reservation in reservations for instance in reservation.instances}
    return tuple((target.zone or zones.get(key.id), target.health.state) for key, target in group.sandbox.targets.items())


def divisors(arn: str, registered: tuple[tuple[str | None, TargetState], ...]) -> Iterator[tuple[tuple[str, str | None], int]]:
    """LBM-3: healthy targets, or registered ones where none is healthy; of the group and of each zone."""
    for place in {None, *(zone for zone, _ in registered)}:
        states = [state for zone, state in registered if place in (None, zone) and state in REGISTERED]
        yield (arn, place), states.count(TargetState.HEALTHY) or len(states)


def zones(kinds: Iterable[Kind]) -> dict[tuple[str, str], str]:
    """The zone of each target, by the subnet of its address: known for instances that are gone as well."""
    asked = {(kind.target_group, kind.target) for kind in kinds if kind.target_group and kind.target}
    return {(arn, target): zone for arn, target in asked if (zone := _zone(arn, target.rpartition(":")[0]))}


def _zone(arn: str, address: str) -> str | None:
    group, ec2 = find_target_group(arn), _ec2(arn)
    try:
        at = ip_address(address)
    except ValueError:
        return None
    for zonal in ec2.subnets.values() if group and ec2 else ():
        for subnet in zonal.values():
            if subnet.vpc_id == group.vpc_id and at in ip_network(subnet.cidr_block):
                return str(subnet.availability_zone)
    return None


def _ec2(arn: str) -> Any:
    return find(ec2_backends, scope_of(arn))


def set_hosts(arn: str, hosts: Hosts) -> None:
    """Keeps what was published of the target group on moto's object, so that a restart publishes nothing twice."""
    find_target_group(arn).sandbox_hosts = hosts
