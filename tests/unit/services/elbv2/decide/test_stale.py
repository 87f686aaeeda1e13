"""Changes that are accepted and not applied: what the proxy keeps, and what it learns all the same."""

from dataclasses import replace

import pytest

from sandbox.drivers.proxy.base import Endpoint, Forward, ListenerConfig, ProxyConfig, RuleConfig, TargetGroupConfig
from sandbox.services.elbv2.decide.stale import Existing, held

BALANCER, OLD, NEW = "app/shop/1", "group/old", "group/new"


def endpoint(name: str, *, healthy: bool = True) -> Endpoint:
    return Endpoint(target_id=name, host=name, port=80, target=f"{name}:80", zone="us-east-1a", healthy=healthy)


def routing_rule(arn: str, priority: int | None, group: str = OLD) -> RuleConfig:
    return RuleConfig(arn=arn, priority=priority, action=Forward(target_groups=((group, 1),)))


def listener(*rules: RuleConfig, arn: str = "l", port: int = 80) -> ListenerConfig:
    return ListenerConfig(arn=arn, load_balancer=BALANCER, name="shop", dns_name="shop.elb", port=port, rules=rules)


def config(*listeners: ListenerConfig, endpoints: tuple[Endpoint, ...] = (endpoint("a"), endpoint("b"))) -> ProxyConfig:
    return ProxyConfig(listeners=listeners, target_groups=(TargetGroupConfig(arn=OLD, endpoints=endpoints),))


def existing(wanted: ProxyConfig, *registered: str, balancers: tuple[str, ...] = (BALANCER,)) -> Existing:
    groups = {group.arn: group for group in wanted.target_groups} | {NEW: TargetGroupConfig(arn=NEW, endpoints=(endpoint("c"),))}
    return Existing(load_balancers=frozenset(balancers), groups=groups, registered={OLD: frozenset(f"{name}:80" for name in registered)})


PLAIN = config(listener(routing_rule("default", None)))


@pytest.mark.parametrize(
    ("operation", "applied", "wanted"),
    [
        ("ModifyListener", PLAIN, config(listener(routing_rule("default", None, NEW)))),
        ("ModifyListener", PLAIN, config(listener(routing_rule("default", None), port=8080))),
        ("CreateRule", PLAIN, config(listener(routing_rule("r1", 1, NEW), routing_rule("default", None)))),
        ("DeleteRule", config(listener(routing_rule("r1", 1), routing_rule("default", None))), PLAIN),
        (
            "ModifyRule",
            config(listener(routing_rule("r1", 1), routing_rule("default", None))),
            config(listener(routing_rule("r1", 1, NEW), routing_rule("default", None))),
        ),
        (
            "SetRulePriorities",
            config(listener(routing_rule("r1", 1), routing_rule("r2", 2), routing_rule("default", None))),
            config(listener(routing_rule("r2", 1), routing_rule("r1", 2), routing_rule("default", None))),
        ),
        (
            "CreateListener",
            PLAIN,
            config(listener(routing_rule("default", None)), listener(routing_rule("other", None), arn="l2", port=81)),
        ),
        (
            "DeleteListener",
            config(listener(routing_rule("default", None)), listener(routing_rule("other", None), arn="l2", port=81)),
            PLAIN,
        ),
        (
            "RegisterTargets",
            PLAIN,
            config(listener(routing_rule("default", None)), endpoints=(endpoint("a"), endpoint("b"), endpoint("c"))),
        ),
        ("DeregisterTargets", PLAIN, config(listener(routing_rule("default", None)), endpoints=(endpoint("a"),))),
    ],
)
def test_a_change_by_a_held_operation_is_not_applied_and_by_another_one_is(
    operation: str, applied: ProxyConfig, wanted: ProxyConfig
) -> None:
    known = existing(wanted, "a")
    assert held(applied, wanted, frozenset({operation}), known) == applied
    other = "DeleteRule" if operation != "DeleteRule" else "CreateRule"
    assert held(applied, wanted, frozenset({other}), known).listeners == wanted.listeners


def test_health_is_learned_all_the_same() -> None:
    wanted = config(listener(routing_rule("default", None)), endpoints=(endpoint("a"), endpoint("b", healthy=False)))
    assert held(PLAIN, wanted, frozenset({"RegisterTargets", "DeregisterTargets"}), existing(wanted, "a", "b")) == wanted


def test_a_target_that_is_registered_and_gets_no_requests_is_not_kept_as_deregistered() -> None:
    """Its zone is shifted away, or it is in its initial state."""
    wanted = config(listener(routing_rule("default", None)), endpoints=(endpoint("a"),))
    assert held(PLAIN, wanted, frozenset({"DeregisterTargets"}), existing(wanted, "a", "b")) == wanted


def test_a_load_balancer_that_was_deleted_is_gone() -> None:
    wanted = ProxyConfig()
    assert held(PLAIN, wanted, frozenset({"DeleteListener"}), existing(wanted, balancers=())) == wanted


def test_a_rule_that_is_kept_has_the_target_group_that_it_forwards_to() -> None:
    applied = config(listener(routing_rule("default", None)))
    wanted = replace(config(listener(routing_rule("default", None, NEW))), target_groups=(TargetGroupConfig(arn=NEW),))
    known = replace(existing(wanted), groups={OLD: applied.target_groups[0], NEW: TargetGroupConfig(arn=NEW)})
    assert held(applied, wanted, frozenset({"ModifyListener"}), known) == applied
