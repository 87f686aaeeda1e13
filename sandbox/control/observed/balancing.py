"""Load balancers with their listeners and rules, and target groups with the health of their targets, from moto's objects. Call it with the
lock held."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sandbox.control.observed.model import Listener, LoadBalancer, Rule, Target, TargetGroup
from sandbox.core.control import Scope
from sandbox.services.elbv2.decide.rules import condition_values, forwarded
from sandbox.services.elbv2.state import snapshot


def load_balancers(scope: Scope) -> tuple[LoadBalancer, ...]:
    return tuple(_load_balancer(backend, each) for backend in _backends(scope) for each in backend.load_balancers.values())


def target_groups(scope: Scope) -> tuple[TargetGroup, ...]:
    return tuple(_target_group(scope, each) for backend in _backends(scope) for each in backend.target_groups.values())


def _backends(scope: Scope) -> Iterator[Any]:
    return (backend for at, backend in snapshot.backends() if at == scope)


def _load_balancer(backend: Any, balancer: Any) -> LoadBalancer:
    names = {arn: group.name for arn, group in backend.target_groups.items()}
    return LoadBalancer(
        arn=balancer.arn,
        name=balancer.name,
        key=balancer.arn.split("loadbalancer/", 1)[1],
        dns_name=balancer.dns_name,
        state=balancer.state,
        zones=tuple(sorted(str(subnet.availability_zone) for subnet in balancer.subnets)),
        shifted_zones=tuple(sorted(snapshot.shifted_zones(balancer))),
        listeners=tuple(_listener(each, names) for each in balancer.listeners.values()),
    )


def _listener(listener: Any, names: Mapping[str, str]) -> Listener:
    rules = sorted(listener.rules.values(), key=lambda rule: snapshot.priority(rule) or 1_000_000)  # the default rule is last
    shown = tuple(_rule(each, names) for each in rules)
    return Listener(arn=listener.arn, protocol=listener.protocol, port=int(listener.port), rules=shown)


def _rule(rule: Any, names: Mapping[str, str]) -> Rule:
    action = rule.actions[0].data
    shares = [(names.get(arn, arn), weight) for arn, weight in forwarded(action)] if action["Type"] == "forward" else []
    return Rule(
        priority=str(rule.priority),
        conditions=" and ".join(_condition(each) for each in rule.conditions),
        action=_action(action, shares),
        target_groups=tuple(name for name, _ in shares),
    )


def _condition(condition: Mapping[str, Any]) -> str:
    values = [f"{v['Key']}={v['Value']}" if isinstance(v, Mapping) and "Key" in v else _plain(v) for v in condition_values(condition)]
    header = (condition.get("HttpHeaderConfig") or {}).get("HttpHeaderName")
    return f"{condition['Field']}{f' {header}' if header else ''} is {' or '.join(values)}"


def _plain(value: Any) -> str:
    return str(value.get("Value", "")) if isinstance(value, Mapping) else str(value)


def _action(action: Mapping[str, Any], shares: Sequence[tuple[str, int]]) -> str:
    if action["Type"] == "forward":
        weighted = len(shares) > 1
        return "forward to " + ", ".join(f"{name} (weight {weight})" if weighted else name for name, weight in shares)
    if action["Type"] == "redirect":
        to = action["RedirectConfig"]
        where = f"{to.get('Protocol', '#{protocol}')}://{to.get('Host', '#{host}')}:{to.get('Port', '#{port}')}{to.get('Path', '/#{path}')}"
        return f"redirect to {where} ({to['StatusCode']})"
    if action["Type"] == "fixed-response":
        return f"answer {action['FixedResponseConfig']['StatusCode']}"
    return str(action["Type"])


def _target_group(scope: Scope, group: Any) -> TargetGroup:
    zones = snapshot.target_zones(scope, group)
    return TargetGroup(
        arn=group.arn,
        name=group.name,
        protocol=group.protocol,
        port=int(group.port),
        health_check_path=group.health_check_path or "",
        targets=tuple(_target(each, zones.get(each.key)) for each in group.sandbox.targets.values()),
    )


def _target(target: Any, zone: str | None) -> Target:
    health = target.health
    return Target(
        id=target.key.id,
        port=target.key.port,
        zone=zone,
        state=health.state.value,
        since=target.since,
        reason=health.reason,
        description=health.description,
    )
