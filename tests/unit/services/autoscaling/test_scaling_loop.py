"""Load → metric → alarm → policy → instances, and back, with every loop real and time virtual. Also schedules and notifications."""

import json
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.aws import state
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


@settings(max_examples=6, deadline=None)
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


# ---- schedules ---------------------------------------------------------------------------------------------------------------------------


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


# ---- notifications -----------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def inbox(stage: ScalingStage) -> Any:
    """Messages that a queue got of topic ops: `inbox()` → [(subject, message)], each once."""
    sqs = stage.transport.client("sqs", stage.here)
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = stage.sns.create_topic(Name="ops")["TopicArn"]
    stage.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)

    def receive() -> list[tuple[str, dict[str, Any]]]:
        found = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                body = json.loads(message["Body"])
                found.append((body["Subject"], json.loads(body["Message"])))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    return receive


def listen(stage: ScalingStage, *kinds: str) -> None:
    topic = stage.sns.list_topics()["Topics"][0]["TopicArn"]
    types = [f"autoscaling:EC2_INSTANCE_{kind}" for kind in kinds]
    stage.asg.put_notification_configuration(AutoScalingGroupName="web", TopicARN=topic, NotificationTypes=types)


@rule("ASG-119", "SNS-33")
def test_topics_get_the_test_message_and_the_types_they_are_configured_for(stage: ScalingStage, inbox: Any) -> None:
    listen(stage, "TERMINATE")
    stage.wait(1)
    ((subject, message),) = inbox()
    assert (message["Event"], message["AutoScalingGroupName"]) == ("autoscaling:TEST_NOTIFICATION", "web")
    stage.asg.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=4)
    stage.wait(30)
    assert inbox() == []
    gone = stage.instances()
    stage.asg.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=3)
    stage.wait(30)
    ((subject, message),) = inbox()
    activity = stage.activities()[0]
    assert subject == 'Auto Scaling: termination for group "web"'
    assert (message["EC2InstanceId"], message["ActivityId"]) == ((set(gone) - set(stage.instances())).pop(), activity["ActivityId"])
    assert (message["Cause"], message["Description"]) == (activity["Cause"], activity["Description"])
    reports_no_fault(stage)


@rule("SNS-33")
def test_the_notification_of_an_activity_names_the_alarm_that_triggered_it(stage: ScalingStage, inbox: Any) -> None:
    stage.policy()
    listen(stage, "LAUNCH")
    stage.demand = 270
    stage.sizes(12)
    message = inbox()[-1][1]
    (alarm,) = message["Details"]["InvokingAlarms"]
    assert (message["Event"], alarm["AlarmName"].startswith("TargetTracking-web-AlarmHigh-")) == ("autoscaling:EC2_INSTANCE_LAUNCH", True)
    assert (alarm["NewStateValue"], alarm["Trigger"]["MetricName"]) == ("ALARM", "CPUUtilization")


@rule("ASG-119", "ASG-60")
def test_a_failed_launch_is_published_and_a_deleted_topic_is_an_event(stage: ScalingStage, inbox: Any) -> None:
    listen(stage, "LAUNCH_ERROR", "LAUNCH")
    stage.wait(1)
    inbox()
    stage.world.launch_error = lambda zone: "no room"
    stage.asg.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=4)
    stage.wait(8)
    message = inbox()[0][1]
    assert (message["Event"], message["StatusCode"], "Internal error" in message["StatusMessage"]) == (
        "autoscaling:EC2_INSTANCE_LAUNCH_ERROR",
        "Failed",
        True,
    )
    stage.world.launch_error = lambda zone: None
    topic = stage.sns.list_topics()["Topics"][0]["TopicArn"]
    stage.sns.delete_topic(TopicArn=topic)
    stage.wait(60)
    assert len(stage.instances()) == 4
    assert "Notification Not Published" in {event.detail_type for event in stage.journal.about(topic)}
    reports_no_fault(stage)
