"""The nodes of a load balancer in a whole sandbox: a zone that goes dark or loses its targets leaves DNS, and what clients notice of it."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest

from sandbox.core.ports import FaultRequest
from tests.support import Fleet, VirtualSandbox, rule, virtual_sandbox

MINUTE = 60
A, B, C = "us-east-1a", "us-east-1b", "us-east-1c"
CHANGE = "Load Balancer DNS Change"


@pytest.fixture
def on() -> Iterator[VirtualSandbox]:
    made = virtual_sandbox(seed=7)
    yield made
    made.sandbox.close()


def serving(on: VirtualSandbox, **attributes: str) -> Fleet:
    """Six instances over three zones behind a load balancer."""
    fleet = Fleet(on).make(DesiredCapacity=6, MaxSize=12)
    group = on.client("elbv2").describe_target_groups()["TargetGroups"][0]["TargetGroupArn"]
    given = [{"Key": key, "Value": value} for key, value in attributes.items()]
    if given:
        on.client("elbv2").modify_target_group_attributes(TargetGroupArn=group, Attributes=given)
    on.run(3 * MINUTE)
    assert fleet.well()
    return fleet


def outcomes(on: VirtualSandbox, fleet: Fleet, count: int = 120) -> Counter[tuple[str | None, int]]:
    """(zone of the node, status) of new requests to the load balancer's name; status 0: no answer."""
    proxy = on.sandbox.simulated.proxy
    return Counter((answer.node, answer.status) for answer in (proxy.request(fleet.listener) for _ in range(count)))


def changes(on: VirtualSandbox) -> list[str]:
    return [event.summary for event in on.sandbox.journal.events() if event.detail_type == CHANGE]


def blackhole(on: VirtualSandbox, minutes: float) -> None:
    on.sandbox.injector.inject(FaultRequest(kind="zone-blackhole", targets=(A,), duration=timedelta(minutes=minutes)))


@rule("AZ-7", "TG-36", "ALB-5")
def test_clients_lose_the_requests_to_a_dark_node_until_they_follow_dns(on: VirtualSandbox) -> None:
    fleet = serving(on)
    blackhole(on, 10)
    on.run(1)
    assert outcomes(on, fleet)[A, 0] == 40  # a third of the connections go to its address
    on.run(35)
    assert changes(on)[-1] == f"{A} leaves the DNS record of {fleet.name}: its node does not answer"
    on.run(30)
    assert 0 < outcomes(on, fleet)[A, 0] < 40  # clients whose answer is not old enough
    on.run(2 * MINUTE)
    assert {status for _, status in outcomes(on, fleet)} == {200}
    on.run(10 * MINUTE)
    assert {node for node, _ in outcomes(on, fleet)} == {A, B, C} and changes(on)[-1].startswith(f"{A} joins the DNS record")


@rule("TG-28", "TG-36")
def test_with_cross_zone_off_a_zone_whose_targets_are_gone_costs_its_share_only(on: VirtualSandbox) -> None:
    fleet = serving(on, **{"load_balancing.cross_zone.enabled": "false"})
    proxy = on.sandbox.simulated.proxy
    zones = {zone: {proxy.request(fleet.listener, node=zone).zone for _ in range(6)} for zone in (A, B, C)}
    assert zones == {A: {A}, B: {B}, C: {C}}


@rule("LBM-1", "LBM-2")
def test_the_requests_of_a_zone_are_those_of_its_node_whatever_the_zone_of_the_target(on: VirtualSandbox) -> None:
    fleet = serving(on)
    for _ in range(30):
        on.sandbox.simulated.proxy.request(fleet.listener, node=B)
    on.run(2 * MINUTE)
    balancer = on.client("elbv2").describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"].split("loadbalancer/")[1]

    def requests(zone: str) -> float:
        found = on.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/ApplicationELB",
            MetricName="RequestCount",
            Dimensions=[{"Name": "LoadBalancer", "Value": balancer}, {"Name": "AvailabilityZone", "Value": zone}],
            StartTime=on.sandbox.clock.now() - timedelta(minutes=10),
            EndTime=on.sandbox.clock.now(),
            Period=60,
            Statistics=["Sum"],
        )
        return float(sum(point["Sum"] for point in found["Datapoints"]))

    assert (requests(A), requests(B), requests(C)) == (0.0, 30.0, 0.0)


def test_many_requests_at_once_have_the_outcomes_of_single_ones(on: VirtualSandbox) -> None:
    fleet = serving(on)
    blackhole(on, 10)
    on.run(1)
    single = outcomes(on, fleet, 360)
    many: Counter[tuple[str | None, int]] = Counter()
    for outcome, count in on.sandbox.simulated.proxy.request_many(fleet.listener, 360).items():
        many[outcome.node, outcome.status] += count
    assert many.total() == 360 and many[A, 0] == single[A, 0]
    assert all(abs(many[key] - single[key]) <= 6 for key in {*many, *single})
