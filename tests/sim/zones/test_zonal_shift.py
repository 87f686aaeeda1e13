"""A zonal shift in a whole sandbox: traffic and launches leave the zone, and both come back. Autoshifts and practice runs likewise."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from sandbox.core.ports import FaultRequest
from tests.support import Fleet, VirtualSandbox, rule, virtual_sandbox
from tests.support.services.zones.arc import FIRST, SECOND, ShiftBench, condition, start

IMPAIRMENT = {"ZonalShiftEnabled": True, "ImpairedZoneHealthCheckBehavior": "IgnoreUnhealthy"}
MINUTE = 60


@pytest.fixture
def on() -> Iterator[VirtualSandbox]:
    made = virtual_sandbox(seed=5)
    yield made
    made.sandbox.close()


class Shifted:
    """Six instances over three zones behind a load balancer; both allow zonal shifts."""

    def __init__(self, on: VirtualSandbox, **group: Any) -> None:
        self.on, self.bench = on, ShiftBench(on.client)
        given = {"DesiredCapacity": 6, "MaxSize": 12, "AvailabilityZoneImpairmentPolicy": IMPAIRMENT} | group
        self.fleet = Fleet(on).make(**given)
        self.balancer = str(on.client("elbv2").describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"])
        self.group = str(self.fleet.described()["AutoScalingGroupARN"])
        self.bench.opt(self.balancer, True)
        on.run(3 * MINUTE)
        assert self.fleet.well()

    def traffic(self) -> set[str]:
        """The zones of the targets that answer new requests: {"a", "b"}."""
        proxy, zones = self.on.sandbox.simulated.proxy, self.zones_by_instance()
        answered = [proxy.request(self.fleet.listener) for _ in range(60)]
        assert {response.status for response in answered} == {200}
        return {zones[response.target_id] for response in answered if response.target_id}

    def zones_by_instance(self) -> dict[str, str]:
        return {each["InstanceId"]: each["AvailabilityZone"][-1] for each in self.fleet.described()["Instances"]}

    def shift(self, away_from: str = FIRST, expires_in: str = "30m") -> None:
        for arn in (self.balancer, self.group):
            self.bench.arc.start_zonal_shift(**start(arn, awayFrom=away_from, expiresIn=expires_in))

    def terminate_all(self, zone: str) -> None:
        chosen = [each for each, found in self.zones_by_instance().items() if found == zone]
        self.on.client("ec2").terminate_instances(InstanceIds=chosen)

    def counts(self) -> tuple[int, ...]:
        """Instances in service in the zones a, b and c."""
        found = self.fleet.zones()
        return found.count("a"), found.count("b"), found.count("c")

    def shifts(self) -> list[dict[str, Any]]:
        return list(self.bench.arc.list_zonal_shifts()["items"])

    def configure(self, *arns: str, autoshift: bool = True) -> None:
        for arn in arns:
            self.bench.configure(arn, outcomeAlarms=[condition(self.bench.alarm("errors"))])
            status = "ENABLED" if autoshift else "DISABLED"
            self.bench.arc.update_zonal_autoshift_configuration(resourceIdentifier=arn, zonalAutoshiftStatus=status)

    def break_zone(self, zone: str, minutes: float, kind: str = "zone-blackhole") -> None:
        self.on.sandbox.injector.inject(FaultRequest(kind=kind, targets=(zone,), duration=timedelta(minutes=minutes)))

    def event(self, detail_type: str) -> list[str]:
        return [each.summary for each in self.on.sandbox.journal.events() if each.detail_type == detail_type]


@rule("ARC-4")
@rule("TG-40")
def test_traffic_leaves_the_zone_and_returns_when_the_shift_expires(on: VirtualSandbox) -> None:
    fleet = Shifted(on)
    assert fleet.traffic() == {"a", "b", "c"}
    fleet.shift(expires_in="10m")
    on.run(5)
    assert fleet.traffic() == {"b", "c"}
    assert fleet.counts() == (2, 2, 2)  # ASG-113: nothing is terminated
    on.run(10 * MINUTE)
    assert {each["status"] for each in fleet.shifts()} == {"EXPIRED"}
    assert fleet.traffic() == {"a", "b", "c"}


@rule("ASG-112")
@rule("ASG-113")
def test_launches_avoid_the_zone_until_the_shift_is_over_and_then_the_group_is_balanced(on: VirtualSandbox) -> None:
    fleet = Shifted(on)
    fleet.shift()
    fleet.terminate_all("a")
    on.run(3 * MINUTE)
    assert fleet.counts() == (0, 3, 3)
    on.client("autoscaling").set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=8)
    on.run(3 * MINUTE)
    assert fleet.counts() == (0, 4, 4)
    on.run(40 * MINUTE)
    assert fleet.fleet.well()
    assert sorted(fleet.counts()) == [2, 3, 3]
    assert fleet.traffic() == {"a", "b", "c"}


@rule("ASG-112")
@pytest.mark.parametrize(("behaviour", "replaced"), [("IgnoreUnhealthy", False), ("ReplaceUnhealthy", True)])
def test_unhealthy_instances_of_the_zone_are_replaced_or_left(on: VirtualSandbox, behaviour: str, replaced: bool) -> None:
    fleet = Shifted(on, AvailabilityZoneImpairmentPolicy=IMPAIRMENT | {"ImpairedZoneHealthCheckBehavior": behaviour})
    fleet.shift()
    fleet.break_zone("us-east-1a", minutes=15)
    on.run(14 * MINUTE)
    assert fleet.counts() == ((0, 3, 3) if replaced else (2, 2, 2))
    assert fleet.traffic() == {"b", "c"}
    on.run(60 * MINUTE)
    assert fleet.fleet.well()


@rule("ASG-112")
def test_a_policy_does_not_lower_the_capacity_during_a_shift(on: VirtualSandbox) -> None:
    fleet = Shifted(on)
    autoscaling = on.client("autoscaling")
    for name, adjustment in (("less", -2), ("more", 2)):
        autoscaling.put_scaling_policy(
            AutoScalingGroupName="web", PolicyName=name, AdjustmentType="ChangeInCapacity", ScalingAdjustment=adjustment, Cooldown=0
        )
    fleet.shift(expires_in="10m")
    autoscaling.execute_policy(AutoScalingGroupName="web", PolicyName="less", HonorCooldown=False)
    assert fleet.fleet.described()["DesiredCapacity"] == 6
    autoscaling.execute_policy(AutoScalingGroupName="web", PolicyName="more", HonorCooldown=False)
    assert fleet.fleet.described()["DesiredCapacity"] == 8
    on.run(11 * MINUTE)
    autoscaling.execute_policy(AutoScalingGroupName="web", PolicyName="less", HonorCooldown=False)
    assert fleet.fleet.described()["DesiredCapacity"] == 6


# ---- zonal autoshift ---------------------------------------------------------------------------------------------------------------------


@rule("ARC-6")
def test_an_autoshift_follows_the_fault_of_a_zone_and_ends_after_it(on: VirtualSandbox) -> None:
    fleet = Shifted(on)
    fleet.configure(fleet.balancer, fleet.group)
    fleet.break_zone("us-east-1a", minutes=20)
    on.run(4.9 * MINUTE)
    assert fleet.bench.arc.list_autoshifts()["items"] == []
    on.run(0.2 * MINUTE)
    assert [each["awayFrom"] for each in fleet.bench.arc.list_autoshifts()["items"]] == [FIRST]
    assert fleet.bench.resource(fleet.group)["appliedWeights"][FIRST] == 0.0
    on.run(22 * MINUTE)
    assert [each["status"] for each in fleet.bench.arc.list_autoshifts(status="COMPLETED")["items"]] == ["COMPLETED"]
    on.run(60 * MINUTE)
    assert fleet.fleet.well() and fleet.traffic() == {"a", "b", "c"}
    assert set(fleet.bench.resource(fleet.balancer)["appliedWeights"].values()) == {1.0}


@rule("ARC-6")
def test_resources_without_zonal_autoshift_are_not_shifted(on: VirtualSandbox) -> None:
    fleet = Shifted(on)
    fleet.configure(fleet.balancer, autoshift=False)
    fleet.break_zone("us-east-1a", minutes=20)
    on.run(10 * MINUTE)
    assert [each["awayFrom"] for each in fleet.bench.arc.list_autoshifts()["items"]] == [FIRST]
    assert fleet.bench.resource(fleet.balancer)["autoshifts"] == []


def test_an_autoshift_survives_a_restart_of_the_control_plane(on: VirtualSandbox, tmp_path: Any) -> None:
    fleet = Shifted(on)
    fleet.configure(fleet.balancer)
    fleet.break_zone("us-east-1a", minutes=60)
    on.run(6 * MINUTE)
    again = on.restart(tmp_path / "state.bin")
    again.run(MINUTE)
    assert ShiftBench(again.client).resource(fleet.balancer)["appliedWeights"][FIRST] == 0.0
    again.sandbox.close()


# ---- practice runs -----------------------------------------------------------------------------------------------------------------------


@rule("ARC-7")
@rule("ARC-8")
def test_a_practice_run_checks_the_capacity_shifts_for_half_an_hour_and_succeeds(on: VirtualSandbox) -> None:
    fleet = Shifted(on)
    fleet.configure(fleet.balancer)
    fleet.bench.arc.start_practice_run(resourceIdentifier=fleet.balancer, awayFrom=SECOND, comment="a try")
    on.run(5)
    assert fleet.traffic() == {"a", "c"}
    on.run(31 * MINUTE)
    assert [(each["practiceRunOutcome"], each["status"]) for each in fleet.shifts()] == [("SUCCEEDED", "EXPIRED")]
    assert fleet.traffic() == {"a", "b", "c"}


@rule("ARC-7")
def test_an_outcome_alarm_ends_a_practice_run_at_once_as_failed(on: VirtualSandbox) -> None:
    fleet = Shifted(on)
    fleet.configure(fleet.balancer)
    fleet.bench.arc.start_practice_run(resourceIdentifier=fleet.balancer, awayFrom=SECOND, comment="a try")
    on.run(10 * MINUTE)
    fleet.bench.set_alarm("errors", "ALARM")
    on.run(2)
    assert [(each["practiceRunOutcome"], each["status"]) for each in fleet.shifts()] == [("FAILED", "CANCELED")]
    assert fleet.traffic() == {"a", "b", "c"}
    assert "the outcome alarm errors is in the state ALARM" in fleet.event("Practice Run Failed")[0]


@rule("ARC-8")
def test_without_balanced_capacity_no_practice_run_moves_traffic(on: VirtualSandbox) -> None:
    fleet = Shifted(on)
    fleet.configure(fleet.balancer, fleet.group)
    on.client("autoscaling").suspend_processes(AutoScalingGroupName="web", ScalingProcesses=["Launch"])
    fleet.terminate_all("a")
    on.run(2 * MINUTE)
    for arn in (fleet.balancer, fleet.group):
        fleet.bench.arc.start_practice_run(resourceIdentifier=arn, awayFrom=SECOND, comment="a try")
    on.run(5)
    assert [each["practiceRunOutcome"] for each in fleet.shifts()] == ["CAPACITY_CHECK_FAILED"] * 2
    assert any("4 instances are healthy, and the desired capacity is 6." in each["comment"] for each in fleet.shifts())
    assert fleet.traffic() == {"b", "c"}  # zone a has no instance


def test_shifts_expire_while_the_apis_of_other_services_fail(on: VirtualSandbox) -> None:
    fleet = Shifted(on)
    fleet.configure(fleet.balancer)
    fleet.bench.arc.start_practice_run(resourceIdentifier=fleet.balancer, awayFrom=SECOND, comment="a try")
    fleet.bench.arc.start_zonal_shift(**start(fleet.group, expiresIn="10m"))
    on.run(5)
    for service in ("cloudwatch", "elbv2"):
        on.sandbox.injector.inject(FaultRequest(kind="api-error", targets=(service,), duration=timedelta(minutes=40)))
    on.run(31 * MINUTE)
    assert {
        (each["practiceRunOutcome"], each["status"]) if "practiceRunOutcome" in each else each["status"] for each in fleet.shifts()
    } == {
        ("INTERRUPTED", "CANCELED"),
        "EXPIRED",
    }


@rule("ARC-7")
def test_practice_runs_come_weekly_by_themselves(on: VirtualSandbox) -> None:
    fleet = Shifted(on)
    fleet.configure(fleet.group)
    for _ in range(2):
        on.sandbox.clock.advance_to(on.now() + timedelta(days=6, hours=23))  # type: ignore[attr-defined] - as if the machine had slept
        on.run(2 * 60 * MINUTE)
    runs = fleet.shifts()[::-1]
    assert [each["practiceRunOutcome"] for each in runs] == ["SUCCEEDED", "SUCCEEDED"]
    assert runs[1]["startTime"] - runs[0]["startTime"] == timedelta(weeks=1)
    assert [each["awayFrom"] for each in runs] == ["use1-az1", "use1-az2"]
