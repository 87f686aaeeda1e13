"""The end of a deregistration delay: connections to the target are closed, and no others (TG-20)."""

from collections import Counter
from datetime import timedelta

import pytest

from sandbox.drivers.proxy.simulated import SimulatedProxy
from sandbox.traffic.outcomes import Failure
from sandbox.traffic.plan import Plan
from sandbox.traffic.records import Stream
from sandbox.virtual.client import VirtualClient
from tests.support import Fleet, rule, virtual_sandbox


def fleet_and_proxy() -> tuple[Fleet, SimulatedProxy]:
    fleet = Fleet(virtual_sandbox()).make(delay=20, HealthCheckType="EC2")
    assert fleet.on.until(lambda: list(fleet.health().values()) == ["healthy"] * 3, 60) is not None
    return fleet, fleet.on.sandbox.simulated.proxy


def endpoint(fleet: Fleet, instance_id: str) -> tuple[str, int]:
    [described] = fleet.on.client("ec2").describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"]
    return fleet.on.runtime.endpoint(described["PrivateIpAddress"], 80)


@rule("TG-20")
def test_connections_are_closed_when_the_delay_is_over_and_not_before() -> None:
    fleet, proxy = fleet_and_proxy()
    victim, *_ = fleet.in_service()
    at = endpoint(fleet, victim)
    fleet.on.client("elbv2").deregister_targets(TargetGroupArn=fleet.target_group, Targets=[{"Id": victim}])
    fleet.on.run(19.5)
    assert proxy.closed == []
    fleet.on.run(1)
    assert proxy.closed == [at]


@rule("TG-20", "TG-4")
def test_a_target_that_another_group_has_too_keeps_its_connections() -> None:
    fleet, proxy = fleet_and_proxy()
    victim, *_ = fleet.in_service()
    elbv2 = fleet.on.client("elbv2")
    vpc = fleet.on.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    other = elbv2.create_target_group(Name="other", Protocol="HTTP", Port=80, VpcId=vpc)["TargetGroups"][0]["TargetGroupArn"]
    elbv2.register_targets(TargetGroupArn=other, Targets=[{"Id": victim}])
    elbv2.deregister_targets(TargetGroupArn=fleet.target_group, Targets=[{"Id": victim}])
    fleet.on.run(30)
    assert victim not in fleet.health()
    assert proxy.closed == []


# ---- requests in progress ----------------------------------------------------------------------------------------------------------------


def stream(fleet: Fleet, seconds: int) -> Stream:
    """Two requests per second that take that long."""
    client = VirtualClient(fleet.on.sandbox)
    url = client.get("endpoints")["endpoints"][0]["url"]
    return client.traffic(Plan(url=f"{url}sleep?seconds={seconds}", rate=2, timeout=timedelta(seconds=60)))


def failures(found: Stream) -> Counter[Failure]:
    return Counter(record.outcome.failure for record in found.stop() if record.outcome.failure)


@rule("TG-20")
def test_requests_shorter_than_the_delay_are_answered_while_their_target_drains() -> None:
    fleet, _ = fleet_and_proxy()
    traffic = stream(fleet, seconds=10)
    fleet.on.run(30)
    victim, *_ = fleet.in_service()
    fleet.on.client("elbv2").deregister_targets(TargetGroupArn=fleet.target_group, Targets=[{"Id": victim}])
    fleet.on.run(40)
    assert failures(traffic) == {}


@rule("TG-20")
def test_requests_that_are_open_at_the_end_of_the_delay_get_a_502() -> None:
    fleet, _ = fleet_and_proxy()
    traffic = stream(fleet, seconds=30)
    fleet.on.run(60)
    victim, *_ = fleet.in_service()
    fleet.on.client("elbv2").deregister_targets(TargetGroupArn=fleet.target_group, Targets=[{"Id": victim}])
    fleet.on.run(60)
    assert set(failures(traffic)) == {Failure.BAD_GATEWAY}
    assert failures(traffic)[Failure.BAD_GATEWAY] == pytest.approx(
        2 / 3 * 10, abs=1
    )  # those of the ten seconds before the end of the delay


def test_a_machine_that_dies_takes_its_requests_along_and_the_load_balancer_counts_them() -> None:
    fleet, _ = fleet_and_proxy()
    traffic = stream(fleet, seconds=20)
    fleet.on.run(60)
    victim, *_ = fleet.in_service()
    fleet.on.client("ec2").terminate_instances(InstanceIds=[victim])
    fleet.on.run(120)
    lost = failures(traffic)
    assert lost[Failure.BAD_GATEWAY] == pytest.approx(2 / 3 * 20, abs=2)
    counted = fleet.on.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/ApplicationELB",
        MetricName="HTTPCode_ELB_502_Count",
        Dimensions=[{"Name": "LoadBalancer", "Value": fleet.listener.split(":listener/")[1].rsplit("/", 1)[0]}],
        StartTime=fleet.on.sandbox.clock.now() - timedelta(minutes=10),
        EndTime=fleet.on.sandbox.clock.now() + timedelta(minutes=1),
        Period=60,
        Statistics=["Sum"],
    )
    assert sum(point["Sum"] for point in counted["Datapoints"]) == lost[Failure.BAD_GATEWAY]
