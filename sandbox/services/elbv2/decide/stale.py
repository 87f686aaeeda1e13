"""The proxy's configuration while changes are accepted and not applied (the fault stale-configuration): pure. decide/routing.py calls it.

What users configure stays as it was applied; what the load balancer finds out goes on: target health, nodes, DNS. A load balancer or target
group that was deleted is gone all the same.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from sandbox.core.events import Event
from sandbox.drivers.proxy.base import Endpoint, Forward, ListenerConfig, ProxyConfig, RuleConfig, TargetGroupConfig

NOT_APPLIED, APPLIED = "Configuration Not Applied", "Configuration Applied"


@dataclass(frozen=True, slots=True, kw_only=True)
class Existing:
    """What there is apart from the configuration."""

    load_balancers: frozenset[str]  # "app/<name>/<id>"
    groups: Mapping[str, TargetGroupConfig]  # all target groups, used or not, as they would be applied
    registered: Mapping[str, frozenset[str]]  # ARN of the group → "address:port" of targets that are registered and not draining


def held(applied: ProxyConfig, wanted: ProxyConfig, operations: frozenset[str], existing: Existing) -> ProxyConfig:
    """`applied`: what the proxy has; `wanted`: what the API says; `operations`: those whose changes are not applied."""
    listeners = tuple(_listeners(applied, wanted, operations, existing.load_balancers))
    used = {arn for listener in listeners for rule in listener.rules for arn in _groups(rule)}
    before = {group.arn: group for group in applied.target_groups}
    found = ((existing.groups.get(arn), before.get(arn)) for arn in sorted(used))
    groups = [_group(new, old, operations, existing.registered.get(new.arn, frozenset())) for new, old in found if new]
    return ProxyConfig(listeners=listeners, target_groups=_in_order_of(wanted, groups))


def told(was_holding: bool, is_holding: bool) -> tuple[Event, ...]:
    """An event when a change is held for the first time, and when all have been applied."""
    if was_holding == is_holding:
        return ()
    summary = "load balancers go on with an older configuration" if is_holding else "load balancers have the configuration of the API again"
    return (Event(source="sandbox.proxy", detail_type=NOT_APPLIED if is_holding else APPLIED, summary=summary),)


# ---- listeners and rules -------------------------------------------------------------------------------------------------------------


def _listeners(
    applied: ProxyConfig, wanted: ProxyConfig, operations: frozenset[str], balancers: frozenset[str]
) -> Iterator[ListenerConfig]:
    before, after = {each.arn: each for each in applied.listeners}, {each.arn: each for each in wanted.listeners}
    for arn, new in after.items():
        old = before.get(arn)
        if old is not None:
            yield _listener(old, new, operations)
        elif "CreateListener" not in operations:
            yield new
    for arn, old in before.items():
        if arn not in after and "DeleteListener" in operations and old.load_balancer in balancers:
            yield old


def _listener(old: ListenerConfig, new: ListenerConfig, operations: frozenset[str]) -> ListenerConfig:
    port = old.port if "ModifyListener" in operations else new.port
    return replace(new, rules=tuple(_rules(old.rules, new.rules, operations)), port=port)


def _rules(old: Iterable[RuleConfig], new: Iterable[RuleConfig], operations: frozenset[str]) -> list[RuleConfig]:
    """In order of evaluation, the default last."""
    before, after = {rule.arn: rule for rule in old}, {rule.arn: rule for rule in new}
    found = [_rule(before[arn], rule, operations) for arn, rule in after.items() if arn in before]
    found += [rule for arn, rule in after.items() if arn not in before and "CreateRule" not in operations]
    found += [rule for arn, rule in before.items() if arn not in after and "DeleteRule" in operations]
    return sorted(found, key=lambda rule: (rule.priority is None, rule.priority or 0))


def _rule(old: RuleConfig, new: RuleConfig, operations: frozenset[str]) -> RuleConfig:
    if ("ModifyListener" if new.priority is None else "ModifyRule") in operations:
        new = replace(new, action=old.action, conditions=old.conditions)
    return replace(new, priority=old.priority) if "SetRulePriorities" in operations else new


def _groups(rule: RuleConfig) -> tuple[str, ...]:
    return tuple(arn for arn, _ in rule.action.target_groups) if isinstance(rule.action, Forward) else ()


# ---- targets -------------------------------------------------------------------------------------------------------------------------


def _group(
    new: TargetGroupConfig, old: TargetGroupConfig | None, operations: frozenset[str], registered: frozenset[str]
) -> TargetGroupConfig:
    before = {each.target: each for each in old.endpoints} if old else {}
    after = {each.target: each for each in new.endpoints}
    kept: list[Endpoint] = [each for name, each in after.items() if not old or name in before or "RegisterTargets" not in operations]
    if "DeregisterTargets" in operations:
        kept += [each for name, each in before.items() if name not in after and name not in registered]
    return replace(new, endpoints=tuple(kept))


def _in_order_of(wanted: ProxyConfig, groups: Iterable[TargetGroupConfig]) -> tuple[TargetGroupConfig, ...]:
    order = {group.arn: n for n, group in enumerate(wanted.target_groups)}
    return tuple(sorted(groups, key=lambda group: (order.get(group.arn, len(order)), group.arn)))
