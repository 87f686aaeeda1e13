"""Load → metric → alarm → policy → instances, and back, with every loop real and time virtual."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import rule
from tests.support.services.autoscaling_stage import reports_no_fault
from tests.support.services.scaling_stage import TRACK_CPU, ScalingStage, scaling

CUSTOM = {"Namespace": "Shop", "MetricName": "Queue", "Dimensions": [], "Statistic": "Average"}


@pytest.fixture
def stage() -> ScalingStage:
    made = scaling()
    made.ready()
    return made


# ---- target tracking ---------------------------------------------------------------------------------------------------------------------


@rule("SCL-12", "SCL-15", "ASG-57")
def test_under_load_the_group_grows_to_what_the_load_needs_and_says_why(stage: ScalingStage) -> None:
    """B4."""
    stage.policy()
    stage.demand = 270
    assert stage.sizes(3) == [3, 3, 3]
    assert stage.sizes(20) == [4] * 20
    newest = stage.activities()[0]
    high = stage.cloudwatch.describe_alarms(AlarmNamePrefix="TargetTracking-web-AlarmHigh")["MetricAlarms"][0]["AlarmName"]
    who, what = newest["Cause"].split("  ")
    assert who[len("At 2026-05-07T12:04:11Z ") :] == (
        f"a monitor alarm {high} in state ALARM triggered policy cpu changing the desired capacity from 3 to 4."
    )
    assert "increasing the capacity from 3 to 4." in what
    assert stage.states() == {"AlarmHigh": "OK", "AlarmLow": "OK"}
    assert stage.history()[0].startswith("Successfully executed action arn:aws:autoscaling:")
    assert stage.chain(stage.instances()[-1])[:3] == [
        "CloudWatch Alarm State Change",
        "Desired Capacity Change",
        "Scaling Activity Started",
    ]
    reports_no_fault(stage)


@rule("SCL-12", "SCL-21")
def test_when_the_load_ends_it_shrinks_one_by_one_to_what_is_needed_and_stays(stage: ScalingStage) -> None:
    """B5."""
    stage.policy()
    stage.demand = 800
    grown = stage.sizes(45)
    assert (grown[-1], max(grown)) == (10, 10)  # its maximum: 800 would need 12
    stage.demand = 100
    shrunk = stage.sizes(60)
    assert {a - b for a, b in pairwise(shrunk)} == {0, 1}
    assert shrunk.index(9) >= 13  # a quarter of an hour of datapoints under the low threshold
    assert (shrunk[-1], stage.sizes(60)) == (2, [2] * 60)
    taken = stage.activities()[0]["Cause"]
    assert "shrinking the capacity from 3 to 2." in taken
    assert "was selected for termination." in taken
    reports_no_fault(stage)


@rule("SCL-16", "SCL-17", "ASG-58")
def test_what_a_policy_launched_warms_up_before_it_counts(stage: ScalingStage) -> None:
    stage.policy("cpu", PolicyType="TargetTrackingScaling", TargetTrackingConfiguration=TRACK_CPU, EstimatedInstanceWarmup=600)
    stage.demand = 270
    stage.sizes(5)
    newest = stage.activities()[0]
    assert (newest["StatusCode"], newest["Progress"]) == ("WaitingForInstanceWarmup", 66)
    assert [a["StatusCode"] for a in stage.activities()[1:]] == ["Successful"] * 3
    stage.demand = 40
    assert set(stage.sizes(9)) == {4}
    assert stage.activities()[0]["StatusCode"] == "Successful"


@rule("SCL-20")
def test_with_scale_in_disabled_it_stays_large(stage: ScalingStage) -> None:
    tracking = TRACK_CPU | {"DisableScaleIn": True}
    stage.policy("cpu", PolicyType="TargetTrackingScaling", TargetTrackingConfiguration=tracking)
    stage.demand = 400
    assert stage.sizes(20)[-1] == 6
    stage.demand = 10
    assert set(stage.sizes(60)) == {6}


@pytest.mark.parametrize("how", ["suspended", "disabled"])
@rule("ASG-95", "SCL-1")
def test_alarms_do_nothing_while_notification_is_suspended_or_the_policy_disabled(how: str, stage: ScalingStage) -> None:
    given = {"PolicyType": "TargetTrackingScaling", "TargetTrackingConfiguration": TRACK_CPU}
    stage.policy("cpu", **given, Enabled=how != "disabled")
    if how == "suspended":
        stage.asg.suspend_processes(AutoScalingGroupName="web", ScalingProcesses=["AlarmNotification"])
    stage.demand = 270
    assert set(stage.sizes(8)) == {3}
    assert stage.states()["AlarmHigh"] == "ALARM"
    stage.asg.resume_processes(AutoScalingGroupName="web")
    stage.policy("cpu", **given)
    assert stage.sizes(6)[-1] == 4


@rule("SCL-5", "SCL-2")
def test_a_limited_policy_acts_when_the_limit_is_raised(stage: ScalingStage) -> None:
    stage.asg.update_auto_scaling_group(AutoScalingGroupName="web", MaxSize=3)
    stage.policy()
    stage.demand = 270
    assert set(stage.sizes(8)) == {3}
    stage.asg.update_auto_scaling_group(AutoScalingGroupName="web", MaxSize=6)
    assert stage.sizes(2)[-1] == 4


@rule("SCL-18")
def test_of_two_policies_either_grows_the_group_and_only_both_shrink_it(stage: ScalingStage) -> None:
    queue = {"CustomizedMetricSpecification": CUSTOM, "TargetValue": 10.0}
    stage.policy("cpu")
    stage.policy("queue", PolicyType="TargetTrackingScaling", TargetTrackingConfiguration=queue)

    def minutes(count: int, length: float) -> int:
        for _ in range(count):
            stage.cloudwatch.put_metric_data(
                Namespace="Shop", MetricData=[{"MetricName": "Queue", "Value": length / len(stage.instances())}]
            )
            stage.wait(60)
        return stage.desired()

    stage.demand = 150
    assert minutes(12, 45) == 5  # 15 for each of three: five are needed
    stage.demand = 30
    assert minutes(40, 45) == 5  # the queue still needs them
    assert minutes(40, 12) == 2
    reports_no_fault(stage)


@rule("SCL-19")
def test_without_data_nothing_happens_either_way(stage: ScalingStage) -> None:
    queue = {"CustomizedMetricSpecification": CUSTOM, "TargetValue": 10.0}
    stage.policy("queue", PolicyType="TargetTrackingScaling", TargetTrackingConfiguration=queue)
    assert set(stage.sizes(30)) == {3}
    assert set(stage.states().values()) == {"INSUFFICIENT_DATA"}


@settings(max_examples=3, deadline=None, derandomize=True)
@given(load=st.integers(5, 900), start=st.integers(1, 10))
@rule("SCL-2", "SCL-15")
def test_whatever_the_constant_load_the_size_stays_in_its_bounds_and_comes_to_rest(load: int, start: int) -> None:
    stage = scaling()
    stage.ready(DesiredCapacity=start, MinSize=1, MaxSize=10)
    stage.policy()
    stage.demand = load
    sizes = stage.sizes(90)
    moves = [b - a for a, b in pairwise([start, *sizes]) if a != b]
    assert all(1 <= size <= 10 for size in sizes)
    assert all(a * b > 0 for a, b in pairwise(moves))  # never to and fro
    assert len(set(sizes[-30:])) == 1
    assert load / sizes[-1] <= 70 or sizes[-1] == 10
    reports_no_fault(stage)


# ---- step and simple ---------------------------------------------------------------------------------------------------------------------


@rule("SCL-30", "SCL-31", "SCL-33")
def test_step_scaling_adds_by_the_size_of_the_breach_and_then_only_the_difference(stage: ScalingStage) -> None:
    bounds = [
        {"MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 20.0, "ScalingAdjustment": 1},
        {"MetricIntervalLowerBound": 20.0, "ScalingAdjustment": 3},
    ]
    kind = {"PolicyType": "StepScaling", "AdjustmentType": "ChangeInCapacity", "StepAdjustments": bounds}
    stage.alarm(stage.policy("step", **kind, EstimatedInstanceWarmup=600))
    stage.demand = 180
    assert stage.sizes(4)[-1] == 4  # 60 %: 10 above
    stage.world.load = lambda machine, now: 90.0
    assert stage.sizes(4)[-1] == 6  # three more than the three that are warm
    reports_no_fault(stage)


@rule("SCL-5", "CW-52")
def test_a_step_policy_that_fits_no_step_fails_with_a_reason_in_the_history_of_the_alarm(stage: ScalingStage) -> None:
    bounds = [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}]
    kind = {"PolicyType": "StepScaling", "AdjustmentType": "ChangeInCapacity", "StepAdjustments": bounds}
    stage.alarm(stage.policy("step", **kind), ComparisonOperator="LessThanThreshold")
    stage.demand = 60
    stage.sizes(4)
    expected = "Failed to execute AutoScaling action: No step adjustment found for metric value [20.0] and breach threshold 50.0"
    assert stage.history()[0] == expected
    assert stage.desired() == 3


@rule("SCL-5", "CW-19")
def test_an_alarm_for_a_deleted_policy_fails_in_its_history(stage: ScalingStage) -> None:
    arn = stage.policy("gone", AdjustmentType="ChangeInCapacity", ScalingAdjustment=1)
    stage.alarm(arn)
    stage.asg.delete_policy(AutoScalingGroupName="web", PolicyName="gone")
    stage.demand = 240
    stage.sizes(3)
    assert stage.history() == [f"Failed to execute AutoScaling action: No scaling policy found for ARN {arn}"]


@rule("SCL-34", "SCL-35")
def test_simple_scaling_waits_for_its_cooldown_counted_from_the_last_launch(stage: ScalingStage) -> None:
    stage.alarm(stage.policy("simple", AdjustmentType="ChangeInCapacity", ScalingAdjustment=1, Cooldown=240))
    stage.world.load = lambda machine, now: 90.0
    grown = [(a["StartTime"]) for _ in [stage.sizes(30)] for a in reversed(stage.activities()) if "triggered policy simple" in a["Cause"]]
    first = (grown[0] - stage.clock.now().replace(hour=12, minute=0, second=0)).total_seconds()
    assert first >= 300  # the group's creation, too, is followed by the default cooldown
    assert all(240 <= (b - a).total_seconds() <= 320 for a, b in pairwise(grown))
    assert len(grown) >= 4
