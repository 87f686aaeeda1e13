"""Scaling by its API: boto3 in process. Policies with their alarms, schedules, notifications; what is refused, in AWS's words."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support import rule
from tests.support.services.scaling_stage import TRACK_CPU, ScalingStage, scaling

Request = Callable[[ScalingStage], object]
NO_GROUP = "AutoScalingGroup name not found - AutoScalingGroup none not found"
UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
STEP = {"PolicyType": "StepScaling", "AdjustmentType": "ChangeInCapacity"}
TRACK = {"PolicyType": "TargetTrackingScaling"}


@pytest.fixture
def stage() -> ScalingStage:
    made = scaling()
    made.ready()
    return made


def refusal(request: Request, stage: ScalingStage) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        request(stage)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def of(group: str, operation: str, **parameters: Any) -> Request:
    return lambda stage: getattr(stage.asg, operation)(AutoScalingGroupName=group, **parameters)


def steps(*bounds: tuple[float | None, float | None]) -> list[dict[str, Any]]:
    made = [{"MetricIntervalLowerBound": low, "MetricIntervalUpperBound": high, "ScalingAdjustment": 1} for low, high in bounds]
    return [{name: value for name, value in step.items() if value is not None} for step in made]


def predefined(kind: str, **more: Any) -> dict[str, Any]:
    return {"PredefinedMetricSpecification": {"PredefinedMetricType": kind} | more, "TargetValue": 50.0}


def custom(**given: Any) -> dict[str, Any]:
    return {"CustomizedMetricSpecification": given, "TargetValue": 50.0}


# ---- policies: refused -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param({}, "You must specify an AdjustmentType for policy type: SimpleScaling", marks=rule("SCL-1")),
        pytest.param(
            {"AdjustmentType": "ChangeInCapacity"},
            "You must specify a ScalingAdjustment for policy type: SimpleScaling",
            marks=rule("SCL-1"),
        ),
        pytest.param({"PolicyType": "StepScaling"}, "You must specify an AdjustmentType for policy type: StepScaling", marks=rule("SCL-1")),
        pytest.param(STEP, "You must specify a StepAdjustments for policy type: StepScaling", marks=rule("SCL-1")),
        pytest.param(TRACK, "You must specify a TargetTrackingConfiguration for policy type: TargetTrackingScaling", marks=rule("SCL-1")),
        pytest.param(
            TRACK | {"TargetTrackingConfiguration": TRACK_CPU, "Cooldown": 60},
            "You cannot specify a Cooldown for policy type: TargetTrackingScaling",
            marks=rule("SCL-1"),
        ),
        pytest.param(
            {"PolicyType": "Magic"},
            "Invalid policy type: Magic. Valid types are: SimpleScaling, StepScaling, TargetTrackingScaling, PredictiveScaling.",
            marks=rule("SCL-1"),
        ),
        pytest.param(
            {"AdjustmentType": "More", "ScalingAdjustment": 1},
            "Invalid adjustment type: More. Valid types are: ChangeInCapacity, ExactCapacity, PercentChangeInCapacity.",
            marks=rule("SCL-3"),
        ),
        pytest.param(
            {"AdjustmentType": "ExactCapacity", "ScalingAdjustment": -1},
            "ScalingAdjustment must not be negative when the AdjustmentType is ExactCapacity.",
            marks=rule("SCL-3"),
        ),
        pytest.param(
            {"AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": 1, "MinAdjustmentMagnitude": 2},
            "MinAdjustmentMagnitude is valid only when the AdjustmentType is PercentChangeInCapacity.",
            marks=rule("SCL-3"),
        ),
        pytest.param(
            STEP | {"StepAdjustments": steps((None, None))},
            "Both lower and upper bounds of a step adjustment cannot be left unspecified",
            marks=rule("SCL-30"),
        ),
        pytest.param(STEP | {"StepAdjustments": steps((0, 10), (5, None))}, "StepAdjustment intervals can't overlap", marks=rule("SCL-30")),
        pytest.param(
            STEP | {"StepAdjustments": steps((0, 10), (20, None))},
            "StepAdjustment intervals can't have gaps between them",
            marks=rule("SCL-30"),
        ),
        pytest.param(
            STEP | {"StepAdjustments": steps((0, None), (10, None))},
            "At most one StepAdjustment may have an unspecified upper bound",
            marks=rule("SCL-30"),
        ),
        pytest.param(
            STEP | {"StepAdjustments": steps((10, 0))},
            "The upper bound of a StepAdjustment must be greater than its lower bound",
            marks=rule("SCL-30"),
        ),
        pytest.param(
            STEP | {"StepAdjustments": steps((1, 2))},
            "There must be a StepAdjustment with an unspecified upper bound (i.e., upper bound is null)"
            " when one StepAdjustment has a positive upper bound",
            marks=rule("SCL-30"),
        ),
        pytest.param(
            STEP | {"StepAdjustments": steps((-20, -10), (-10, 0))},
            "There must be a StepAdjustment with an unspecified lower bound (i.e., lower bound is null)"
            " when one StepAdjustment has a negative lower bound",
            marks=rule("SCL-30"),
        ),
        pytest.param(
            STEP | {"StepAdjustments": steps(*[(n, n + 1) for n in range(20)], (20, None))},
            "There can be at most 20 step adjustments per scaling policy",
            marks=rule("SCL-30"),
        ),
        (
            TRACK | {"TargetTrackingConfiguration": {"TargetValue": 50.0}},
            "You must specify either a PredefinedMetricSpecification or a CustomizedMetricSpecification, and not both.",
        ),
        (TRACK | {"TargetTrackingConfiguration": TRACK_CPU | {"TargetValue": 0.0}}, "TargetValue must be a number greater than 0."),
        pytest.param(
            TRACK | {"TargetTrackingConfiguration": predefined("ALBRequestCountPerTarget")},
            "You must specify a ResourceLabel for the predefined metric type ALBRequestCountPerTarget.",
            marks=rule("SCL-10"),
        ),
        pytest.param(
            TRACK | {"TargetTrackingConfiguration": predefined("ALBRequestCountPerTarget", ResourceLabel="web")},
            "The resource label web is not valid. It has the form"
            " app/<load-balancer-name>/<load-balancer-id>/targetgroup/<target-group-name>/<target-group-id>.",
            marks=rule("SCL-10"),
        ),
        pytest.param(
            TRACK | {"TargetTrackingConfiguration": predefined("ALBRequestCountPerTarget", ResourceLabel="app/a/1/targetgroup/b/2")},
            "The resource label app/a/1/targetgroup/b/2 does not name a load balancer and a target group attached to web.",
            marks=rule("SCL-10"),
        ),
        (
            TRACK | {"TargetTrackingConfiguration": custom(Namespace="Shop", MetricName="Queue")},
            "You must specify a Statistic in the CustomizedMetricSpecification.",
        ),
        (
            TRACK | {"TargetTrackingConfiguration": custom(Metrics=[{"Id": "a", "Expression": "b"}, {"Id": "b", "Expression": "a"}])},
            "Exactly one element of the metrics list should return data.",
        ),
    ],
)
def test_a_policy_that_cannot_be_is_refused_and_nothing_is_made(given: dict[str, Any], message: str, stage: ScalingStage) -> None:
    assert ("ValidationError", message) == refusal(of("web", "put_scaling_policy", PolicyName="p", **given), stage)
    assert stage.asg.describe_policies()["ScalingPolicies"] == []
    assert stage.cloudwatch.describe_alarms()["MetricAlarms"] == []


@pytest.mark.parametrize(
    "given",
    [
        {"PolicyType": "PredictiveScaling"},
        TRACK | {"TargetTrackingConfiguration": predefined("ASGAverageCPUUtilizationHighResolution")},
        TRACK
        | {"TargetTrackingConfiguration": custom(Namespace="Shop", MetricName="Queue", Statistic="Average", Dimensions=[], Period=10)},
    ],
)
def test_what_nothing_stands_behind_is_refused_as_such(given: dict[str, Any], stage: ScalingStage) -> None:
    assert "not part of this sandbox" in refusal(of("web", "put_scaling_policy", PolicyName="p", **given), stage)[1]


@pytest.mark.parametrize(
    "request_",
    [
        of("none", "put_scaling_policy", PolicyName="p", AdjustmentType="ChangeInCapacity", ScalingAdjustment=1),
        of("none", "describe_policies"),
        of("none", "delete_policy", PolicyName="p"),
        of("none", "execute_policy", PolicyName="p"),
        of("none", "put_scheduled_update_group_action", ScheduledActionName="a", Recurrence="0 9 * * *", MinSize=1),
        of("none", "batch_put_scheduled_update_group_action", ScheduledUpdateGroupActions=[]),
        of("none", "describe_scheduled_actions"),
        of("none", "delete_scheduled_action", ScheduledActionName="a"),
        of("none", "batch_delete_scheduled_action", ScheduledActionNames=["a"]),
        of("none", "put_notification_configuration", TopicARN="arn:aws:sns:us-east-1:1:t", NotificationTypes=[]),
        of("none", "delete_notification_configuration", TopicARN="arn:aws:sns:us-east-1:1:t"),
        of("none", "enable_metrics_collection", Granularity="1Minute"),
        of("none", "disable_metrics_collection"),
        lambda stage: stage.asg.describe_notification_configurations(AutoScalingGroupNames=["none"]),
    ],
)
@rule("ASG-5")
def test_an_unknown_group_is_a_validation_error_everywhere(request_: Request, stage: ScalingStage) -> None:
    assert refusal(request_, stage) == ("ValidationError", NO_GROUP)


# ---- policies: made ----------------------------------------------------------------------------------------------------------------------


@rule("SCL-11", "SCL-12", "SCL-13")
def test_target_tracking_answers_with_its_arn_and_two_alarms(stage: ScalingStage) -> None:
    answer = stage.asg.put_scaling_policy(
        AutoScalingGroupName="web", PolicyName="cpu", PolicyType="TargetTrackingScaling", TargetTrackingConfiguration=TRACK_CPU
    )
    arn = answer["PolicyARN"]
    assert re.fullmatch(
        rf"arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:{UUID}:autoScalingGroupName/web:policyName/cpu",
        arn,
    )
    high, low = stage.cloudwatch.describe_alarms()["MetricAlarms"]
    for alarm, which, threshold, comparison, periods in (
        (high, "AlarmHigh", 70.0, "GreaterThanThreshold", 3),
        (low, "AlarmLow", 49.0, "LessThanThreshold", 15),
    ):
        assert re.fullmatch(rf"TargetTracking-web-{which}-{UUID}", alarm["AlarmName"])
        assert f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {arn}." == alarm["AlarmDescription"]
        assert ([arn], [], []) == (alarm["AlarmActions"], alarm["OKActions"], alarm["InsufficientDataActions"])
        assert (threshold, comparison, periods, 60) == (
            alarm["Threshold"],
            alarm["ComparisonOperator"],
            alarm["EvaluationPeriods"],
            alarm["Period"],
        )
        assert (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"]) == ("AWS/EC2", "CPUUtilization", "Average")
        assert alarm["Dimensions"] == [{"Name": "AutoScalingGroupName", "Value": "web"}]
        assert "TreatMissingData" not in alarm
    expected = [{"AlarmName": a["AlarmName"], "AlarmARN": a["AlarmArn"]} for a in (high, low)]
    assert expected == answer["Alarms"]
    assert expected == stage.asg.describe_policies(PolicyNames=["cpu"])["ScalingPolicies"][0]["Alarms"]


@pytest.mark.parametrize(
    ("desired", "tracking", "low"),
    [
        (3, TRACK_CPU | {"TargetValue": 30.0}, 21.0),
        (3, TRACK_CPU | {"TargetValue": 75.0}, 52.5),
        (4, TRACK_CPU | {"TargetValue": 60.0}, 54.0),
        (3, custom(Namespace="Shop", MetricName="Queue", Statistic="Average", Dimensions=[]) | {"TargetValue": 1500.0}, 1350.0),
    ],
)
@rule("SCL-13")
def test_the_low_threshold_is_70_per_cent_for_small_groups_on_ec2_metrics_and_90_else(
    desired: int, tracking: dict[str, Any], low: float, stage: ScalingStage
) -> None:
    stage.asg.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=desired)
    stage.wait(15)
    stage.policy("p", **TRACK, TargetTrackingConfiguration=tracking)
    assert [low] == [
        a["Threshold"] for a in stage.cloudwatch.describe_alarms(AlarmNamePrefix="TargetTracking-web-AlarmLow")["MetricAlarms"]
    ]


@rule("SCL-10", "SCL-12")
def test_requests_per_target_are_tracked_by_their_sum(stage: ScalingStage) -> None:
    arn = stage.target_group()
    stage.asg.attach_load_balancer_target_groups(AutoScalingGroupName="web", TargetGroupARNs=[arn])
    balancer = stage.elbv2.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"].split(":loadbalancer/")[1]
    target = arn.split(":")[-1]
    stage.policy("p", **TRACK, TargetTrackingConfiguration=predefined("ALBRequestCountPerTarget", ResourceLabel=f"{balancer}/{target}"))
    high = stage.cloudwatch.describe_alarms()["MetricAlarms"][0]
    assert (high["Namespace"], high["MetricName"], high["Statistic"]) == ("AWS/ApplicationELB", "RequestCountPerTarget", "Sum")
    assert [{"Name": "TargetGroup", "Value": target}] == high["Dimensions"]


@rule("SCL-10")
def test_metric_math_is_tracked(stage: ScalingStage) -> None:
    metric = {"Namespace": "Shop", "MetricName": "Queue"}
    queries = [
        {"Id": "m1", "MetricStat": {"Metric": metric, "Stat": "Sum"}, "ReturnData": False},
        {"Id": "e1", "Expression": "m1 / 3", "Label": "a third"},
    ]
    stage.policy("p", **TRACK, TargetTrackingConfiguration=custom(Metrics=queries))
    metrics = stage.cloudwatch.describe_alarms()["MetricAlarms"][0]["Metrics"]
    assert [(query["Id"], query["ReturnData"]) for query in metrics] == [("m1", False), ("e1", True)]
    assert metrics[0]["MetricStat"]["Period"] == 60
    assert (
        queries
        == stage.asg.describe_policies()["ScalingPolicies"][0]["TargetTrackingConfiguration"]["CustomizedMetricSpecification"]["Metrics"]
    )


@rule("SCL-11", "SCL-20")
def test_without_scale_in_there_is_no_low_alarm_and_a_new_put_replaces_the_alarms(stage: ScalingStage) -> None:
    first = stage.policy()
    before = {a["AlarmName"] for a in stage.cloudwatch.describe_alarms()["MetricAlarms"]}
    again = stage.policy("cpu", **TRACK, TargetTrackingConfiguration=TRACK_CPU | {"DisableScaleIn": True, "TargetValue": 40.0})
    after = stage.cloudwatch.describe_alarms()["MetricAlarms"]
    assert first == again
    assert [a["Threshold"] for a in after] == [40.0]
    assert before.isdisjoint(a["AlarmName"] for a in after)
    assert len(stage.asg.describe_policies()["ScalingPolicies"]) == 1


@pytest.mark.parametrize("how", ["policy", "policy by ARN", "group"])
@rule("SCL-11", "ASG-9")
def test_the_alarms_go_with_the_policy_or_the_group(how: str, stage: ScalingStage) -> None:
    arn = stage.policy()
    match how:
        case "policy":
            stage.asg.delete_policy(AutoScalingGroupName="web", PolicyName="cpu")
        case "policy by ARN":
            stage.asg.delete_policy(PolicyName=arn)
        case "group":
            stage.asg.delete_auto_scaling_group(AutoScalingGroupName="web", ForceDelete=True)
            stage.wait(10)
    assert stage.cloudwatch.describe_alarms()["MetricAlarms"] == []
    assert stage.asg.describe_policies()["ScalingPolicies"] == []


@rule("SCL-1")
def test_a_name_is_a_policy_of_each_group(stage: ScalingStage) -> None:
    stage.group("shop", LaunchConfigurationName="lc", DesiredCapacity=1)
    one = stage.policy("p", AdjustmentType="ChangeInCapacity", ScalingAdjustment=1)
    other = stage.asg.put_scaling_policy(AutoScalingGroupName="shop", PolicyName="p", AdjustmentType="ExactCapacity", ScalingAdjustment=2)[
        "PolicyARN"
    ]
    found = {p["AutoScalingGroupName"]: (p["PolicyARN"], p["ScalingAdjustment"]) for p in stage.asg.describe_policies()["ScalingPolicies"]}
    assert {"web": (one, 1), "shop": (other, 2)} == found
    assert "is used by several groups" in refusal(lambda s: s.asg.delete_policy(PolicyName="p"), stage)[1]
    stage.asg.delete_policy(AutoScalingGroupName="shop", PolicyName="p")
    assert [one] == [p["PolicyARN"] for p in stage.asg.describe_policies()["ScalingPolicies"]]


def test_policies_are_described_with_what_belongs_to_their_type_and_the_user_s_alarms(stage: ScalingStage) -> None:
    simple = stage.policy("simple", AdjustmentType="PercentChangeInCapacity", ScalingAdjustment=-10, Cooldown=60, MinAdjustmentMagnitude=2)
    stage.policy("step", **STEP, StepAdjustments=steps((0, 10), (10, None)), MetricAggregationType="Maximum", EstimatedInstanceWarmup=90)
    stage.alarm(simple)
    found = {p["PolicyName"]: p for p in stage.asg.describe_policies(AutoScalingGroupName="web")["ScalingPolicies"]}
    assert tuple(found["simple"][k] for k in ("PolicyType", "Cooldown", "MinAdjustmentMagnitude", "Enabled")) == (
        "SimpleScaling",
        60,
        2,
        True,
    )
    assert [a["AlarmName"] for a in found["simple"]["Alarms"]] == ["mine"]
    assert (found["step"]["MetricAggregationType"], found["step"]["EstimatedInstanceWarmup"]) == ("Maximum", 90)
    assert found["step"]["StepAdjustments"][1] == {"MetricIntervalLowerBound": 10.0, "ScalingAdjustment": 1}
    assert [p["PolicyName"] for p in stage.asg.describe_policies(PolicyTypes=["StepScaling"])["ScalingPolicies"]] == ["step"]
    page = stage.asg.describe_policies(MaxRecords=1)
    assert len(stage.asg.describe_policies(MaxRecords=1, NextToken=page["NextToken"])["ScalingPolicies"]) == 1


# ---- executed by a user ------------------------------------------------------------------------------------------------------------------


@rule("SCL-36", "SCL-3")
def test_a_user_executes_a_policy(stage: ScalingStage) -> None:
    stage.policy("p", AdjustmentType="ChangeInCapacity", ScalingAdjustment=2)
    stage.asg.execute_policy(AutoScalingGroupName="web", PolicyName="p")
    stage.wait(15)
    assert len(stage.instances()) == 5
    sentence = "At 2026-05-07T12:00:20Z a user request executed policy p changing the desired capacity from 3 to 5."
    assert stage.activities()[0]["Cause"].startswith(sentence)


@pytest.mark.parametrize(
    ("policy", "given", "code", "message"),
    [
        ({}, {}, "ValidationError", "Policy p is of type TargetTrackingScaling, which cannot be executed."),
        (
            STEP | {"StepAdjustments": steps((0, None))},
            {"MetricValue": 3.0},
            "ValidationError",
            "MetricValue and BreachThreshold are required for policies of type StepScaling.",
        ),
        (
            STEP | {"StepAdjustments": steps((0, None))},
            {"MetricValue": 3.0, "BreachThreshold": 5.0},
            "ValidationError",
            "No step adjustment found for metric value [3.0] and breach threshold 5.0",
        ),
        (
            {"AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": 1},
            {"HonorCooldown": True},
            "ScalingActivityInProgress",
            "Scaling activity ID is in progress and blocks this action",
        ),
    ],
)
@rule("SCL-36", "SCL-35")
def test_a_policy_is_not_executed(policy: dict[str, Any], given: dict[str, Any], code: str, message: str, stage: ScalingStage) -> None:
    stage.policy("p", **policy)
    found = refusal(of("web", "execute_policy", PolicyName="p", **given), stage)
    assert (code, message) == (found[0], re.sub(UUID, "ID", found[1]))
    assert stage.desired() == 3


# ---- schedules ---------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        ({"MinSize": 1}, "ValidationError", "You must specify a StartTime or a Recurrence for a scheduled action."),
        (
            {"Recurrence": "0 9 * * *"},
            "ValidationError",
            "At least one of MinSize, MaxSize and DesiredCapacity must be specified for a scheduled action.",
        ),
        ({"StartTime": "2026-05-07T11:00:00Z", "MinSize": 1}, "ValidationError", "Given start time is in the past"),
        (
            {"StartTime": "2026-05-07T14:00:00Z", "EndTime": "2026-05-07T13:00:00Z", "MinSize": 1},
            "ValidationError",
            "Given end time is before the start time",
        ),
        (
            {"Recurrence": "0 9 * * *", "EndTime": "2026-05-07T13:00:00Z", "MinSize": 1},
            "ValidationError",
            "The scheduled action would never run: its first time is after the end time.",
        ),
        (
            {"Recurrence": "0 0 9 * * *", "MinSize": 1},
            "ValidationError",
            "Given recurrence string:0 0 9 * * * is not valid: '0 0 9 * * *' does not have 5 fields.",
        ),
        ({"Recurrence": "0 25 * * *", "MinSize": 1}, "ValidationError", "Given recurrence string:0 25 * * * is not valid: Bad hour."),
        (
            {"Recurrence": "0 9 * * *", "TimeZone": "Mars/Olympus", "MinSize": 1},
            "ValidationError",
            "Given time zone Mars/Olympus is not valid.",
        ),
        (
            {"Recurrence": "0 9 * * *", "MinSize": 5, "MaxSize": 2},
            "ValidationError",
            "Max bound, 2, must be greater than or equal to min bound, 5",
        ),
        (
            {"Recurrence": "0 9 * * *", "DesiredCapacity": 3, "MaxSize": 2},
            "ValidationError",
            "Desired capacity:3 must be between the specified min size:0 and max size:2",
        ),
        (
            {"StartTime": "2026-05-07T20:00:00Z", "MinSize": 1},
            "AlreadyExists",
            "A scheduled action with this scheduled start time already exists",
        ),
    ],
)
@rule("ASG-108")
def test_a_scheduled_action_that_cannot_be_is_refused(given: dict[str, Any], code: str, message: str, stage: ScalingStage) -> None:
    stage.asg.put_scheduled_update_group_action(
        AutoScalingGroupName="web", ScheduledActionName="evening", Recurrence="0 20 * * *", DesiredCapacity=1
    )
    assert (code, message) == refusal(of("web", "put_scheduled_update_group_action", ScheduledActionName="a", **given), stage)
    assert [a["ScheduledActionName"] for a in stage.asg.describe_scheduled_actions()["ScheduledUpdateGroupActions"]] == ["evening"]


@rule("ASG-108")
def test_actions_are_put_described_and_deleted_in_batches(stage: ScalingStage) -> None:
    wanted = [
        {"ScheduledActionName": "morning", "Recurrence": "0 9 * * MON-FRI", "TimeZone": "Europe/Berlin", "MinSize": 4},
        {"ScheduledActionName": "wrong", "Recurrence": "never", "MinSize": 4},
        {"ScheduledActionName": "night", "StartTime": "2026-05-07T22:00:00Z", "DesiredCapacity": 2},
    ]
    failed = stage.asg.batch_put_scheduled_update_group_action(AutoScalingGroupName="web", ScheduledUpdateGroupActions=wanted)
    assert [(f["ScheduledActionName"], f["ErrorCode"]) for f in failed["FailedScheduledUpdateGroupActions"]] == [
        ("wrong", "ValidationError")
    ]
    night, morning = stage.asg.describe_scheduled_actions(AutoScalingGroupName="web")["ScheduledUpdateGroupActions"]
    assert (night["ScheduledActionName"], night["StartTime"].astimezone(stage.clock.now().tzinfo).isoformat()) == (
        "night",
        "2026-05-07T22:00:00+00:00",
    )
    assert morning["Time"].astimezone(stage.clock.now().tzinfo).isoformat() == "2026-05-08T07:00:00+00:00"
    assert re.fullmatch(
        rf"arn:aws:autoscaling:us-east-1:123456789012:scheduledUpdateGroupAction:{UUID}:autoScalingGroupName/web:scheduledActionName/morning",
        morning["ScheduledActionARN"],
    )
    window = stage.asg.describe_scheduled_actions(StartTime=stage.clock.now() + timedelta(hours=12))["ScheduledUpdateGroupActions"]
    assert [a["ScheduledActionName"] for a in window] == ["morning"]
    gone = stage.asg.batch_delete_scheduled_action(AutoScalingGroupName="web", ScheduledActionNames=["night", "none"])
    [failed] = gone["FailedScheduledActions"]
    assert (failed["ScheduledActionName"], failed["ErrorMessage"]) == ("none", "Scheduled action name not found")
    stage.asg.delete_scheduled_action(AutoScalingGroupName="web", ScheduledActionName="morning")
    assert stage.asg.describe_scheduled_actions()["ScheduledUpdateGroupActions"] == []


# ---- notifications -----------------------------------------------------------------------------------------------------------------------


@rule("ASG-119")
def test_notifications_are_configured_by_topic(stage: ScalingStage) -> None:
    topic = stage.sns.create_topic(Name="ops")["TopicArn"]
    launch, end = "autoscaling:EC2_INSTANCE_LAUNCH", "autoscaling:EC2_INSTANCE_TERMINATE"
    for types in ([launch], [end, launch]):
        stage.asg.put_notification_configuration(AutoScalingGroupName="web", TopicARN=topic, NotificationTypes=types)
    found = stage.asg.describe_notification_configurations()["NotificationConfigurations"]
    assert [("web", topic, end), ("web", topic, launch)] == [
        tuple(f[k] for k in ("AutoScalingGroupName", "TopicARN", "NotificationType")) for f in found
    ]
    stage.asg.delete_notification_configuration(AutoScalingGroupName="web", TopicARN=topic)
    assert stage.asg.describe_notification_configurations()["NotificationConfigurations"] == []


@pytest.mark.parametrize(
    ("topic", "types", "message"),
    [
        ("none", ["autoscaling:EC2_INSTANCE_LAUNCH"], "Unable to publish test message to notification target"),
        ("ops", ["autoscaling:LUNCH"], "Invalid notification type: autoscaling:LUNCH."),
        ("ops", [], "You must specify at least one notification type."),
    ],
)
@rule("ASG-119")
def test_a_notification_that_cannot_be_is_refused(topic: str, types: list[str], message: str, stage: ScalingStage) -> None:
    ops = stage.sns.create_topic(Name="ops")["TopicArn"]
    arn = ops.replace(":ops", f":{topic}")
    code, text = refusal(of("web", "put_notification_configuration", TopicARN=arn, NotificationTypes=types), stage)
    assert (code, text.startswith(message)) == ("ValidationError", True)
    assert stage.asg.describe_notification_configurations()["NotificationConfigurations"] == []


# ---- around them -------------------------------------------------------------------------------------------------------------------------


@rule("ASG-118")
def test_metrics_are_enabled_one_after_the_other_all_at_once_and_disabled(stage: ScalingStage) -> None:
    def enabled() -> list[str]:
        return [m["Metric"] for m in stage.described()["EnabledMetrics"]]

    on, off = of("web", "enable_metrics_collection", Granularity="1Minute"), of("web", "disable_metrics_collection")
    of("web", "enable_metrics_collection", Granularity="1Minute", Metrics=["GroupMaxSize"])(stage)
    of("web", "enable_metrics_collection", Granularity="1Minute", Metrics=["GroupMinSize"])(stage)
    assert enabled() == ["GroupMinSize", "GroupMaxSize"]
    on(stage)
    assert len(enabled()) == 22
    of("web", "disable_metrics_collection", Metrics=["GroupMinSize"])(stage)
    assert "GroupMinSize" not in enabled()
    off(stage)
    assert enabled() == []
    assert refusal(of("web", "enable_metrics_collection", Granularity="5Minutes"), stage)[1].startswith("Granularity is not valid")
    assert refusal(of("web", "enable_metrics_collection", Granularity="1Minute", Metrics=["Size"]), stage)[1].startswith(
        "Invalid metric: Size"
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [({}, True), ({"InstanceMonitoring": {"Enabled": False}}, False), ({"InstanceMonitoring": {"Enabled": True}}, True)],
)
@rule("EC2-43")
def test_launch_configurations_ask_for_detailed_monitoring_unless_told_otherwise(
    given: dict[str, Any], expected: bool, stage: ScalingStage
) -> None:
    stage.configuration("another", **given)
    found = stage.asg.describe_launch_configurations(LaunchConfigurationNames=["another"])["LaunchConfigurations"][0]
    assert expected == found["InstanceMonitoring"]["Enabled"]


def test_small_descriptions(stage: ScalingStage) -> None:
    types = [a["AdjustmentType"] for a in stage.asg.describe_adjustment_types()["AdjustmentTypes"]]
    assert types == ["ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity"]
    assert len(stage.asg.describe_auto_scaling_notification_types()["AutoScalingNotificationTypes"]) == 5
    assert "ScheduledActions" in {p["ProcessName"] for p in stage.asg.describe_scaling_process_types()["Processes"]}
    assert "OldestInstance" in stage.asg.describe_termination_policy_types()["TerminationPolicyTypes"]
    assert {"Granularity": "1Minute"} in stage.asg.describe_metric_collection_types()["Granularities"]
    limits = stage.asg.describe_account_limits()
    assert (limits["NumberOfAutoScalingGroups"], limits["NumberOfLaunchConfigurations"]) == (1, 1)
