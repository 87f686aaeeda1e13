"""The whole loop in virtual time: groups that launch, replace, drain, shrink and rebalance, with AWS's own activities and causes."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from sandbox.aws import state
from sandbox.aws.context import LOCK
from sandbox.core.errors import ApiError
from sandbox.drivers.world import App
from sandbox.faults.model import Fault
from sandbox.services.autoscaling.controller import AutoScalingController
from sandbox.services.autoscaling.state import snapshot
from tests.support import rule
from tests.support.services.autoscaling_stage import HERE, Stage, make, reports_no_fault
from tests.support.services.faults import api_errors, no_capacity


@pytest.fixture
def stage() -> Stage:
    return make()


def causes(stage: Stage, verb: str) -> list[str]:
    return [a["Cause"] for a in stage.activities() if a["Description"].startswith(verb)]


# ---- B2 ----------------------------------------------------------------------------------------------------------------------------------


@rule("ASG-20", "ASG-25", "ASG-57")
def test_a_new_group_fills_itself_evenly_over_its_zones(stage: Stage) -> None:
    stage.group()
    stage.wait(4.9)
    assert stage.instances(None) == []
    stage.wait(0.2)
    assert len(stage.instances("Pending")) == 3
    stage.wait(2)
    assert (stage.zones(), len(stage.instances())) == (["a", "b", "c"], 3)
    newest = stage.activities()[0]
    assert newest["Cause"] == (
        "At 2026-05-07T12:00:00Z a user request created an AutoScalingGroup changing the desired capacity from 0 to 3."
        "  At 2026-05-07T12:00:05Z an instance was started in response to a difference between desired and actual capacity,"
        " increasing the capacity from 0 to 3."
    )
    assert (newest["StatusCode"], newest["Progress"]) == ("Successful", 100)
    assert f"Launching a new EC2 instance: {stage.instances()[2]}" == newest["Description"]
    tags = stage.ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": stage.instances()}])["Tags"]
    assert {("aws:autoscaling:groupName", "web")} == {(t["Key"], t["Value"]) for t in tags}
    reports_no_fault(stage)


@rule("ASG-49", "ASG-53", "ASG-70")
def test_a_terminated_member_is_replaced_in_its_zone_within_seconds(stage: Stage) -> None:
    stage.ready()
    victim = stage.instances()[1]
    stage.ec2.terminate_instances(InstanceIds=[victim])
    stage.wait(0.1)
    assert next((i["HealthStatus"] for i in stage.described()["Instances"] if i["InstanceId"] == victim), "Unhealthy") == "Unhealthy"
    stage.wait(2)
    assert (stage.zones(), stage.described()["DesiredCapacity"]) == (["a", "b", "c"], 3)
    assert victim not in stage.instances(None)
    assert causes(stage, "Terminating")[0] == (
        "At 2026-05-07T12:00:20Z an instance was taken out of service in response to an EC2 health check"
        " indicating it has been terminated or stopped."
    )
    assert (
        causes(stage, "Launching")[0]
        == "At 2026-05-07T12:00:21Z an instance was launched in response to an unhealthy instance needing to be replaced."
    )
    reports_no_fault(stage)


@rule("ASG-93")
def test_the_causes_of_a_replacement_lead_back_to_the_user_s_request(stage: Stage) -> None:
    stage.ready()
    before = stage.instances()
    stage.ec2.terminate_instances(InstanceIds=before[:1])
    stage.wait(3)
    new = next(i for i in stage.instances() if i not in before)
    assert stage.chain(new) == [
        "AWS API Call via CloudTrail",
        "EC2 Instance State-change Notification",
        "Instance Health Status Change",
        "Scaling Activity Started",
        "Scaling Activity Started",
        "AWS API Call via CloudTrail",
        "EC2 Instance State-change Notification",
        "EC2 Instance State-change Notification",
        "EC2 Instance Launch Successful",
    ]


@pytest.mark.parametrize(
    "hurt",
    [
        lambda stage, i: stage.ec2.stop_instances(InstanceIds=[i]),
        lambda stage, i: stage.asg.set_instance_health(InstanceId=i, HealthStatus="Unhealthy"),
        lambda stage, i: stage.asg.terminate_instance_in_auto_scaling_group(InstanceId=i, ShouldDecrementDesiredCapacity=False),
    ],
    ids=["stopped", "marked by a user", "terminated through the group"],
)
@rule("ASG-41", "ASG-46", "ASG-69")
def test_a_lost_member_is_replaced(stage: Stage, hurt: Callable[[Stage, str], object]) -> None:
    stage.ready()
    victim = stage.instances()[0]
    hurt(stage, victim)
    stage.wait(5)
    assert victim not in stage.instances(None)
    assert stage.zones() == ["a", "b", "c"]
    assert stage.ec2.describe_instances(InstanceIds=[victim])["Reservations"][0]["Instances"][0]["State"]["Name"] == "terminated"
    reports_no_fault(stage)


# ---- size --------------------------------------------------------------------------------------------------------------------------------


@rule("ASG-57", "ASG-65")
def test_the_desired_capacity_is_followed_up_and_down(stage: Stage) -> None:
    stage.ready()
    stage.asg.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=7)
    stage.wait(10)
    assert stage.zones() == ["a", "a", "a", "b", "b", "c", "c"]
    stage.asg.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=2)
    stage.wait(10)
    assert len(set(stage.zones())) == 2
    chosen = causes(stage, "Terminating")[0]
    assert chosen.startswith(
        "At 2026-05-07T12:00:30Z a user request explicitly set group desired capacity changing the desired capacity from 7 to 2."
        "  At 2026-05-07T12:00:33Z an instance was taken out of service in response to a difference between desired and actual capacity,"
        " shrinking the capacity from 7 to 2."
    )
    assert chosen.count("was selected for termination.") == 5
    reports_no_fault(stage)


@rule("ASG-4")
def test_new_bounds_carry_the_desired_capacity_with_them(stage: Stage) -> None:
    stage.ready()
    stage.asg.update_auto_scaling_group(AutoScalingGroupName="web", MinSize=4)
    stage.wait(10)
    assert (stage.described()["DesiredCapacity"], len(stage.instances())) == (4, 4)
    assert causes(stage, "Launching")[0].startswith(
        "At 2026-05-07T12:00:20Z a user request update of AutoScalingGroup constraints to min: 4, max: 10, desired: 4"
        " changing the desired capacity from 3 to 4."
    )
    stage.asg.update_auto_scaling_group(AutoScalingGroupName="web", MinSize=0, MaxSize=2)
    stage.wait(10)
    assert len(stage.instances()) == 2


@rule("ASG-62", "ASG-68")
def test_protected_members_stay_and_one_activity_says_so(stage: Stage) -> None:
    stage.ready(NewInstancesProtectedFromScaleIn=True)
    stage.asg.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=1)
    stage.wait(60)
    assert (len(stage.instances()), stage.described()["DesiredCapacity"]) == (3, 1)
    said = [a["StatusCode"] for a in stage.activities() if a["Description"].startswith("Could not scale to desired capacity")]
    assert said == ["Cancelled"]
    stage.asg.set_instance_protection(AutoScalingGroupName="web", InstanceIds=stage.instances()[:2], ProtectedFromScaleIn=False)
    stage.wait(5)
    assert len(stage.instances()) == 1


@rule("ASG-17", "ASG-18", "ASG-20")
def test_each_launch_resolves_the_template_again(stage: Stage) -> None:
    data = {"ImageId": "ami-0c047a86012500412", "InstanceType": "t3.micro"}
    template = stage.ec2.create_launch_template(LaunchTemplateName="shop", LaunchTemplateData=data)["LaunchTemplate"]["LaunchTemplateId"]
    stage.ready(LaunchTemplate={"LaunchTemplateName": "shop", "Version": "$Latest"}, DesiredCapacity=1)
    newer = data | {"InstanceType": "t3.small"}
    stage.ec2.create_launch_template_version(LaunchTemplateId=template, LaunchTemplateData=newer, SourceVersion="1")
    stage.asg.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=2)
    stage.wait(10)
    made = {i["InstanceType"]: i["LaunchTemplate"]["Version"] for i in stage.described()["Instances"]}
    assert made == {"t3.micro": "1", "t3.small": "2"}
    tags = stage.ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": stage.instances()[1:]}])["Tags"]
    assert {"aws:ec2launchtemplate:id": template, "aws:ec2launchtemplate:version": "2", "aws:autoscaling:groupName": "web"} == {
        t["Key"]: t["Value"] for t in tags
    }
    stage.asg.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=1)
    stage.wait(10)
    assert [i["InstanceType"] for i in stage.described()["Instances"]] == ["t3.small"], "ASG-66: the older version goes first"


@rule("ASG-20")
def test_group_tags_that_propagate_are_on_the_instances(stage: Stage) -> None:
    stage.ready(
        Tags=[
            {"Key": "app", "Value": "shop", "PropagateAtLaunch": True},
            {"Key": "owner", "Value": "me", "PropagateAtLaunch": False},
        ]
    )
    tags = stage.ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": stage.instances()[:1]}])["Tags"]
    assert {t["Key"]: t["Value"] for t in tags} == {"app": "shop", "aws:autoscaling:groupName": "web"}


@rule("ASG-58")
def test_a_warmup_keeps_the_launch_activity_open(stage: Stage) -> None:
    stage.ready(DefaultInstanceWarmup=60)
    assert {"WaitingForInstanceWarmup"} == {a["StatusCode"] for a in stage.activities()}
    stage.wait(60)
    assert {"Successful"} == {a["StatusCode"] for a in stage.activities()}


# ---- zones -------------------------------------------------------------------------------------------------------------------------------


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


# ---- behind a load balancer --------------------------------------------------------------------------------------------------------------


@rule("ASG-79", "ASG-82")
def test_members_are_registered_before_they_are_in_service(stage: Stage) -> None:
    arn = stage.target_group()
    stage.ready(TargetGroupARNs=[arn])
    assert set(stage.instances()) == set(stage.health(arn))
    one = stage.instances()[0]
    order = [e for e in stage.journal.events() if one in e.resources]
    registered = next(n for n, e in enumerate(order) if e.summary.startswith("Auto Scaling called RegisterTargets"))
    in_service = next(n for n, e in enumerate(order) if e.detail_type == "EC2 Instance Launch Successful")
    assert registered < in_service


@rule("ASG-44", "ASG-59", "ASG-80")
def test_an_application_that_dies_is_replaced_and_its_instance_drained_for_the_whole_delay(stage: Stage) -> None:
    """B1."""
    arn = stage.target_group(delay=300)
    stage.ready(TargetGroupARNs=[arn], HealthCheckType="ELB")
    stage.wait(60)
    assert {"healthy"} == set(stage.health(arn).values())
    victim = stage.instances()[0]
    stage.world.machine(victim).app = App.DOWN
    killed = stage.clock.now()
    stage.wait(120)
    assert stage.health(arn)[victim] == "draining"
    assert stage.zones() == ["a", "b", "c"], "ASG-49: the launch did not wait for draining"
    old = stage.activities()[0]
    assert f"Terminating EC2 instance: {victim} - Waiting For ELB Connection Draining." == old["Description"]
    assert (old["StatusCode"], old["Progress"]) == ("WaitingForELBConnectionDraining", 50)
    assert old["Cause"].endswith("an instance was taken out of service in response to an ELB system health check failure.")
    assert old["StartTime"] - killed < timedelta(seconds=120)
    assert victim in stage.instances("Terminating"), "ASG-81: listed until it is gone"
    stage.wait(300)
    assert victim not in stage.instances(None)
    done = next(a for a in stage.activities() if a["ActivityId"] == old["ActivityId"])
    assert ("Successful", 100, f"Terminating EC2 instance: {victim}") == (done["StatusCode"], done["Progress"], done["Description"])
    assert 300 <= (done["EndTime"] - done["StartTime"]).total_seconds() <= 310
    assert {"healthy"} == set(stage.health(arn).values())
    reports_no_fault(stage)


@rule("ASG-44")
def test_with_health_check_type_ec2_a_dead_application_stays(stage: Stage) -> None:
    arn = stage.target_group()
    stage.ready(TargetGroupARNs=[arn])
    stage.wait(60)
    victim = stage.instances()[0]
    stage.world.machine(victim).app = App.DOWN
    stage.wait(300)
    assert stage.health(arn)[victim] == "unhealthy"
    assert victim in stage.instances()


@rule("ASG-45")
def test_the_grace_period_puts_the_replacement_off(stage: Stage) -> None:
    arn = stage.target_group(delay=0)
    stage.ready(TargetGroupARNs=[arn], HealthCheckType="ELB", HealthCheckGracePeriod=600)
    stage.wait(40)
    victim = stage.instances()[0]
    stage.world.machine(victim).app = App.DOWN
    stage.wait(500)
    assert victim in stage.instances()
    stage.wait(100)
    assert victim not in stage.instances()


@rule("ASG-82")
def test_a_group_whose_application_never_worked_is_not_churned(stage: Stage) -> None:
    """B6."""
    arn = stage.target_group(delay=0)
    stage.group(TargetGroupARNs=[arn], HealthCheckType="ELB")
    for _ in range(60):
        stage.wait(0.5)
        for machine in stage.world.machines.values():
            machine.app = App.DOWN
    stage.wait(600)
    assert {"unhealthy"} == set(stage.health(arn).values())
    assert len(stage.activities()) == 3


@rule("ASG-50", "ASG-51")
def test_a_group_that_fails_as_a_whole_is_replaced_one_by_one(stage: Stage) -> None:
    arn = stage.target_group(delay=0, interval=6)
    stage.ready(TargetGroupARNs=[arn], HealthCheckType="ELB")
    stage.wait(30)
    for instance_id in stage.instances():
        stage.world.machine(instance_id).app = App.DOWN
    fewest = 3
    for _ in range(300):
        stage.wait(1)
        fewest = min(fewest, len(stage.instances()))
    assert fewest == 2
    assert {"healthy"} == set(stage.health(arn).values())


@rule("ASG-82", "ASG-83")
def test_a_target_group_is_attached_and_detached_later(stage: Stage) -> None:
    arn = stage.target_group(delay=60)
    stage.ready()

    def state_of() -> list[str]:
        shown = stage.asg.describe_load_balancer_target_groups(AutoScalingGroupName="web")["LoadBalancerTargetGroups"]
        return [t["State"] for t in shown]

    stage.asg.attach_load_balancer_target_groups(AutoScalingGroupName="web", TargetGroupARNs=[arn])
    assert state_of() == ["Adding"]
    stage.wait(0.1)
    assert state_of() == ["Added"]
    assert set(stage.instances()) == set(stage.health(arn))
    stage.wait(60)
    assert state_of() == ["InService"]
    stage.asg.detach_load_balancer_target_groups(AutoScalingGroupName="web", TargetGroupARNs=[arn])
    stage.wait(1)
    assert (["Removing"], {"draining"}) == (state_of(), set(stage.health(arn).values()))
    stage.wait(75)
    assert (state_of(), stage.health(arn)) == ([], {})
    assert len(stage.instances()) == 3
    reports_no_fault(stage)


@rule("ASG-84")
def test_instances_launched_while_add_to_load_balancer_is_suspended_stay_outside(stage: Stage) -> None:
    arn = stage.target_group()
    stage.ready(TargetGroupARNs=[arn])
    stage.asg.suspend_processes(AutoScalingGroupName="web", ScalingProcesses=["AddToLoadBalancer"])
    stage.asg.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=4)
    stage.wait(10)
    stage.asg.resume_processes(AutoScalingGroupName="web")
    stage.wait(60)
    assert (len(stage.instances()), len(stage.health(arn))) == (4, 3)


# ---- processes ---------------------------------------------------------------------------------------------------------------------------


@rule("ASG-95")
def test_with_launch_suspended_nothing_is_replaced_until_it_is_resumed(stage: Stage) -> None:
    stage.ready()
    stage.asg.suspend_processes(AutoScalingGroupName="web", ScalingProcesses=["Launch"])
    stage.ec2.terminate_instances(InstanceIds=stage.instances()[:1])
    stage.wait(120)
    assert len(stage.instances(None)) == 2
    stage.asg.resume_processes(AutoScalingGroupName="web", ScalingProcesses=["Launch"])
    stage.wait(5)
    assert len(stage.instances()) == 3


@rule("ASG-52", "ASG-95")
def test_with_replace_unhealthy_suspended_members_are_marked_and_stay(stage: Stage) -> None:
    stage.ready()
    stage.asg.suspend_processes(AutoScalingGroupName="web", ScalingProcesses=["ReplaceUnhealthy"])
    victim = stage.instances()[0]
    stage.ec2.stop_instances(InstanceIds=[victim])
    stage.wait(60)
    member = next(i for i in stage.described()["Instances"] if i["InstanceId"] == victim)
    assert (member["LifecycleState"], member["HealthStatus"]) == ("InService", "Unhealthy")
    stage.asg.resume_processes(AutoScalingGroupName="web")
    stage.wait(5)
    assert victim not in stage.instances(None)


# ---- standby, detach, attach -------------------------------------------------------------------------------------------------------------


@rule("ASG-47", "ASG-73")
def test_standby_drains_is_not_checked_and_comes_back(stage: Stage) -> None:
    arn = stage.target_group(delay=20)
    stage.ready(TargetGroupARNs=[arn])
    resting = stage.instances()[0]
    stage.asg.enter_standby(AutoScalingGroupName="web", InstanceIds=[resting], ShouldDecrementDesiredCapacity=True)
    stage.wait(1)
    assert [resting] == stage.instances("EnteringStandby")
    stage.wait(30)
    assert ([resting], 2) == (stage.instances("Standby"), stage.described()["DesiredCapacity"])
    assert resting not in stage.health(arn)
    stage.ec2.stop_instances(InstanceIds=[resting])
    stage.wait(120)
    assert [resting] == stage.instances("Standby")
    stage.ec2.start_instances(InstanceIds=[resting])
    stage.wait(5)
    stage.asg.exit_standby(AutoScalingGroupName="web", InstanceIds=[resting])
    stage.wait(5)
    assert (len(stage.instances()), stage.described()["DesiredCapacity"]) == (3, 3)
    assert resting in stage.health(arn)
    reports_no_fault(stage)


@rule("ASG-71", "ASG-72")
def test_a_detached_instance_runs_on_is_replaced_and_can_be_attached_again(stage: Stage) -> None:
    stage.ready()
    gone = stage.instances()[0]
    stage.asg.detach_instances(AutoScalingGroupName="web", InstanceIds=[gone], ShouldDecrementDesiredCapacity=False)
    stage.wait(5)
    assert gone not in stage.instances(None)
    assert len(stage.instances()) == 3
    assert stage.ec2.describe_instances(InstanceIds=[gone])["Reservations"][0]["Instances"][0]["State"]["Name"] == "running"
    assert stage.ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [gone]}])["Tags"] == []
    stage.asg.attach_instances(AutoScalingGroupName="web", InstanceIds=[gone])
    stage.wait(5)
    assert gone in stage.instances()
    attached = stage.activities()[0]
    assert f"Attaching an existing EC2 instance: {gone}" == attached["Description"]
    added = "At 2026-05-07T12:00:25Z an instance was added in response to user request. Keeping the capacity at the new 4."
    assert added == attached["Cause"]
    assert attached["Details"] == '{"Availability Zone":"us-east-1a"}'


# ---- the end, and beginning again --------------------------------------------------------------------------------------------------------


@rule("ASG-9", "ASG-56")
def test_a_forced_deletion_terminates_the_instances_and_the_history_can_still_be_read(stage: Stage) -> None:
    arn = stage.target_group(delay=300)
    stage.ready(TargetGroupARNs=[arn])
    ids = stage.instances()
    stage.asg.delete_auto_scaling_group(AutoScalingGroupName="web", ForceDelete=True)
    assert stage.described()["Status"] == "Delete in progress"
    stage.wait(5)
    assert stage.asg.describe_auto_scaling_groups()["AutoScalingGroups"] == []
    found = stage.ec2.describe_instances(InstanceIds=ids)["Reservations"]
    assert {"terminated"} == {i["State"]["Name"] for r in found for i in r["Instances"]}
    history = stage.activities(IncludeDeletedGroups=True)
    assert (6, {"Deleted"}) == (len(history), {a["AutoScalingGroupState"] for a in history})
    reports_no_fault(stage)


@pytest.mark.parametrize(
    ("service", "operation"), [("elbv2", "DeregisterTargets"), ("elbv2", "RegisterTargets"), ("ec2", "TerminateInstances")]
)
def test_a_call_that_is_throttled_is_made_again_until_it_succeeds(service: str, operation: str, stage: Stage) -> None:
    """The refused call wakes every loop: the group nevertheless waits between its attempts."""
    arn = stage.target_group(delay=20)
    stage.ready(TargetGroupARNs=[arn])
    victim = stage.instances()[0]
    throttled = api_errors(ApiError("Throttling", "Rate exceeded"), service, operation)
    stage.faults.inject(throttled, "calls fail", timedelta(seconds=60))
    stage.asg.terminate_instance_in_auto_scaling_group(InstanceId=victim, ShouldDecrementDesiredCapacity=False)
    stage.wait(59)
    failed = [e for e in stage.journal.events() if e.detail_type == "AWS API Call Failed" and e.summary.startswith(operation)]
    assert 7 <= len(failed) <= 13  # every five seconds; terminations only after draining
    stage.wait(60)
    assert (victim in stage.instances(None), len(stage.instances())) == (False, 3)
    reports_no_fault(stage)


def test_a_new_controller_continues_where_the_last_one_stopped(stage: Stage, tmp_path: Path) -> None:
    arn = stage.target_group(delay=100)
    stage.ready(TargetGroupARNs=[arn], HealthCheckType="ELB")
    stage.wait(40)
    stage.ec2.terminate_instances(InstanceIds=stage.instances()[:1])
    stage.wait(0.5)
    state.save(tmp_path / "state")
    state.load(tmp_path / "state")
    stage.engine.add([AutoScalingController(stage.journal, stage.transport)])
    stage.wait(150)
    assert (stage.zones(), len(stage.instances(None))) == (["a", "b", "c"], 3)
    assert all(a["StatusCode"] == "Successful" for a in stage.activities())
    reports_no_fault(stage)


def test_the_same_seed_gives_the_same_events() -> None:
    def events() -> list[tuple[str, str, str]]:
        stage = make()
        stage.ready()
        stage.asg.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=5)
        stage.ec2.terminate_instances(InstanceIds=stage.instances()[:2])
        stage.wait(60)
        return [(e.at.isoformat(), e.detail_type, e.summary) for e in stage.journal.events()]

    first = events()
    assert first == events()
    assert len(first) > 40


def test_reading_the_snapshot_changes_nothing(stage: Stage) -> None:
    stage.ready()
    with LOCK:
        group = snapshot.find(HERE, "web")
        assert snapshot.read_group(group, stage.journal) == snapshot.read_group(group, stage.journal)
    assert snapshot.find(HERE, "none") is None
