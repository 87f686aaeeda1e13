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

from sandbox.aws.active_faults import AnswerFault
from sandbox.aws.backends import find, find_instance, walk
from sandbox.aws.context import context
from sandbox.core.control import Scope
from sandbox.core.identity.owner import working_for
from sandbox.drivers.probe.base import ProbeResult
from sandbox.drivers.proxy.base import EndpointFault
from sandbox.services.elbv2.decide import routing
from sandbox.services.elbv2.decide.nodes import ObservedZone
from sandbox.services.elbv2.decide.reach import BalancerNode
from sandbox.services.elbv2.decide.refusals import Refused
from sandbox.services.elbv2.decide.rules import Rule
from sandbox.services.elbv2.model import (
    TIMED_OUT,
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
from sandbox.services.elbv2.state import interfaces
from sandbox.services.elbv2.state.reach import Paths, Reach, about, newest, newest_of

ZONAL_SHIFT = "zonal_shift.config.enabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where the observed state comes from, apart from moto: the runtime, the prober and the journal."""

    reach: Reach
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
    ec2 = find(ec2_backends, scope)
    paths = sources.reach.of(sources.reach.nodes(ec2, balancers), group)
    return ObservedTargetGroup(
        arn=group.arn,
        name=group.name,
        load_balancers=tuple(balancer.name for balancer in balancers),
        checks=_check_settings(group),
        use=_use(balancers),
        enabled_zones=frozenset(subnet.availability_zone for balancer in balancers for subnet in balancer.subnets),
        targets=tuple(
            _observed_target(backend, group, target, _location(target, ec2), sources, paths) for target in group.sandbox.targets.values()
        ),
    )


def observe_routing(reach: Reach, problems: Mapping[str, str]) -> routing.ObservedRouting:
    """Of all accounts and Regions: there is one proxy."""
    found = [(scope, backend) for scope, backend in backends()]
    faults = {instance_id: _endpoint_fault(fault) for instance_id, fault in context().faults.answer_faults().items()}
    return routing.ObservedRouting(
        load_balancers=tuple(each for scope, backend in found for each in _balancers(scope, backend, reach)),
        target_groups=tuple(each for scope, backend in found for each in _routed_target_groups(scope, backend, reach, faults)),
        problems=tuple(sorted(problems.items())),
        state_lost=any(backend.sandbox_state_lost for _, backend in walk(ec2_backends)),
        held=context().faults.stale("elbv2"),
        dns_cache=timedelta(seconds=context().settings.dns_cache_seconds),
    )


def _balancers(scope: Scope, backend: Any, reach: Reach) -> list[routing.LoadBalancer]:
    ec2 = find(ec2_backends, scope)
    with working_for(scope.account):
        unreachable = context().faults.unreachable_zones()
        return [_balancer(each, ec2, unreachable, reach) for each in backend.load_balancers.values()]


def _routed_target_groups(scope: Scope, backend: Any, reach: Reach, faults: Mapping[str, EndpointFault]) -> list[routing.TargetGroup]:
    ec2 = find(ec2_backends, scope)
    with working_for(scope.account):
        groups = backend.target_groups.values()
        return [_routed_target_group(group, ec2, _paths(group, ec2, backend, reach), faults) for group in groups]


def load_balancer_keys(account: str) -> frozenset[str]:
    """ "app/<name>/<id>" of each load balancer of the account, as access records name them."""
    owned = (each for scope, backend in backends() if scope.account == account for each in backend.load_balancers)
    return frozenset(arn.split("loadbalancer/", 1)[1] for arn in owned)


def access_logs() -> Iterator[tuple[Scope, AccessLogTarget]]:
    """Of the load balancers that have access logs switched on (LBM-7)."""
    for scope, backend in backends():
        for balancer in backend.load_balancers.values():
            if balancer.attrs.get("access_logs.s3.enabled") == "true":
                bucket, prefix = (balancer.attrs.get(f"access_logs.s3.{name}", "") for name in ("bucket", "prefix"))
                yield scope, AccessLogTarget(load_balancer=balancer.arn.split("loadbalancer/", 1)[1], bucket=bucket, prefix=prefix)


def _observed_target(backend: Any, group: Any, target: Target, location: _TargetLocation, sources: Sources, paths: Paths) -> ObservedTarget:
    port = check_port(group, target.key.port)
    refusal = paths.refusal(location.zone, (location.address, port)) if location.address else ()
    changes = about(refusal)
    if not refusal and location.address and target.health == TIMED_OUT:  # a rule that admits it again
        changes = newest_of(sources.reach.groups(location.address))
    return ObservedTarget(
        target=target,
        zone=location.zone,
        address=location.address,
        check_port=port,
        endpoint=paths.endpoint(location.zone, (location.address, port)) if location.address else None,
        refusal=str(refusal[0]) if refusal else None,
        exclusive_endpoint=_exclusive_endpoint(backend, group, target, location.address, sources) if target.draining_until else None,
        instance_state=location.instance_state,
        result=sources.result(probe_key(group.arn, target.key)),
        cause=newest([sources.cause(group.name, target.key), changes]),
        checked_from=paths.checked_from(location.zone),
    )


def _exclusive_endpoint(backend: Any, group: Any, target: Target, address: str | None, sources: Sources) -> tuple[str, int] | None:
    """Connections are identified by address and port: when another target group has the same target, its connections must stay open."""
    names = {target.key, TargetKey(address or "", target.key.port)}
    shared = any(other is not group and names & set(other.sandbox.targets) for other in backend.target_groups.values())
    return None if shared or address is None else sources.reach.connect(address, target.key.port)


def _paths(group: Any, ec2: Any | None, backend: Any, reach: Reach) -> Paths:
    return reach.of(reach.nodes(ec2, backend.balancers_using(group.arn)), group)


def _routed_target_group(group: Any, ec2: Any | None, paths: Paths, faults: Mapping[str, EndpointFault]) -> routing.TargetGroup:
    candidates = []
    for target in group.sandbox.targets.values():
        location = _location(target, ec2)
        endpoint = paths.endpoint(location.zone, (location.address, target.key.port)) if location.address else None
        fault = faults.get(target.key.id)
        found = routing.Candidate(target=target, zone=location.zone, address=location.address, endpoint=endpoint, fault=fault)
        candidates.append(found)
    cause = context().journal.latest(group.name)
    return routing.TargetGroup(arn=group.arn, name=group.name, attributes=dict(group.attributes), candidates=tuple(candidates), cause=cause)


def _endpoint_fault(fault: AnswerFault) -> EndpointFault:
    delay, jitter = fault.delay.total_seconds(), fault.jitter.total_seconds()
    return EndpointFault(error_percent=fault.error_percent, status=fault.status, delay=delay, jitter=jitter)


def _location(target: Target, ec2: Any | None) -> _TargetLocation:
    """An instance that EC2 no longer knows was terminated (EC2-9)."""
    if not target.key.id.startswith("i-"):
        return _TargetLocation(zone=target.zone, address=target.key.id, instance_state=None)
    instance = find_instance(ec2, target.key.id) if ec2 else None
    if instance is None or instance.state == "terminated":
        return _TargetLocation(zone=None, address=None, instance_state="terminated")
    return _TargetLocation(zone=instance.placement.zone, address=instance.private_ip, instance_state=instance.state)


def target_zones(scope: Scope, group: Any) -> dict[TargetKey, str | None]:
    """The zone of each target of the group; None: unknown, because its instance is gone."""
    ec2 = find(ec2_backends, scope)
    return {key: _location(target, ec2).zone for key, target in group.sandbox.targets.items()}


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


def _balancer(balancer: Any, ec2: Any | None, unreachable: frozenset[str], reach: Reach) -> routing.LoadBalancer:
    addresses = interfaces.addresses(ec2, balancer)
    nodes = reach.nodes(ec2, [balancer])
    return routing.LoadBalancer(
        arn=balancer.arn,
        name=balancer.name,
        dns_name=balancer.dns_name,
        active_from=balancer.sandbox.active_from,
        active=balancer.state == "active",
        attributes=dict(balancer.attrs),
        listeners=tuple(_listener(listener) for listener in balancer.listeners.values()),
        zones=tuple(_zone(balancer, subnet, unreachable, addresses.get(subnet.id)) for subnet in balancer.subnets),
        cause=context().journal.latest(balancer.arn),
        refused=tuple(_refused(node, port, reach) for node in nodes for port in sorted(node.refuses)),
    )


def _refused(node: BalancerNode, port: int, reach: Reach) -> Refused:
    explanations = reach.client_refusal(node.address, port)
    return Refused(zone=node.zone, port=port, explanations=explanations, cause=about(explanations))


def _zone(balancer: Any, subnet: Any, unreachable: frozenset[str], address: str | None) -> ObservedZone:
    name = str(subnet.availability_zone)
    return ObservedZone(
        name=name,
        zone_id=subnet.availability_zone_id,
        shifted=name in shifted_zones(balancer),
        reachable=name not in unreachable,
        private_address=address,
    )


def shifted_zones(balancer: Any) -> frozenset[str]:
    """The zones that ARC moves the load balancer's traffic away from (TG-40)."""
    if balancer.attrs.get(ZONAL_SHIFT) != "true":
        return frozenset()
    return context().zonal_shifts.shifted_zones(balancer.arn)


def _listener(listener: Any) -> routing.Listener:
    rules = tuple(
        Rule(
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
