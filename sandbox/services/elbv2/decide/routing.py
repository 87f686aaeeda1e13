"""Makes the proxy's configuration from load balancers, listeners, rules, target groups and target health: pure. Also decides when the
provisioning of a load balancer ends (ALB-3).

Actions and conditions are observed in AWS's own structures (as in CreateRule); `render` converts them to the proxy's values. Healthy
targets receive requests. Unhealthy targets, and those in their initial checks, receive them only when no target is healthy (TG-12, TG-35).
Targets that are draining, unused or being registered never do (TG-15, TG-20, TG-38).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.core.control import Action, Decision
from sandbox.core.events import Event
from sandbox.drivers.names.base import Name, Published
from sandbox.drivers.proxy import base as proxy
from sandbox.services.elbv2.actions import ActivateLoadBalancer, ApplyConfig, MakeInterfaces, PublishNames
from sandbox.services.elbv2.data import LISTENER_ATTRIBUTES, RESPONSE_HEADERS, SERVER_HEADER
from sandbox.services.elbv2.decide import dns, nodes, refusals, stale
from sandbox.services.elbv2.decide.nodes import NodesMemory, ObservedZone
from sandbox.services.elbv2.decide.refusals import Refused
from sandbox.services.elbv2.decide.rules import Rule, action, conditions, stickiness
from sandbox.services.elbv2.decide.zones import GroupHealth, fail_open, is_cross_zone, without_shifted
from sandbox.services.elbv2.model import REGISTERING, Target, TargetState

DEFAULT = "default"  # the priority of a listener's default rule
LOAD_BALANCER_ACTIVE = "Load Balancer State Change"
LISTENER_PROBLEM = "Listener Unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    arn: str
    port: int
    rules: tuple[Rule, ...]  # in any order
    attributes: Mapping[str, str] = field(default_factory=dict)  # that were changed


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadBalancer:
    arn: str
    name: str
    dns_name: str
    active_from: datetime
    active: bool  # as DescribeLoadBalancers reports it
    attributes: Mapping[str, str]
    listeners: tuple[Listener, ...] = ()
    zones: tuple[ObservedZone, ...] = ()  # that are enabled
    cause: str | None = None  # id of the newest event about the load balancer
    refused: tuple[Refused, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    target: Target
    zone: str | None
    address: str | None  # None: its instance is gone
    endpoint: tuple[str, int] | None
    fault: proxy.EndpointFault | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetGroup:
    arn: str
    name: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)  # TG-3; those that are absent have AWS's defaults
    candidates: tuple[Candidate, ...] = ()
    cause: str | None = None  # id of the newest event about the target group


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedRouting:
    load_balancers: tuple[LoadBalancer, ...] = ()
    target_groups: tuple[TargetGroup, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()  # of the proxy: listener ARN, description
    state_lost: bool = False  # the state that the proxy was configured from could not be read
    dns_cache: timedelta = dns.TTL  # how long clients keep an answer of DNS
    held: frozenset[str] = frozenset()  # operations whose changes are accepted and not applied (stale.py)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingMemory:
    applied: proxy.ProxyConfig | None
    problems: tuple[tuple[str, str], ...] = ()  # that were reported
    refused: refusals.Told = frozenset()  # that were reported
    nodes: Mapping[str, NodesMemory] = field(default_factory=dict)  # by ARN of the load balancer
    holding: bool = False  # the proxy has an older configuration than the API
    names: Published | None = None  # in DNS


def decide(observed: ObservedRouting, memory: RoutingMemory | None, now: datetime) -> Decision[RoutingMemory]:
    """After a restart (memory None) the configuration is always applied: the proxy may have an older one."""
    used = {balancer.arn: used_groups(balancer) for balancer in observed.load_balancers}
    shifted = _shifted(observed, used)
    groups = {group.arn: _health(group, shifted.get(group.arn, frozenset())) for group in observed.target_groups}
    views = {
        each.arn: _view(each, [groups[arn] for arn in used[each.arn] if arn in groups], observed, memory, now)
        for each in observed.load_balancers
    }
    config = None if observed.state_lost and not observed.load_balancers else _render(observed, groups, views, now)
    wanted, config = config, _held(config, observed, groups, memory)
    ready = [balancer for balancer in observed.load_balancers if not balancer.active and balancer.active_from <= now]
    actions: list[Action] = [ActivateLoadBalancer(arn=balancer.arn) for balancer in ready]
    if memory is None:  # load balancers of an earlier release have none
        actions = [*(MakeInterfaces(arn=each.arn) for each in observed.load_balancers if _lacks_address(each)), *actions]
    if memory is None or memory.applied != config:
        actions.append(ApplyConfig(config=config))
    published = memory.names if memory else None
    if config is not None:
        published = Published(names=tuple(sorted(_names(observed, views))))
        if memory is None or memory.names != published:
            actions.append(PublishNames(published=published))
    reported = memory.problems if memory else ()
    refused = [balancer for balancer in observed.load_balancers if balancer.refused and balancer.active]
    now_refused = frozenset(each for balancer in refused for each in refusals.of(balancer.arn, balancer.refused))
    told = memory.refused if memory else now_refused
    waiting = [balancer.active_from - now for balancer in observed.load_balancers if balancer.active_from > now]
    waiting += [view.look_again for view in views.values() if view.look_again is not None]
    known = RoutingMemory(
        applied=config,
        problems=observed.problems,
        nodes={arn: view.memory for arn, view in views.items()},
        refused=now_refused,
        holding=config != wanted,
        names=published,
    )
    return Decision(
        memory=known,
        actions=tuple(actions),
        events=(
            *(_activated(balancer) for balancer in ready),
            *stale.told(memory.holding if memory else False, known.holding),
            *(event for view in views.values() for event in view.events),
            *(event for each in refused for event in refusals.events(each.name, each.arn, each.refused, told)),
            *(_problem(observed, *problem) for problem in observed.problems if problem not in reported),
        ),
        look_again=min(waiting) if waiting else None,
    )


def _held(
    config: proxy.ProxyConfig | None, observed: ObservedRouting, groups: Mapping[str, GroupHealth], memory: RoutingMemory | None
) -> proxy.ProxyConfig | None:
    """Without the changes that are not applied now. After a restart nobody knows what was applied: the proxy goes on with what it has."""
    if not observed.held or config is None:
        return config
    if memory is None or memory.applied is None:
        return None
    registered = {group.arn: [each for each in group.candidates if each.target.draining_until is None] for group in observed.target_groups}
    existing = stale.Existing(
        load_balancers=frozenset(balancer.arn.split("loadbalancer/", 1)[1] for balancer in observed.load_balancers),
        groups={arn: fail_open(group.config, group.attributes) for arn, group in groups.items()},
        registered={arn: frozenset(f"{each.address}:{each.target.key.port}" for each in found) for arn, found in registered.items()},
    )
    return stale.held(memory.applied, config, observed.held, existing)


def _view(
    balancer: LoadBalancer, used: Sequence[GroupHealth], observed: ObservedRouting, memory: RoutingMemory | None, now: datetime
) -> nodes.View:
    seen = nodes.ObservedNodes(name=balancer.name, arn=balancer.arn, zones=balancer.zones, groups=tuple(used), cause=balancer.cause)
    return nodes.view(seen, memory.nodes.get(balancer.arn) if memory else None, observed.dns_cache, now)


def used_groups(balancer: LoadBalancer) -> tuple[str, ...]:
    """ARNs of the target groups that its listeners and rules forward to, each once."""
    forwards = (action(rule.action) for listener in balancer.listeners for rule in listener.rules)
    return tuple(dict.fromkeys(arn for each in forwards for arn in _groups(each)))


def render(observed: ObservedRouting, now: datetime) -> proxy.ProxyConfig:
    """The complete configuration of the proxy, without what a memory would say of DNS."""
    applied = decide(observed, None, now).memory.applied
    assert applied is not None  # the state is not lost
    return applied


def _render(
    observed: ObservedRouting, groups: Mapping[str, GroupHealth], views: Mapping[str, nodes.View], now: datetime
) -> proxy.ProxyConfig:
    """Load balancers that are being provisioned do not listen yet."""
    active = [balancer for balancer in observed.load_balancers if balancer.active_from <= now]
    sticky = {group.arn: found for group in observed.target_groups if (found := stickiness(group.attributes))}
    listeners = tuple(
        _listener(balancer, listener, sticky, refusals.reachable(views[balancer.arn].nodes, balancer.refused, listener.port))
        for balancer in active
        for listener in balancer.listeners
    )
    used = {arn for listener in listeners for rule in listener.rules for arn in _groups(rule.action)}
    return proxy.ProxyConfig(
        listeners=listeners,
        target_groups=tuple(fail_open(group.config, group.attributes) for arn, group in groups.items() if arn in used),
    )


def endpoint(candidate: Candidate) -> proxy.Endpoint | None:
    """None: the target receives no requests, not even when the target group fails open."""
    target, at = candidate.target, candidate.endpoint
    if target.health.state in (TargetState.DRAINING, TargetState.UNUSED) or target.health == REGISTERING or at is None:
        return None
    healthy = target.health.state in (TargetState.HEALTHY, TargetState.UNAVAILABLE)  # unavailable: not checked, so it counts as healthy
    return proxy.Endpoint(
        target_id=target.key.id,
        host=at[0],
        port=at[1],
        target=f"{candidate.address}:{target.key.port}",
        zone=candidate.zone or "",
        healthy=healthy,
        fault=candidate.fault if healthy else None,  # what does not answer fails by itself
    )


def _names(observed: ObservedRouting, views: Mapping[str, nodes.View]) -> Iterator[Name]:
    for balancer in observed.load_balancers:
        yield from nodes.names(balancer.dns_name, views[balancer.arn].nodes)


def _lacks_address(balancer: LoadBalancer) -> bool:
    return any(zone.private_address is None for zone in balancer.zones)


def _health(group: TargetGroup, shifted: frozenset[str]) -> GroupHealth:
    """The targets that may get requests, with the health that their checks say (TG-40: without those of a shifted zone)."""
    endpoints = tuple(found for candidate in group.candidates if (found := endpoint(candidate)))
    cross_zone = is_cross_zone(group.attributes)
    if cross_zone and shifted:
        endpoints = without_shifted(endpoints, shifted)
    algorithm = group.attributes.get("load_balancing.algorithm.type", "round_robin")
    config = proxy.TargetGroupConfig(arn=group.arn, endpoints=endpoints, algorithm=algorithm, cross_zone=cross_zone)
    return GroupHealth(name=group.name, config=config, attributes=group.attributes, cause=group.cause)


def _shifted(observed: ObservedRouting, used: Mapping[str, tuple[str, ...]]) -> dict[str, frozenset[str]]:
    """Target group → the zones that all load balancers that use it are shifted away from."""
    found: dict[str, frozenset[str]] = {}
    for balancer in observed.load_balancers:
        shifted = frozenset(zone.name for zone in balancer.zones if zone.shifted)
        for arn in used[balancer.arn]:
            found[arn] = found.get(arn, shifted) & shifted
    return found


def _groups(action: proxy.Forward | proxy.Redirect | proxy.FixedResponse) -> tuple[str, ...]:
    return tuple(arn for arn, _ in action.target_groups) if isinstance(action, proxy.Forward) else ()


def _listener(
    balancer: LoadBalancer, listener: Listener, sticky: Mapping[str, proxy.Stickiness], nodes_of: tuple[proxy.Node, ...]
) -> proxy.ListenerConfig:
    attributes = balancer.attributes
    own = {**LISTENER_ATTRIBUTES, **listener.attributes}
    ordered = sorted(listener.rules, key=lambda rule: (rule.priority is None, rule.priority or 0))  # ALB-21
    return proxy.ListenerConfig(
        arn=listener.arn,
        load_balancer=balancer.arn.split("loadbalancer/", 1)[1],
        name=balancer.name,
        dns_name=balancer.dns_name,
        port=listener.port,
        rules=tuple(_rule(rule, sticky) for rule in ordered),
        idle_timeout=timedelta(seconds=int(attributes["idle_timeout.timeout_seconds"])),
        client_keep_alive=timedelta(seconds=int(attributes["client_keep_alive.seconds"])),
        xff_mode=attributes["routing.http.xff_header_processing.mode"],
        xff_client_port=attributes.get("routing.http.xff_client_port.enabled") == "true",
        drop_invalid_headers=attributes.get("routing.http.drop_invalid_header_fields.enabled") == "true",
        preserve_host_header=attributes["routing.http.preserve_host_header.enabled"] == "true",
        response_headers=tuple((header, own[key]) for key, header in RESPONSE_HEADERS.items() if own[key]),
        server_header=own[SERVER_HEADER] == "true",
        nodes=nodes_of,
    )


def _rule(rule: Rule, sticky: Mapping[str, proxy.Stickiness]) -> proxy.RuleConfig:
    return proxy.RuleConfig(
        arn=rule.arn, priority=rule.priority, action=action(rule.action, sticky), conditions=conditions(rule.conditions)
    )


def _activated(balancer: LoadBalancer) -> Event:
    return Event(
        source="aws.elasticloadbalancing",
        detail_type=LOAD_BALANCER_ACTIVE,
        summary=f"load balancer {balancer.name} is active",
        resources=(balancer.name, balancer.arn),
        detail={"load-balancer": balancer.name, "state": "active"},
    )


def _problem(observed: ObservedRouting, listener: str, problem: str) -> Event:
    """`listener`: its ARN, or the key of a port that all load balancers share, whose problem is a sentence of its own."""
    shared = not listener.startswith("arn:")
    names = [balancer.name for balancer in observed.load_balancers if listener in {each.arn for each in balancer.listeners}]
    return Event(
        source="sandbox.proxy",
        detail_type=LISTENER_PROBLEM,
        summary=problem if shared else f"a listener of {', '.join(names) or 'a deleted load balancer'} cannot be reached: {problem}",
        resources=() if shared else (listener, *names),
        detail={"listener": listener, "problem": problem},
    )
