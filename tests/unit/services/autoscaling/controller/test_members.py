"""Suspended processes, standby, detachment, deletion and a new controller."""

from datetime import timedelta
from pathlib import Path

import pytest

from sandbox.aws import state
from sandbox.aws.context import LOCK
from sandbox.core.errors import ApiError
from sandbox.services.autoscaling.controller import AutoScalingController
from sandbox.services.autoscaling.state import snapshot
from tests.support import rule
from tests.support.services.autoscaling_stage import HERE, Stage, make, reports_no_fault
from tests.support.services.faults import api_errors


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
