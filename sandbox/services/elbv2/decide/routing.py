"""Makes the proxy's configuration from load balancers, listeners, rules, target groups and target health: pure. Also decides when the
provisioning of a load balancer ends (ALB-3).

Actions and conditions are observed in AWS's own structures (as in CreateRule); `render` converts them to the proxy's values. Healthy
targets receive requests. Unhealthy targets, and those in their initial checks, receive them only when no target is healthy (TG-12, TG-35).
Targets that are draining, unused or being registered never do (TG-15, TG-20, TG-38).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sandbox.core.control import Action, Decision
from sandbox.core.events import Event
from sandbox.drivers.proxy import base as proxy
from sandbox.services.elbv2.actions import ActivateLoadBalancer, ApplyConfig
from sandbox.services.elbv2.data import LISTENER_ATTRIBUTES, RESPONSE_HEADERS, SERVER_HEADER
from sandbox.services.elbv2.model import REGISTERING, Target, TargetState

ROUTING_THRESHOLD = "target_group_health.unhealthy_state_routing.minimum_healthy_targets"
DEFAULT = "default"  # the priority of a listener's default rule
LOAD_BALANCER_ACTIVE = "Load Balancer State Change"
LISTENER_PROBLEM = "Listener Unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    arn: str
    priority: int | None  # None: the default rule
    conditions: tuple[Mapping[str, Any], ...]  # AWS's RuleCondition
    action: Mapping[str, Any]  # AWS's Action: forward, redirect or fixed-response


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    target: Target
    zone: str | None
    address: str | None  # None: its instance is gone
    endpoint: tuple[str, int] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetGroup:
    arn: str
    attributes: Mapping[str, str] = field(default_factory=dict)  # TG-3; those that are absent have AWS's defaults
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedRouting:
    load_balancers: tuple[LoadBalancer, ...] = ()
    target_groups: tuple[TargetGroup, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()  # of the proxy: listener ARN, description
    state_lost: bool = False  # the state that the proxy was configured from could not be read


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingMemory:
    applied: proxy.ProxyConfig | None
    problems: tuple[tuple[str, str], ...] = ()  # that were reported


def decide(observed: ObservedRouting, memory: RoutingMemory | None, now: datetime) -> Decision[RoutingMemory]:
    """After a restart (memory None) the configuration is always applied: the proxy may have an older one."""
    config = None if observed.state_lost and not observed.load_balancers else render(observed, now)
    ready = [balancer for balancer in observed.load_balancers if not balancer.active and balancer.active_from <= now]
    actions: list[Action] = [ActivateLoadBalancer(arn=balancer.arn) for balancer in ready]
    if memory is None or memory.applied != config:
        actions.append(ApplyConfig(config=config))
    reported = memory.problems if memory else ()
    waiting = [balancer.active_from for balancer in observed.load_balancers if balancer.active_from > now]
    return Decision(
        memory=RoutingMemory(applied=config, problems=observed.problems),
        actions=tuple(actions),
        events=(
            *(_activated(balancer) for balancer in ready),
            *(_problem(observed, *problem) for problem in observed.problems if problem not in reported),
        ),
        look_again=min(waiting) - now if waiting else None,
    )


def render(observed: ObservedRouting, now: datetime) -> proxy.ProxyConfig:
    """The complete configuration of the proxy. Load balancers that are being provisioned do not listen yet."""
    active = [balancer for balancer in observed.load_balancers if balancer.active_from <= now]
    sticky = {group.arn: found for group in observed.target_groups if (found := stickiness(group.attributes))}
    listeners = tuple(_listener(balancer, listener, sticky) for balancer in active for listener in balancer.listeners)
    used = {arn for listener in listeners for rule in listener.rules for arn in _groups(rule.action)}
    return proxy.ProxyConfig(
        listeners=listeners,
        target_groups=tuple(_target_group(group) for group in observed.target_groups if group.arn in used),
    )


def endpoint(candidate: Candidate) -> proxy.Endpoint | None:
    """None: the target receives no requests, not even when the target group fails open."""
    target, at = candidate.target, candidate.endpoint
    if target.health.state in (TargetState.DRAINING, TargetState.UNUSED) or target.health == REGISTERING or at is None:
        return None
    return proxy.Endpoint(
        target_id=target.key.id,
        host=at[0],
        port=at[1],
        target=f"{candidate.address}:{target.key.port}",
        zone=candidate.zone or "",
        healthy=target.health.state
        in (TargetState.HEALTHY, TargetState.UNAVAILABLE),  # unavailable: it is not checked, so it counts as healthy
    )


def _target_group(group: TargetGroup) -> proxy.TargetGroupConfig:
    endpoints = tuple(found for candidate in group.candidates if (found := endpoint(candidate)))
    if _fails_open(endpoints, group.attributes):
        endpoints = tuple(replace(each, healthy=True) for each in endpoints)
    algorithm = group.attributes.get("load_balancing.algorithm.type", "round_robin")
    return proxy.TargetGroupConfig(arn=group.arn, endpoints=endpoints, algorithm=algorithm)


def _fails_open(endpoints: Sequence[proxy.Endpoint], attributes: Mapping[str, str]) -> bool:
    """TG-35: with fewer healthy targets than either threshold, all receive requests. The proxy itself does it when there is none."""
    healthy = sum(each.healthy for each in endpoints)
    if not healthy:
        return False
    percentage = attributes.get(f"{ROUTING_THRESHOLD}.percentage", "off")
    below_percentage = percentage != "off" and healthy * 100 < int(percentage) * len(endpoints)
    return below_percentage or healthy < int(attributes.get(f"{ROUTING_THRESHOLD}.count", "1"))


def stickiness(attributes: Mapping[str, str]) -> proxy.Stickiness | None:
    """TG-25, TG-26; None: it is off."""
    if attributes.get("stickiness.enabled") != "true":
        return None
    kind = attributes["stickiness.type"]
    duration = timedelta(seconds=int(attributes[f"stickiness.{kind}.duration_seconds"]))
    name = attributes["stickiness.app_cookie.cookie_name"] if kind == "app_cookie" else None
    return proxy.Stickiness(duration=duration, app_cookie=name)


def _groups(action: proxy.Forward | proxy.Redirect | proxy.FixedResponse) -> tuple[str, ...]:
    return tuple(arn for arn, _ in action.target_groups) if isinstance(action, proxy.Forward) else ()


def _listener(balancer: LoadBalancer, listener: Listener, sticky: Mapping[str, proxy.Stickiness]) -> proxy.ListenerConfig:
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
    )


def _rule(rule: Rule, sticky: Mapping[str, proxy.Stickiness]) -> proxy.RuleConfig:
    return proxy.RuleConfig(
        arn=rule.arn, priority=rule.priority, action=action(rule.action, sticky), conditions=conditions(rule.conditions)
    )


def forwarded(aws: Mapping[str, Any]) -> tuple[tuple[str, int], ...]:
    """(ARN, weight) of the target groups of a forward action in either of its two forms; () for another action."""
    if "ForwardConfig" in aws and aws["ForwardConfig"].get("TargetGroups"):
        return tuple((group["TargetGroupArn"], int(group.get("Weight", 1))) for group in aws["ForwardConfig"]["TargetGroups"])
    return ((aws["TargetGroupArn"], 1),) if "TargetGroupArn" in aws else ()


def action(
    aws: Mapping[str, Any], sticky: Mapping[str, proxy.Stickiness] | None = None
) -> proxy.Forward | proxy.Redirect | proxy.FixedResponse:
    """ALB-23 to ALB-26. `sticky`: the stickiness of target groups, by ARN."""
    if aws["Type"] == "forward":
        return _forward(aws, sticky or {})
    if aws["Type"] == "redirect":
        config = aws["RedirectConfig"]
        given = {name.lower(): str(value) for name, value in config.items() if name != "StatusCode"}
        return proxy.Redirect(status_code=int(config["StatusCode"].removeprefix("HTTP_")), **given)
    config = aws["FixedResponseConfig"]
    return proxy.FixedResponse(
        status_code=int(config["StatusCode"]),
        content_type=config.get("ContentType") or "text/plain",
        body=config.get("MessageBody") or "",
    )


def _forward(aws: Mapping[str, Any], sticky: Mapping[str, proxy.Stickiness]) -> proxy.Forward:
    groups = forwarded(aws)
    choice = (aws.get("ForwardConfig") or {}).get("TargetGroupStickinessConfig") or {}
    duration = timedelta(seconds=int(choice["DurationSeconds"])) if choice.get("Enabled") else None
    return proxy.Forward(
        target_groups=groups,
        sticky_targets=tuple((arn, sticky[arn]) for arn, _ in groups if arn in sticky),
        sticky_choice=duration if len(groups) > 1 else None,  # TG-27
    )


def condition_values(aws: Mapping[str, Any]) -> Sequence[Any]:
    """The values of a condition in any of its forms."""
    for name, config in aws.items():
        if name.endswith("Config") and config:
            return tuple(config.get("Values") or ())
    return tuple(aws.get("Values") or ())


def conditions(aws: Sequence[Mapping[str, Any]]) -> proxy.Conditions:
    """ALB-22."""

    def values(field: str) -> tuple[str, ...]:
        return tuple(value for condition in aws if condition["Field"] == field for value in condition_values(condition))

    return proxy.Conditions(
        path_patterns=values("path-pattern"),
        host_headers=values("host-header"),
        http_headers=tuple(
            (condition["HttpHeaderConfig"]["HttpHeaderName"], tuple(condition_values(condition)))
            for condition in aws
            if condition["Field"] == "http-header"
        ),
        request_methods=values("http-request-method"),
        query_strings=tuple(
            tuple((pair.get("Key"), pair["Value"]) for pair in condition_values(condition))
            for condition in aws
            if condition["Field"] == "query-string"
        ),
        source_ips=values("source-ip"),
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
    names = [balancer.name for balancer in observed.load_balancers if listener in {each.arn for each in balancer.listeners}]
    return Event(
        source="sandbox.proxy",
        detail_type=LISTENER_PROBLEM,
        summary=f"a listener of {', '.join(names) or 'a deleted load balancer'} cannot be reached: {problem}",
        resources=(listener, *names),
        detail={"listener": listener, "problem": problem},
    )
