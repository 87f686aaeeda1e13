"""Scaling policies that are refused, with AWS's texts."""

from typing import Any

import pytest

from tests.support import rule
from tests.support.api.scaling import STEP, TRACK, Request, custom, of, predefined, refusal, steps
from tests.support.services.scaling_stage import TRACK_CPU, ScalingStage

NO_GROUP = "AutoScalingGroup name not found - AutoScalingGroup none not found"


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
