"""ELBv2 and moto: the one backend class (put together from the API modules), what the controller reads from moto's objects, and what only
AWS writes there: target health, the end of a drain, a load balancer's state.

Everything here runs under the sandbox's lock. Registrations and health live on moto's objects, so a saved state carries them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends

from sandbox.aws.seams import swap_backend
from sandbox.core.control import Scope
from sandbox.core.persisted import persisted
from sandbox.drivers.probe.base import ProbeResult
from sandbox.services.elbv2.api import responses
from sandbox.services.elbv2.api.listeners import Listeners, priority
from sandbox.services.elbv2.api.target_groups import check_port
from sandbox.services.elbv2.decide import routing
from sandbox.services.elbv2.matcher import Codes
from sandbox.services.elbv2.model import CheckSettings, Health, Observed, ObservedTarget, Target, TargetKey, Use, probe_key

__all__ = ["SandboxELBv2", "responses"]  # responses: imported so that its seam is declared


@persisted("elbv2.Backend")
@swap_backend("elbv2")
class SandboxELBv2(Listeners):
    """ELBv2 with health that is checked: api/target_groups.py, api/load_balancers.py and api/listeners.py."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What the picture needs besides moto: where to connect, what the checker saw, what happened last."""

    endpoint: Callable[[str, int], tuple[str, int]]  # Runtime.endpoint
    result: Callable[[str], ProbeResult | None]  # Prober.latest
    cause: Callable[[str, TargetKey], str | None]  # of what happens next to a target of the group with that name


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a target is."""

    zone: str | None
    address: str | None
    instance_state: str | None  # None: the target is an address


# ---- reading -----------------------------------------------------------------------------------------------------------------------------


def backends() -> Iterator[tuple[Scope, Any]]:
    """Those in use, in a fixed order."""
    for account in sorted(elbv2_backends):
        for region in sorted(elbv2_backends[account]):
            yield Scope(account, region), elbv2_backends[account][region]


def target_group_keys() -> Iterator[str]:
    for scope, backend in backends():
        for group in backend.target_groups.values():
            yield scope.key(group.name)


def observe_target_group(scope: Scope, name: str, world: World) -> Observed | None:
    """None: there is no such group (any more)."""
    backend = _backend(scope)
    group = _group(backend, name)
    if backend is None or group is None:
        return None
    balancers = backend.balancers_using(group.arn)
    instances = _instances(scope)
    return Observed(
        arn=group.arn,
        name=group.name,
        load_balancers=tuple(balancer.name for balancer in balancers),
        checks=_check_settings(group),
        use=_use(balancers),
        enabled_zones=frozenset(subnet.availability_zone for balancer in balancers for subnet in balancer.subnets),
        targets=tuple(_observed(backend, group, target, _place(target, instances), world) for target in group.sandbox.targets.values()),
    )


def observe_routing(world: World, problems: Mapping[str, str]) -> routing.Picture:
    """All accounts and Regions: there is one proxy."""
    found = [(_instances(scope), backend) for scope, backend in backends()]
    return routing.Picture(
        load_balancers=tuple(_balancer(balancer) for _, backend in found for balancer in backend.load_balancers.values()),
        target_groups=tuple(_routed(group, instances, world) for instances, backend in found for group in backend.target_groups.values()),
        problems=tuple(sorted(problems.items())),
    )


def _observed(backend: Any, group: Any, target: Target, place: _Place, world: World) -> ObservedTarget:
    port = check_port(group, target.key.port)
    return ObservedTarget(
        target=target,
        zone=place.zone,
        address=place.address,
        check_port=port,
        endpoint=world.endpoint(place.address, port) if place.address else None,
        serves_alone_at=_serves_alone_at(backend, group, target, place.address, world) if target.draining_until else None,
        instance_state=place.instance_state,
        result=world.result(probe_key(group.arn, target.key)),
        cause=world.cause(group.name, target.key),
    )


def _serves_alone_at(backend: Any, group: Any, target: Target, address: str | None, world: World) -> tuple[str, int] | None:
    """Connections are known by address and port: those of another group that has the same target must not be cut with this one's."""
    names = {target.key, TargetKey(address or "", target.key.port)}
    shared = any(other is not group and names & set(other.sandbox.targets) for other in backend.target_groups.values())
    return None if shared or address is None else world.endpoint(address, target.key.port)


def _routed(group: Any, instances: Mapping[str, Any], world: World) -> routing.TargetGroup:
    candidates = []
    for target in group.sandbox.targets.values():
        place = _place(target, instances)
        endpoint = world.endpoint(place.address, target.key.port) if place.address else None
        candidates.append(routing.Candidate(target=target, zone=place.zone, address=place.address, endpoint=endpoint))
    algorithm = group.attributes["load_balancing.algorithm.type"]
    return routing.TargetGroup(arn=group.arn, algorithm=algorithm, candidates=tuple(candidates))


def _instances(scope: Scope) -> dict[str, Any]:
    """By id: moto's own lookup walks all reservations for each."""
    reservations = ec2_backends[scope.account][scope.region].all_reservations()
    return {instance.id: instance for reservation in reservations for instance in reservation.instances}


def _place(target: Target, instances: Mapping[str, Any]) -> _Place:
    """An instance that EC2 shows no longer was terminated (EC2-9)."""
    if not target.key.id.startswith("i-"):
        return _Place(zone=target.zone, address=target.key.id, instance_state=None)
    instance = instances.get(target.key.id)
    if instance is None or instance.state == "terminated":
        return _Place(zone=None, address=None, instance_state="terminated")
    return _Place(zone=instance.placement.zone, address=instance.private_ip, instance_state=instance.state)


def _check_settings(group: Any) -> CheckSettings:
    return CheckSettings(
        enabled=bool(group.health_check_enabled),
        interval=timedelta(seconds=int(group.health_check_interval_seconds)),
        timeout=timedelta(seconds=int(group.health_check_timeout_seconds)),
        healthy_threshold=int(group.healthy_threshold_count),
        unhealthy_threshold=int(group.unhealthy_threshold_count),
        path=group.health_check_path,
        matcher=Codes(group.matcher["HttpCode"]),
    )


def _use(balancers: list[Any]) -> Use:
    if not balancers:
        return Use.NONE
    return Use.ACTIVE if any(balancer.state == "active" for balancer in balancers) else Use.PROVISIONING


def _balancer(balancer: Any) -> routing.LoadBalancer:
    return routing.LoadBalancer(
        arn=balancer.arn,
        name=balancer.name,
        dns_name=balancer.dns_name,
        active_from=balancer.sandbox.active_from,
        active=balancer.state == "active",
        attributes=dict(balancer.attrs),
        listeners=tuple(_listener(listener) for listener in balancer.listeners.values()),
    )


def _listener(listener: Any) -> routing.Listener:
    rules = tuple(
        routing.Rule(
            arn=rule.arn,
            priority=priority(rule),
            conditions=tuple(rule.conditions),
            action=rule.actions[0].data,
        )
        for rule in listener.rules.values()
    )
    return routing.Listener(arn=listener.arn, port=listener.port, rules=rules)


# ---- what only AWS writes ----------------------------------------------------------------------------------------------------------------


def set_health(scope: Scope, name: str, target: TargetKey, health: Health, now: datetime) -> None:
    backend = _backend(scope)
    group = _group(backend, name)
    if backend is not None and group is not None and target in group.sandbox.targets:
        backend.set_target_health(group, target, health, now)


def remove_target(scope: Scope, name: str, target: TargetKey) -> None:
    group = _group(_backend(scope), name)
    if group is not None:
        group.sandbox.targets.pop(target, None)


def activate(arn: str) -> None:
    """ALB-3: the provisioning is over."""
    for _, backend in backends():
        if arn in backend.load_balancers:
            backend.load_balancers[arn].state = "active"


def _backend(scope: Scope) -> Any | None:
    """Without making one: moto makes a backend for whoever asks."""
    return next((backend for found, backend in backends() if found == scope), None)


def _group(backend: Any | None, name: str) -> Any | None:
    groups = backend.target_groups.values() if backend is not None else ()
    return next((group for group in groups if group.name == name), None)
