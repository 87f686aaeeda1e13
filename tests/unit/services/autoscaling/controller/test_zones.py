"""The controller of Auto Scaling divides a group over its zones, also while one has no capacity."""

from itertools import pairwise

from sandbox.faults.model import Fault
from tests.support import rule
from tests.support.services.autoscaling_stage import Stage, causes, reports_no_fault
from tests.support.services.faults import no_capacity


def no_capacity_in(stage: Stage, zone: str) -> Fault:
    text = "We currently do not have sufficient t3.micro capacity in the Availability Zone you requested."
    return stage.faults.inject(no_capacity(zone, text), f"{zone} has no capacity")


@rule("ASG-26", "ASG-30", "ASG-60")
def test_a_zone_without_capacity_is_skipped_and_filled_again_when_it_recovers(stage: Stage) -> None:
    fault = no_capacity_in(stage, "us-east-1a")
    stage.ready()
    assert stage.zones() == ["b", "b", "c"]
    failed = [a for a in stage.activities() if a["StatusCode"] == "Failed"]
    reason = "We currently do not have sufficient t3.micro capacity in the Availability Zone you requested. Launching EC2 instance failed."
    assert reason == failed[0]["StatusMessage"]
    assert f"Launching a new EC2 instance.  Status Reason: {reason}" == failed[0]["Description"]
    assert failed[0]["Progress"] == 100
    stage.faults.clear(fault.id)
    stage.wait(180)
    assert stage.zones() == ["a", "b", "c"]
    assert any("An instance was launched to aid in balancing the group's zones." in cause for cause in causes(stage, "Launching"))
    reports_no_fault(stage)


@rule("ASG-61")
def test_retries_become_rarer(stage: Stage) -> None:
    for zone in ("us-east-1a", "us-east-1b", "us-east-1c"):
        stage.faults.inject(no_capacity(zone, "There is none."), f"{zone} has no capacity")
    stage.group(zones=1, DesiredCapacity=1)
    stage.wait(600)
    starts = sorted(a["StartTime"] for a in stage.activities())
    waits = [round((later - earlier).total_seconds()) for earlier, later in pairwise(starts)]
    assert waits == [10, 20, 40, 80, 160]
    assert all(a["StatusCode"] == "Failed" for a in stage.activities())


@rule("ASG-61")
def test_retries_become_rarer_also_when_ec2_accepts_the_launch_and_it_fails_later(stage: Stage) -> None:
    stage.world.launch_error = lambda zone: "no such image"
    stage.group(zones=1, DesiredCapacity=1)
    stage.wait(600)
    starts = sorted(a["StartTime"] for a in stage.activities())
    waits = [round((later - earlier).total_seconds()) for earlier, later in pairwise(starts)]
    assert waits == [10, 20, 40, 80, 160]
    stage.world.launch_error = lambda zone: None
    stage.wait(600)
    assert stage.zones() == ["a"]


@rule("ASG-60")
def test_a_machine_that_cannot_be_started_is_a_failed_launch(stage: Stage) -> None:
    stage.world.launch_error = lambda zone: "no such image" if zone == "us-east-1a" else None
    stage.ready()
    assert (3, {"b", "c"}) == (len(stage.instances()), set(stage.zones()))
    failed = [a for a in stage.activities() if a["StatusCode"] == "Failed"]
    assert failed[0]["StatusMessage"] == "Server.InternalError: Internal error on launch."
    reports_no_fault(stage)


@rule("ASG-27", "ASG-28")
def test_an_added_zone_is_filled_and_a_removed_one_emptied_launch_first(stage: Stage) -> None:
    subnets = stage.subnets()
    stage.ready(zones=2, DesiredCapacity=4, MaxSize=4)
    assert stage.zones() == ["a", "a", "b", "b"]
    sizes: set[int] = set()
    stage.asg.update_auto_scaling_group(AutoScalingGroupName="web", VPCZoneIdentifier=f"{subnets['us-east-1b']},{subnets['us-east-1c']}")
    for _ in range(30):
        stage.wait(10)
        sizes.add(len(stage.instances()) + len(stage.instances("Pending")))
    assert stage.zones() == ["b", "b", "c", "c"]
    assert sizes <= {4, 5}, "ASG-28: 1 above the maximum, and never below desired"
    reports_no_fault(stage)
