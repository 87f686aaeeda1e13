"""What the controllers read from moto's objects: target groups with their targets, and everything that is routed. Reads only.

Runs under the sandbox's lock. Registrations and health live on moto's objects, so a saved state carries them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends

from sandbox.aws.backends import find, walk
from sandbox.core.control import Scope
from sandbox.drivers.probe.base import ProbeResult
from sandbox.services.elbv2.decide import routing
from sandbox.services.elbv2.model import (
    TRAFFIC_PORT,
    CheckSettings,
    Codes,
    Observed,
    ObservedTarget,
    Target,
    TargetKey,
    Use,
    probe_key,
)

Endpoint = Callable[[str, int], tuple[str, int]]
"""Runtime.endpoint: where a private address and port are reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What the observed state needs besides moto: where to connect, what the checker saw, what happened last."""

    endpoint: Endpoint
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
    return walk(elbv2_backends)


def target_group_keys() -> Iterator[str]:
    for scope, backend in backends():
        for group in backend.target_groups.values():
            yield scope.key(group.name)


def observe_target_group(scope: Scope, name: str, sources: Sources) -> Observed | None:
    """None: there is no such group (any more)."""
    backend = find(elbv2_backends, scope)
    group = group_named(backend, name)
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
        targets=tuple(_observed(backend, group, target, _place(target, instances), sources) for target in group.sandbox.targets.values()),
    )


def observe_routing(endpoint: Endpoint, problems: Mapping[str, str]) -> routing.Routing:
    """All accounts and Regions: there is one proxy."""
    found = [(_instances(scope), backend) for scope, backend in backends()]
    return routing.Routing(
        load_balancers=tuple(_balancer(each) for _, backend in found for each in backend.load_balancers.values()),
        target_groups=tuple(
            _routed(group, instances, endpoint) for instances, backend in found for group in backend.target_groups.values()
        ),
        problems=tuple(sorted(problems.items())),
    )


def _observed(backend: Any, group: Any, target: Target, place: _Place, sources: Sources) -> ObservedTarget:
    port = check_port(group, target.key.port)
    return ObservedTarget(
        target=target,
        zone=place.zone,
        address=place.address,
        check_port=port,
        endpoint=sources.endpoint(place.address, port) if place.address else None,
        serves_alone_at=_serves_alone_at(backend, group, target, place.address, sources) if target.draining_until else None,
        instance_state=place.instance_state,
        result=sources.result(probe_key(group.arn, target.key)),
        cause=sources.cause(group.name, target.key),
    )


def _serves_alone_at(backend: Any, group: Any, target: Target, address: str | None, sources: Sources) -> tuple[str, int] | None:
    """Connections are known by address and port: those of another group that has the same target must not be cut with this one's."""
    names = {target.key, TargetKey(address or "", target.key.port)}
    shared = any(other is not group and names & set(other.sandbox.targets) for other in backend.target_groups.values())
    return None if shared or address is None else sources.endpoint(address, target.key.port)


def _routed(group: Any, instances: Mapping[str, Any], connect: Endpoint) -> routing.TargetGroup:
    candidates = []
    for target in group.sandbox.targets.values():
        place = _place(target, instances)
        endpoint = connect(place.address, target.key.port) if place.address else None
        candidates.append(routing.Candidate(target=target, zone=place.zone, address=place.address, endpoint=endpoint))
    algorithm = group.attributes["load_balancing.algorithm.type"]
    return routing.TargetGroup(arn=group.arn, algorithm=algorithm, candidates=tuple(candidates))


def _instances(scope: Scope) -> dict[str, Any]:
    """By id: moto's own lookup walks all reservations for each."""
    ec2 = find(ec2_backends, scope)
    reservations = ec2.all_reservations() if ec2 is not None else ()
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


def check_port(group: Any, port: int) -> int:
    """Where a target registered on `port` is checked (TG-1)."""
    return port if group.health_check_port == TRAFFIC_PORT else int(group.health_check_port)


def priority(rule: Any) -> int | None:
    """None: the default rule."""
    return None if rule.priority == routing.DEFAULT else int(rule.priority)


def group_named(backend: Any | None, name: str) -> Any | None:
    groups = backend.target_groups.values() if backend is not None else ()
    return next((group for group in groups if group.name == name), None)
