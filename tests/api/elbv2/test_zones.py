"""Zones of a load balancer through the API: cross-zone load balancing, thresholds of target groups, zonal shift (TG-28, TG-35 to TG-41)."""

from typing import Any

import pytest

from sandbox.aws.context import context
from sandbox.drivers.world import App
from tests.support import rule
from tests.support.elb import error_of
from tests.support.ports import FakeFaults, FakeShifts

A, B = "us-east-1a", "us-east-1b"
CROSS_ZONE = "load_balancing.cross_zone.enabled"
DNS, ROUTING = (f"target_group_health.{kind}.minimum_healthy_targets" for kind in ("dns_failover", "unhealthy_state_routing"))


def modify(elb: Any, group: str, **attributes: str) -> dict[str, str]:
    given = [{"Key": key, "Value": value} for key, value in attributes.items()]
    answer = elb.api.modify_target_group_attributes(TargetGroupArn=group, Attributes=given)
    return {each["Key"]: each["Value"] for each in answer["Attributes"]}


def two_zones(elb: Any, **attributes: str) -> tuple[str, str, list[str]]:
    """An active load balancer with a healthy target in each of its two zones. Returns target group, listener and targets."""
    group, listener = elb.serving()
    if attributes:
        modify(elb, group, **attributes)
    instances = [elb.instance(subnet) for subnet in (0, 1)]
    elb.register(group, *instances)
    elb.wait(10)
    assert elb.states(group) == ["healthy", "healthy"]
    return group, listener, instances


def in_dns(elb: Any) -> list[str]:
    return [node.zone for node in elb.proxy.configuration.listeners[0].nodes if node.in_dns]


WRONG = {
    "a routing threshold of 0": (
        {f"{ROUTING}.count": "0"},
        "ValidationError",
        f"'{ROUTING}.count' value '0' must be between '1-1000' inclusive",
    ),
    "a routing threshold that is off": ({f"{ROUTING}.count": "off"}, "ValidationError", f"'{ROUTING}.count' value 'off' must be"),
    "a percentage over 100": ({f"{DNS}.percentage": "101"}, "ValidationError", f"'{DNS}.percentage' value '101' must be between"),
    "DNS below routing": (
        {f"{DNS}.count": "2", f"{ROUTING}.count": "3"},
        "ValidationError",
        f"'{DNS}.count' value '2' must be greater than or equal to '{ROUTING}.count' value '3'",
    ),
    "DNS below routing in percent": (
        {f"{DNS}.percentage": "20", f"{ROUTING}.percentage": "30"},
        "ValidationError",
        f"'{DNS}.percentage' value '20' must be greater than or equal to",
    ),
    "sticky without cross-zone": (
        {CROSS_ZONE: "false", "stickiness.enabled": "true"},
        "InvalidConfigurationRequest",
        "Stickiness cannot be enabled for a target group with cross-zone load balancing disabled",
    ),
}


@rule("TG-37", "TG-28", "TG-3")
@pytest.mark.parametrize("case", WRONG)
def test_wrong_thresholds_change_nothing(elb, case):
    group = elb.group()
    before = modify(elb, group)
    given, code, text = WRONG[case]
    found, said = error_of(modify, elb=elb, group=group, **given)
    assert (found, said.startswith(text)) == (code, True), said
    assert modify(elb, group) == before


@rule("TG-3")
def test_thresholds_and_cross_zone_are_kept(elb):
    group = elb.group()
    given = {CROSS_ZONE: "false", f"{DNS}.count": "off", f"{DNS}.percentage": "60", f"{ROUTING}.count": "2", f"{ROUTING}.percentage": "50"}
    assert given.items() <= modify(elb, group, **given).items()


@rule("TG-28", "TG-38")
def test_with_cross_zone_off_each_node_sends_requests_to_its_own_zone(elb):
    group, listener, (first, second) = two_zones(elb, **{CROSS_ZONE: "false"})
    for zone, target in ((A, first), (B, second)):
        assert {elb.proxy.request(listener, node=zone).target_id for _ in range(4)} == {target}
    elb.deregister(group, first)
    elb.wait(1)
    assert (elb.proxy.request(listener, node=A).status, elb.proxy.request(listener, node=B).status) == (503, 200)


@rule("TG-36", "ALB-5")
def test_a_zone_without_a_healthy_target_leaves_dns_and_its_clients_follow(elb):
    _, listener, (first, _) = two_zones(elb, **{CROSS_ZONE: "false"})
    elb.world.machines[first].app = App.DOWN
    elb.wait(61)
    assert in_dns(elb) == [B]
    (event,) = [each for each in elb.journal.events() if each.detail_type == "Load Balancer DNS Change"]
    causes = [each.summary for each in elb.journal.chain(event)]
    assert "is unhealthy: 2 health checks failed in a row" in causes[-2] and causes[-1].startswith(f"{A} leaves the DNS record of shop")
    assert {elb.proxy.request(listener).node for _ in range(20)} == {A, B}  # clients that have the earlier answer
    elb.wait(60)
    assert {elb.proxy.request(listener).node for _ in range(20)} == {B}
    assert elb.proxy.request(listener, node=A).status == 502  # who still asks its node: it fails open


@rule("TG-35", "TG-39")
def test_below_the_routing_threshold_requests_are_marked_as_routed_by_failover(elb):
    _, listener, (first, _) = two_zones(elb, **{f"{ROUTING}.count": "2", f"{DNS}.count": "2"})
    records = []
    elb.proxy.on_access(records.extend)
    elb.world.machines[first].app = App.DOWN
    elb.wait(61)
    assert {elb.proxy.request(listener).status for _ in range(4)} == {200, 502}
    elb.wait(1)
    assert {record.fail_open for record in records} == {True}
    assert in_dns(elb) == [A, B]  # of the whole group, so all zones are unhealthy together


# ---- zonal shift -------------------------------------------------------------------------------------------------------------------------


def shift(elb: Any, zone: str | None) -> None:
    shifts = context().zonal_shifts
    assert isinstance(shifts, FakeShifts)
    arn = elb.api.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    shifts.shifted = {arn: frozenset({zone} if zone else ())}
    elb.engine.wake("elbv2-routing")
    elb.wait(1)


def opt_in(elb: Any) -> None:
    arn = elb.api.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    elb.api.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[{"Key": "zonal_shift.config.enabled", "Value": "true"}])


@rule("TG-40", "TG-16", "TG-17")
@pytest.mark.parametrize(
    ("cross_zone", "state", "reason"),
    [
        ("true", "zonal_shift_active", "AdministrativeOverride.ZonalShiftActive"),
        ("false", "zonal_shift_delegated_to_dns", "AdministrativeOverride.ZonalShiftDelegatedToDns"),
    ],
)
def test_a_zonal_shift_moves_traffic_away_and_targets_show_it(elb, cross_zone: str, state: str, reason: str):
    group, listener, (first, second) = two_zones(elb, **{CROSS_ZONE: cross_zone})
    opt_in(elb)
    shift(elb, A)
    assert in_dns(elb) == [B]
    shown = {each["Target"]["Id"]: each["AdministrativeOverride"] for each in elb.described(group)}
    assert (shown[first]["State"], shown[first]["Reason"], shown[second]["State"]) == (state, reason, "no_override")
    assert elb.states(group) == ["healthy", "healthy"]  # beside the health
    expected = second if cross_zone == "true" else first
    assert {elb.proxy.request(listener, node=A).target_id for _ in range(4)} == {expected}
    shift(elb, None)
    assert in_dns(elb) == [A, B]
    assert {each["AdministrativeOverride"]["State"] for each in elb.described(group)} == {"no_override"}


@rule("TG-40")
def test_a_load_balancer_that_has_not_opted_in_is_not_shifted(elb):
    two_zones(elb)
    shift(elb, A)
    assert in_dns(elb) == [A, B]


@rule("TG-40", "ARC-4")
def test_a_shift_has_no_effect_while_no_other_zone_has_a_healthy_target(elb):
    _, listener, (first, second) = two_zones(elb)
    opt_in(elb)
    elb.world.machines[second].app = App.DOWN
    elb.wait(61)
    shift(elb, A)
    assert in_dns(elb) == [A, B]
    assert {elb.proxy.request(listener).target_id for _ in range(4)} == {first}


# ---- a zone that is cut off --------------------------------------------------------------------------------------------------------------


@rule("AZ-7", "ALB-5")
def test_the_node_of_a_dark_zone_answers_nothing_and_leaves_dns(elb):
    _, listener, _ = two_zones(elb)
    faults = context().faults
    assert isinstance(faults, FakeFaults)
    faults.dark_zones.add(A)
    elb.engine.wake("elbv2-routing")
    elb.wait(1)
    assert (elb.proxy.request(listener, node=A).status, elb.proxy.request(listener, node=B).status) == (0, 200)
    assert in_dns(elb) == [A, B]
    elb.wait(30)
    assert in_dns(elb) == [B]
    faults.dark_zones.clear()
    elb.engine.wake("elbv2-routing")
    elb.wait(1)
    assert in_dns(elb) == [A, B] and elb.proxy.request(listener, node=A).status == 200


@rule("ALB-4", "ALB-5", "DNS-6")
def test_the_name_of_a_load_balancer_leads_to_its_nodes_in_healthy_zones(elb: Any) -> None:
    group, _, instances = two_zones(elb, **{CROSS_ZONE: "false"})
    nodes = {node.zone: node.private_address for node in elb.proxy.configuration.listeners[0].nodes}
    name = elb.api.describe_load_balancers()["LoadBalancers"][0]["DNSName"]
    assert elb.names.addresses(name) == (nodes[A], nodes[B])
    assert elb.names.addresses(f"{A}.{name}") == (nodes[A],)
    assert elb.names.addresses(name.replace("elb.localhost", "elb.amazonaws.com")) == (nodes[A], nodes[B])
    elb.world.machine(instances[0]).app = App.DOWN
    elb.wait(120)
    assert elb.states(group) == ["unhealthy", "healthy"]
    assert (elb.names.addresses(name), elb.names.addresses(f"{A}.{name}")) == ((nodes[B],), None)
    elb.api.delete_load_balancer(LoadBalancerArn=elb.api.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"])
    elb.wait(1)
    assert elb.names.addresses(name) is None
