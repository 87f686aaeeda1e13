"""Scheduled actions change the size of a group at their time, in virtual time."""

from datetime import timedelta
from pathlib import Path

import pytest

from sandbox.aws import state
from tests.support import rule
from tests.support.services.autoscaling_stage import reports_no_fault
from tests.support.services.scaling_stage import ScalingStage, scaling


@pytest.fixture
def stage() -> ScalingStage:
    made = scaling()
    made.ready()
    return made


@rule("ASG-108", "ASG-57")
def test_a_scheduled_action_changes_the_group_at_its_time(stage: ScalingStage) -> None:
    at = stage.clock.now() + timedelta(minutes=30)
    stage.asg.put_scheduled_update_group_action(AutoScalingGroupName="web", ScheduledActionName="peak", StartTime=at, MinSize=5, MaxSize=8)
    stage.wait(30 * 60 - 1)
    assert stage.desired() == 3
    stage.wait(20)
    described = stage.described()
    assert (described["MinSize"], described["MaxSize"], described["DesiredCapacity"], len(stage.instances())) == (5, 8, 5, 5)
    assert stage.activities()[0]["Cause"].startswith(
        "At 2026-05-07T12:30:20Z a scheduled action update of AutoScalingGroup constraints to min: 5, max: 8, desired: 5"
        " changing the desired capacity from 3 to 5.  At 2026-05-07T12:30:25Z an instance was started"
    )
    assert stage.asg.describe_scheduled_actions()["ScheduledUpdateGroupActions"] == []
    assert "Scheduled Action" in stage.chain(stage.instances()[-1])
    reports_no_fault(stage)


@rule("ASG-108", "ASG-95")
def test_actions_recur_and_are_skipped_while_suspended(stage: ScalingStage, tmp_path: Path) -> None:
    for name, minute, desired in (("up", 20, 5), ("down", 40, 2)):
        stage.asg.put_scheduled_update_group_action(
            AutoScalingGroupName="web", ScheduledActionName=name, Recurrence=f"{minute} * * * *", DesiredCapacity=desired
        )
    minute = 60
    stage.wait(21 * minute)
    assert stage.desired() == 5
    stage.wait(20 * minute)
    assert stage.desired() == 2
    state.save(tmp_path / "state")
    state.load(tmp_path / "state")
    stage.wait(40 * minute)
    assert stage.desired() == 5
    stage.asg.suspend_processes(AutoScalingGroupName="web", ScalingProcesses=["ScheduledActions"])
    stage.wait(20 * minute)
    stage.asg.resume_processes(AutoScalingGroupName="web")
    stage.wait(20 * minute)
    assert stage.desired() == 5
    stage.wait(40 * minute)
    assert stage.desired() == 2
    reports_no_fault(stage)


def test_an_action_that_contradicts_the_group_s_sizes_changes_nothing_and_is_an_event(stage: ScalingStage) -> None:
    at = stage.clock.now() + timedelta(minutes=1)
    stage.asg.put_scheduled_update_group_action(AutoScalingGroupName="web", ScheduledActionName="big", StartTime=at, DesiredCapacity=11)
    stage.wait(70)
    assert stage.desired() == 3
    reason = "failed: Desired capacity:11 must be between the specified min size:1 and max size:10"
    assert any(event.summary.endswith(reason) for event in stage.journal.about("big"))
