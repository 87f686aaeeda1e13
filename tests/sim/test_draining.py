"""The end of a deregistration delay: connections to the target are closed, and no others (TG-20)."""

from sandbox.drivers.proxy.simulated import SimulatedProxy
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
