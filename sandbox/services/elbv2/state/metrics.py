"""What the metrics controllers read from moto's objects: the target groups of requests, and the states of targets. Reads only."""

from collections.abc import Iterator
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends

from sandbox.aws.backends import find
from sandbox.core.control import Scope
from sandbox.services.elbv2.decide.connection_metrics import CountedLoadBalancer
from sandbox.services.elbv2.decide.host_metrics import MeasuredTargetGroup, UsingLoadBalancer
from sandbox.services.elbv2.decide.metrics import scope_of
from sandbox.services.elbv2.model import TargetState
from sandbox.services.elbv2.state.snapshot import backends, shifted_zones

REGISTERED = frozenset(TargetState) - {TargetState.DRAINING}


def find_target_group(arn: str | None) -> Any:
    """The target group, or None. Creates no backend."""
    if arn is None:
        return None
    backend = find(elbv2_backends, scope_of(arn))
    return backend.target_groups.get(arn) if backend else None


def load_balancers() -> Iterator[CountedLoadBalancer]:
    """With the listeners and target groups of each. A target group that several use belongs to the first of them."""
    for _, backend in backends():
        members = {arn: list(balancer.listeners) for arn, balancer in backend.load_balancers.items()}
        for group in backend.target_groups:
            for first in backend.balancers_using(group)[:1]:
                members[first.arn].append(group)
        yield from (CountedLoadBalancer(arn=arn, members=tuple(found)) for arn, found in members.items())


def measured_target_groups(scope: Scope) -> Iterator[MeasuredTargetGroup]:
    """The target groups that a load balancer uses and that have health checks."""
    backend = find(elbv2_backends, scope)
    if backend is None:
        return
    for group in backend.target_groups.values():
        users = backend.balancers_using(group.arn) if group.health_check_enabled else ()
        if users:
            yield MeasuredTargetGroup(
                arn=group.arn,
                load_balancers=tuple(_using(balancer) for balancer in users),
                targets=targets(group),
                attributes=dict(group.attributes),
                published=group.sandbox.published_hosts,
            )


def _using(balancer: Any) -> UsingLoadBalancer:
    enabled = tuple(str(subnet.availability_zone) for subnet in balancer.subnets)
    return UsingLoadBalancer(arn=balancer.arn, zones=enabled, shifted=shifted_zones(balancer))


def targets(group: Any) -> tuple[tuple[str | None, TargetState], ...]:
    """Zone and state of each target of the group."""
    ec2 = _ec2(group.arn)
    reservations = ec2.reservations.values() if ec2 else ()
    zones = {instance.id: instance.placement.zone for reservation in reservations for instance in reservation.instances}
    return tuple((target.zone or zones.get(key.id), target.health.state) for key, target in group.sandbox.targets.items())


def divisors(arn: str, registered: tuple[tuple[str | None, TargetState], ...]) -> Iterator[tuple[tuple[str, str | None], int]]:
    """LBM-3: the number of healthy targets, or of registered ones where none is healthy; for the target group (zone None) and each zone."""
    for zone in {None, *(of_target for of_target, _ in registered)}:
        states = [state for of_target, state in registered if zone in (None, of_target) and state in REGISTERED]
        yield (arn, zone), states.count(TargetState.HEALTHY) or len(states)


def _ec2(arn: str) -> Any:
    return find(ec2_backends, scope_of(arn))
