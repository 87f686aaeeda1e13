"""Zones of a load balancer: which targets a node may choose, which zones are in DNS, what is recorded about it (TG-28, TG-35 to TG-41)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from sandbox.core.control import Decision
from sandbox.drivers.proxy.base import Endpoint, ListenerConfig, Node, ProxyConfig
from sandbox.services.elbv2 import model
from sandbox.services.elbv2.actions import ApplyConfig
from sandbox.services.elbv2.decide import routing
from sandbox.services.elbv2.decide.nodes import DNS_CHANGE, ObservedZone
from sandbox.services.elbv2.decide.routing import Candidate, Listener, LoadBalancer, ObservedRouting, RoutingMemory, TargetGroup
from sandbox.services.elbv2.decide.rules import Rule
from sandbox.services.elbv2.model import Health, TargetKey
from tests.support import rule
from tests.support.services.targets import ARN, START, target

BALANCER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/shop/50dc6c495c0c9188"
A, B = "us-east-1a", "us-east-1b"
IDS = {A: "use1-az6", B: "use1-az1"}
UP, DOWN = model.HEALTHY, model.FAILED
ALONE = {"load_balancing.cross_zone.enabled": "false"}
DNS, ROUTING = (f"target_group_health.{kind}.minimum_healthy_targets" for kind in ("dns_failover", "unhealthy_state_routing"))
ATTRIBUTES = {
    "idle_timeout.timeout_seconds": "60",
    "client_keep_alive.seconds": "3600",
    "routing.http.xff_header_processing.mode": "append",
    "routing.http.preserve_host_header.enabled": "false",
}
SECOND = timedelta(seconds=1)


def state(*targets: tuple[str, Health], attributes: Mapping[str, str] | None = None, shifted: str = "", dark: str = "") -> ObservedRouting:
    """A load balancer in zones a and b, and these targets of its group."""
    forward = Rule(arn="rule", priority=None, conditions=(), action={"Type": "forward", "TargetGroupArn": ARN})
    zones = tuple(ObservedZone(name=zone, zone_id=IDS[zone], shifted=zone == shifted, reachable=zone != dark) for zone in (A, B))
    balancer = LoadBalancer(
        arn=BALANCER,
        name="shop",
        dns_name="shop.elb",
        active_from=START,
        active=True,
        attributes=ATTRIBUTES,
        listeners=(Listener(arn="listener", port=80, rules=(forward,)),),
        zones=zones,
        cause="e000007",
    )
    candidates = tuple(
        Candidate(target=target(TargetKey(f"i-{n}", 80), health), zone=zone, address=f"172.31.0.{n}", endpoint=(f"127.31.0.{n}", 80))
        for n, (zone, health) in enumerate(targets)
    )
    group = TargetGroup(arn=ARN, name="web", attributes=attributes or {}, candidates=candidates, cause="e000005")
    return ObservedRouting(load_balancers=(balancer,), target_groups=(group,))


def config_of(observed: ObservedRouting) -> ProxyConfig:
    return routing.render(observed, START)


def endpoints(observed: ObservedRouting) -> tuple[Endpoint, ...]:
    return config_of(observed).target_groups[0].endpoints


def in_dns(observed: ObservedRouting) -> set[str]:
    return {node.zone for node in config_of(observed).listeners[0].nodes if node.in_dns}


def nodes(decision: Decision[RoutingMemory]) -> dict[str, Node]:
    assert decision.memory.applied is not None
    listener: ListenerConfig = decision.memory.applied.listeners[0]
    return {node.zone: node for node in listener.nodes}


# ---- cross-zone load balancing -----------------------------------------------------------------------------------------------------------


@rule("TG-28", "TG-38")
def test_with_cross_zone_off_a_node_has_only_the_targets_of_its_zone() -> None:
    (group,) = config_of(state((A, UP), (A, UP), attributes=ALONE)).target_groups
    assert [len(group.for_node(zone)) for zone in (A, B)] == [2, 0]
    (together,) = config_of(state((A, UP), (A, UP))).target_groups
    assert [len(together.for_node(zone)) for zone in (A, B)] == [2, 2]


@rule("TG-35")
@pytest.mark.parametrize(
    ("attributes", "open_", "gets"),
    [
        ({}, set(), {"i-1", "i-2"}),
        ({f"{ROUTING}.count": "2"}, set(), {"i-1", "i-2"}),
        ({f"{ROUTING}.count": "3"}, {"i-0", "i-1", "i-2", "i-3"}, {"i-0", "i-1", "i-2", "i-3"}),
        ({f"{ROUTING}.percentage": "51"}, {"i-0", "i-1", "i-2", "i-3"}, {"i-0", "i-1", "i-2", "i-3"}),
        ({**ALONE, f"{ROUTING}.count": "2"}, {"i-0", "i-1", "i-2", "i-3"}, {"i-0", "i-1", "i-2", "i-3"}),
        ({**ALONE, f"{ROUTING}.percentage": "50"}, set(), {"i-1", "i-2"}),
    ],
)
def test_below_the_threshold_for_routing_all_targets_of_the_group_or_zone_get_requests(
    attributes: Mapping[str, str], open_: set[str], gets: set[str]
) -> None:
    """One healthy and one unhealthy target in each zone."""
    found = endpoints(state((A, DOWN), (A, UP), (B, UP), (B, DOWN), attributes=attributes))
    assert {each.target_id for each in found if each.fail_open} == open_
    assert {each.target_id for each in found if each.healthy} == gets


@rule("TG-35")
def test_with_cross_zone_off_each_zone_fails_open_for_itself() -> None:
    found = endpoints(state((A, DOWN), (A, DOWN), (B, UP), (B, DOWN), attributes=ALONE))
    assert [each.fail_open for each in found] == [True, True, False, False]


# ---- DNS failover ------------------------------------------------------------------------------------------------------------------------


@rule("TG-36")
@pytest.mark.parametrize(
    ("attributes", "targets", "expected"),
    [
        ({}, [(A, DOWN), (B, UP)], {A, B}),
        (ALONE, [(A, DOWN), (B, UP)], {B}),
        (ALONE, [(A, DOWN), (B, DOWN)], {A, B}),
        ({}, [(A, DOWN), (B, DOWN)], {A, B}),
        (ALONE, [(B, UP)], {B}),
        ({**ALONE, f"{DNS}.count": "2"}, [(A, UP), (A, UP), (B, UP), (B, DOWN)], {A}),
        ({**ALONE, f"{DNS}.percentage": "60"}, [(A, UP), (A, UP), (B, UP), (B, DOWN)], {A}),
        ({**ALONE, f"{DNS}.count": "off"}, [(A, DOWN), (B, UP)], {A, B}),
        ({f"{DNS}.count": "3"}, [(A, UP), (B, UP)], {A, B}),
    ],
    ids=[
        "cross-zone: the group is healthy",
        "no healthy target in a",
        "none is healthy: fail open",
        "cross-zone: fail open",
        "no target in a",
        "count",
        "percentage",
        "off",
        "cross-zone: all zones become unhealthy together",
    ],
)
def test_the_dns_record_has_the_zones_above_the_threshold(
    attributes: Mapping[str, str], targets: list[tuple[str, Health]], expected: set[str]
) -> None:
    assert in_dns(state(*targets, attributes=attributes)) == expected


@rule("TG-36", "ALB-5")
def test_a_zone_leaves_dns_and_returns_with_events_and_clients_follow_within_the_ttl() -> None:
    well, ill = state((A, UP), (B, UP), attributes=ALONE), state((A, DOWN), (B, UP), attributes=ALONE)
    first = routing.decide(well, None, START)
    assert first.events == () and {node.weight for node in nodes(first).values()} == {1}
    left = routing.decide(ill, first.memory, START + 10 * SECOND)
    (event,) = left.events
    assert (event.detail_type, event.cause) == (DNS_CHANGE, "e000005")
    assert event.summary == (
        f"{A} leaves the DNS record of shop: target group web has 0 healthy of 1 targets in this zone, which is below its threshold for "
        "DNS failover"
    )
    assert (nodes(left)[A].in_dns, nodes(left)[A].weight, left.look_again) == (False, 360, 5 * SECOND)
    half = routing.decide(ill, left.memory, START + 40 * SECOND)
    assert (nodes(half)[A].weight, nodes(half)[B].weight, half.events) == (180, 540, ())
    gone = routing.decide(ill, half.memory, START + 70 * SECOND)
    assert (nodes(gone)[A].weight, nodes(gone)[B].weight, gone.look_again) == (0, 1, None)
    back = routing.decide(well, gone.memory, START + 90 * SECOND)
    assert [each.summary for each in back.events] == [f"{A} joins the DNS record of shop"]
    assert (back.events[0].cause, nodes(back)[A].in_dns, nodes(back)[A].weight) == ("e000007", True, 0)


@rule("TG-36")
def test_when_no_zone_is_healthy_all_return_to_dns_and_it_is_recorded() -> None:
    ill = routing.decide(state((A, DOWN), (B, UP), attributes=ALONE), None, START)
    dead = routing.decide(state((A, DOWN), (B, DOWN), attributes=ALONE), ill.memory, START)
    (event,) = dead.events
    assert event.summary.startswith(
        "no zone of shop is healthy, so its DNS record has all of them (fail open): us-east-1a: target group web"
    )
    assert all(node.in_dns for node in nodes(dead).values())
    assert routing.decide(state((A, DOWN), (B, DOWN), attributes=ALONE), dead.memory, START).events == ()


def test_a_new_load_balancer_without_targets_is_no_failure() -> None:
    first = routing.decide(replace(state(), target_groups=()), None, START)
    assert routing.decide(state(), first.memory, START).events == ()


def test_between_two_steps_nothing_is_applied_again() -> None:
    ill = state((A, DOWN), (B, UP), attributes=ALONE)
    first = routing.decide(state((A, UP), (B, UP), attributes=ALONE), None, START)
    left = routing.decide(ill, first.memory, START + 10 * SECOND)
    assert routing.decide(ill, left.memory, START + 14 * SECOND).actions == ()
    assert isinstance(routing.decide(ill, left.memory, START + 15 * SECOND).actions[0], ApplyConfig)


# ---- a zone that is cut off --------------------------------------------------------------------------------------------------------------


@rule("ALB-5")
def test_a_node_that_does_not_answer_leaves_dns_when_its_checks_have_failed() -> None:
    healthy, dark = state((A, UP), (B, UP)), state((A, UP), (B, UP), dark=A)
    first = routing.decide(healthy, None, START)
    cut = routing.decide(dark, first.memory, START)
    assert (nodes(cut)[A].reachable, nodes(cut)[A].in_dns, cut.look_again) == (False, True, 30 * SECOND)
    out = routing.decide(dark, cut.memory, START + 30 * SECOND)
    assert (nodes(out)[A].in_dns, out.events[0].summary) == (False, f"{A} leaves the DNS record of shop: its node does not answer")
    back = routing.decide(healthy, out.memory, START + 60 * SECOND)
    assert (nodes(back)[A].reachable, nodes(back)[A].in_dns) == (True, True)


# ---- zonal shift -------------------------------------------------------------------------------------------------------------------------


@rule("TG-40")
def test_a_shifted_zone_is_not_in_dns_and_with_cross_zone_its_targets_get_no_requests() -> None:
    shifted = state((A, UP), (B, UP), shifted=A)
    assert in_dns(shifted) == {B}
    assert [each.zone for each in endpoints(shifted)] == [B]


@rule("TG-40")
def test_with_cross_zone_off_the_node_of_a_shifted_zone_keeps_its_targets() -> None:
    """Connections that clients have to it continue."""
    shifted = state((A, UP), (B, UP), attributes=ALONE, shifted=A)
    assert (in_dns(shifted), [each.zone for each in endpoints(shifted)]) == ({B}, [A, B])


@rule("TG-40", "TG-41", "ARC-4")
@pytest.mark.parametrize("attributes", [{}, ALONE], ids=["cross-zone", "without"])
@pytest.mark.parametrize("others", [[], [(B, DOWN)]], ids=["targets in one zone only", "none healthy elsewhere"])
def test_a_shift_has_no_effect_without_healthy_targets_in_other_zones(
    attributes: Mapping[str, str], others: list[tuple[str, Health]]
) -> None:
    shifted = state((A, UP), *others, attributes=attributes, shifted=A)
    assert in_dns(shifted) == in_dns(state((A, UP), *others, attributes=attributes)) and A in in_dns(shifted)
    assert endpoints(shifted) == endpoints(state((A, UP), *others, attributes=attributes))


@rule("TG-40")
def test_a_shift_is_recorded_with_its_cause() -> None:
    first = routing.decide(state((A, UP), (B, UP)), None, START)
    (event,) = routing.decide(state((A, UP), (B, UP), shifted=A), first.memory, START).events
    assert (event.summary, event.cause) == (f"{A} leaves the DNS record of shop: a zonal shift moves traffic away from it", "e000007")
