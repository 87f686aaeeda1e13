"""A group in a zone without capacity, in a whole sandbox: where it launches, what its activities say, and how it is balanced after."""

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.core.ports import FaultRequest
from tests.support import Fleet, VirtualSandbox, rule, virtual_sandbox

MINUTE = 60
TEXT = (
    "We currently do not have sufficient t3.micro capacity in the Availability Zone you requested (us-east-1a). Our system will be working "
    "on provisioning additional capacity. You can currently get t3.micro capacity by not specifying an Availability Zone in your request "
    "or choosing us-east-1b, us-east-1c, us-east-1d, us-east-1e, us-east-1f. Launching EC2 instance failed."
)


@pytest.fixture
def on() -> Iterator[VirtualSandbox]:
    made = virtual_sandbox(seed=5)
    yield made
    made.sandbox.close()


class Failing:
    """Six instances over three zones; the group cannot be larger."""

    def __init__(self, on: VirtualSandbox, **group: Any) -> None:
        self.on = on
        self.fleet = Fleet(on).make(**{"DesiredCapacity": 6, "MaxSize": 6} | group)
        on.run(3 * MINUTE)
        assert self.counts() == (2, 2, 2)

    def counts(self) -> tuple[int, ...]:
        """Instances in service in the zones a, b and c."""
        found = self.fleet.zones()
        return found.count("a"), found.count("b"), found.count("c")

    def inject(self, kind: str) -> str:
        return self.on.sandbox.injector.inject(FaultRequest(kind=kind, targets=("us-east-1a",)))

    def clear(self, fault: str) -> None:
        self.on.sandbox.injector.clear(fault)

    def terminate_all_in_a(self) -> None:
        members = self.fleet.described()["Instances"]
        chosen = [each["InstanceId"] for each in members if each["AvailabilityZone"] == "us-east-1a"]
        self.on.client("ec2").terminate_instances(InstanceIds=chosen)

    def failed(self) -> list[dict[str, Any]]:
        """Oldest first."""
        return [each for each in self.fleet.activities()[::-1] if each["StatusCode"] == "Failed"]

    def largest(self, minutes: float) -> int:
        """The most instances, launching or in service, at any moment."""
        seen = [0]
        self.on.run(
            minutes * MINUTE, lambda: seen.append(sum(not each.startswith("Terminating") for each in self.fleet.members().values()))
        )
        return max(seen)


@rule("ASG-26")
@rule("ASG-60")
@rule("ASG-114")
def test_a_launch_without_capacity_is_a_failed_activity_and_another_zone_gets_it_at_once(on: VirtualSandbox) -> None:
    group = Failing(on)
    group.inject("no-capacity")
    group.terminate_all_in_a()
    on.run(20)
    assert sorted({each["StatusMessage"] for each in group.failed()}) == [TEXT]
    assert group.counts() == (0, 3, 3)
    first, launched = group.failed()[0], group.fleet.activities()[0]
    assert (launched["StartTime"] - first["StartTime"]).total_seconds() < 5


@rule("ASG-26")
def test_balanced_only_waits_for_the_zone(on: VirtualSandbox) -> None:
    group = Failing(on, AvailabilityZoneDistribution={"CapacityDistributionStrategy": "balanced-only"})
    fault = group.inject("no-capacity")
    group.terminate_all_in_a()
    on.run(10 * MINUTE)
    assert group.counts() == (0, 2, 2)
    assert 3 < len(group.failed()) < 12  # ASG-61: the waits between the attempts grow
    group.clear(fault)
    on.run(12 * MINUTE)
    assert group.counts() == (2, 2, 2)


@rule("ASG-28")
@rule("ASG-30")
def test_when_the_zone_has_capacity_again_the_group_is_balanced_above_its_maximum(on: VirtualSandbox) -> None:
    group = Failing(on)
    fault = group.inject("no-capacity")
    group.terminate_all_in_a()
    on.run(15 * MINUTE)
    assert group.counts() == (0, 3, 3)
    group.clear(fault)
    assert group.largest(minutes=30) == 7
    assert group.counts() == (2, 2, 2) and group.fleet.well()


@rule("ASG-27")
def test_without_az_rebalance_the_zones_stay_as_they_are(on: VirtualSandbox) -> None:
    group = Failing(on)
    on.client("autoscaling").suspend_processes(AutoScalingGroupName="web", ScalingProcesses=["AZRebalance"])
    fault = group.inject("no-capacity")
    group.terminate_all_in_a()
    on.run(5 * MINUTE)
    group.clear(fault)
    on.run(30 * MINUTE)
    assert group.counts() == (0, 3, 3)


def test_with_launch_suspended_replacing_unhealthy_instances_shrinks_the_fleet(on: VirtualSandbox) -> None:
    group = Failing(on)
    on.client("autoscaling").suspend_processes(AutoScalingGroupName="web", ScalingProcesses=["Launch"])
    group.terminate_all_in_a()
    on.run(10 * MINUTE)
    assert group.counts() == (0, 2, 2)
    assert group.fleet.described()["DesiredCapacity"] == 6
    on.client("autoscaling").resume_processes(AutoScalingGroupName="web", ScalingProcesses=["Launch"])
    on.run(5 * MINUTE)
    assert group.fleet.well()
