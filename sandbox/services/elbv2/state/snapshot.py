"""What the controllers read from moto's objects: target groups with their targets, and the input of the proxy's configuration. Reads only.

Runs under the sandbox's lock. Registrations and health are stored on moto's objects, so the saved state contains them.
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
    HealthCheckSettings,
    Matcher,
    ObservedTarget,
    ObservedTargetGroup,
    Target,
    TargetGroupUse,
    TargetKey,
    probe_key,
)

Endpoint = Callable[[str, int], tuple[str, int]]
"""Runtime.endpoint: private address and port → host and port at which they can be reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where the observed state comes from, apart from moto: the runtime, the prober and the journal."""

    endpoint: Endpoint
    result: Callable[[str], ProbeResult | None]  # Prober.latest
    cause: Callable[[str, TargetKey], str | None]  # target group name, target → id of the event that causes its next change


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessLogTarget:
    """Where the access log of a load balancer is written."""

    load_balancer: str  # "app/<name>/<id>"
    bucket: str
    prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _TargetLocation:
    zone: str | None
    address: str | None
    instance_state: str | None  # None: the target is an address


def backends() -> Iterator[tuple[Scope, Any]]:
    """The backends that exist, in a fixed order."""
    return walk(elbv2_backends)


def target_group_keys() -> Iterator[str]:
    for scope, backend in backends():
        for group in backend.target_groups.values():
            yield scope.key(group.name)


def observe_target_group(scope: Scope, name: str, sources: Sources) -> ObservedTargetGroup | None:
    """None: there is no target group of that name."""
    backend = find(elbv2_backends, scope)
    group = target_group_named(backend, name)
    if backend is None or group is None:
        return None
    balancers = backend.balancers_using(group.arn)
    instances = _instances(scope)
    return ObservedTargetGroup(
        arn=group.arn,
        name=group.name,
        load_balancers=tuple(balancer.name for balancer in balancers),
        checks=_check_settings(group),
        use=_use(balancers),
        enabled_zones=frozenset(subnet.availability_zone for balancer in balancers for subnet in balancer.subnets),
        targets=tuple(
            _observed_target(backend, group, target, _location(target, instances), sources) for target in group.sandbox.targets.values()
        ),
    )


def observe_routing(endpoint: Endpoint, problems: Mapping[str, str]) -> routing.ObservedRouting:
    """Of all accounts and Regions: there is one proxy."""
    found = [(_instances(scope), backend) for scope, backend in backends()]
    return routing.ObservedRouting(
        load_balancers=tuple(_balancer(each) for _, backend in found for each in backend.load_balancers.values()),
        target_groups=tuple(
            _routed_target_group(group, instances, endpoint) for instances, backend in found for group in backend.target_groups.values()
        ),
        problems=tuple(sorted(problems.items())),
        state_lost=any(backend.sandbox_state_lost for _, backend in walk(ec2_backends)),
    )


def access_logs() -> Iterator[tuple[Scope, AccessLogTarget]]:
    """Of the load balancers that have access logs switched on (LBM-7)."""
    for scope, backend in backends():
        for balancer in backend.load_balancers.values():
            if balancer.attrs.get("access_logs.s3.enabled") == "true":
                bucket, prefix = (balancer.attrs.get(f"access_logs.s3.{name}", "") for name in ("bucket", "prefix"))
                yield scope, AccessLogTarget(load_balancer=balancer.arn.split("loadbalancer/", 1)[1], bucket=bucket, prefix=prefix)


def _observed_target(backend: Any, group: Any, target: Target, location: _TargetLocation, sources: Sources) -> ObservedTarget:
    port = check_port(group, target.key.port)
    return ObservedTarget(
        target=target,
        zone=location.zone,
        address=location.address,
        check_port=port,
        endpoint=sources.endpoint(location.address, port) if location.address else None,
        exclusive_endpoint=_exclusive_endpoint(backend, group, target, location.address, sources) if target.draining_until else None,
        instance_state=location.instance_state,
        result=sources.result(probe_key(group.arn, target.key)),
        cause=sources.cause(group.name, target.key),
    )


def _exclusive_endpoint(backend: Any, group: Any, target: Target, address: str | None, sources: Sources) -> tuple[str, int] | None:
    """Connections are identified by address and port: when another target group has the same target, its connections must stay open."""
    names = {target.key, TargetKey(address or "", target.key.port)}
    shared = any(other is not group and names & set(other.sandbox.targets) for other in backend.target_groups.values())
    return None if shared or address is None else sources.endpoint(address, target.key.port)


def _routed_target_group(group: Any, instances: Mapping[str, Any], connect: Endpoint) -> routing.TargetGroup:
    candidates = []
    for target in group.sandbox.targets.values():
        location = _location(target, instances)
        endpoint = connect(location.address, target.key.port) if location.address else None
        candidates.append(routing.Candidate(target=target, zone=location.zone, address=location.address, endpoint=endpoint))
    return routing.TargetGroup(arn=group.arn, attributes=dict(group.attributes), candidates=tuple(candidates))


def _instances(scope: Scope) -> dict[str, Any]:
    """By id: moto's own lookup searches all reservations for each instance."""
    ec2 = find(ec2_backends, scope)
    reservations = ec2.all_reservations() if ec2 is not None else ()
    return {instance.id: instance for reservation in reservations for instance in reservation.instances}


def _location(target: Target, instances: Mapping[str, Any]) -> _TargetLocation:
    """An instance that EC2 no longer knows was terminated (EC2-9)."""
    if not target.key.id.startswith("i-"):
        return _TargetLocation(zone=target.zone, address=target.key.id, instance_state=None)
    instance = instances.get(target.key.id)
    if instance is None or instance.state == "terminated":
        return _TargetLocation(zone=None, address=None, instance_state="terminated")
    return _TargetLocation(zone=instance.placement.zone, address=instance.private_ip, instance_state=instance.state)


def _check_settings(group: Any) -> HealthCheckSettings:
    return HealthCheckSettings(
        enabled=bool(group.health_check_enabled),
        interval=timedelta(seconds=int(group.health_check_interval_seconds)),
        timeout=timedelta(seconds=int(group.health_check_timeout_seconds)),
        healthy_threshold=int(group.healthy_threshold_count),
        unhealthy_threshold=int(group.unhealthy_threshold_count),
        path=group.health_check_path,
        matcher=Matcher(group.matcher["HttpCode"]),
    )


def _use(balancers: list[Any]) -> TargetGroupUse:
    if not balancers:
        return TargetGroupUse.NONE
    return TargetGroupUse.ACTIVE if any(balancer.state == "active" for balancer in balancers) else TargetGroupUse.PROVISIONING


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
    return routing.Listener(arn=listener.arn, port=listener.port, rules=rules, attributes=dict(listener.attributes))


def check_port(group: Any, port: int) -> int:
    """The port on which a target that is registered on `port` is checked (TG-1)."""
    return port if group.health_check_port == TRAFFIC_PORT else int(group.health_check_port)


def priority(rule: Any) -> int | None:
    """None: the default rule."""
    return None if rule.priority == routing.DEFAULT else int(rule.priority)


def target_group_named(backend: Any | None, name: str) -> Any | None:
    groups = backend.target_groups.values() if backend is not None else ()
    return next((group for group in groups if group.name == name), None)
