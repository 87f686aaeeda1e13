"""Scaling policies: their alarms, descriptions, execution and end."""

import re
from typing import Any

import pytest

from tests.support import rule
from tests.support.api.scaling import STEP, TRACK, UUID, custom, of, predefined, refusal, steps
from tests.support.services.scaling_stage import TRACK_CPU, ScalingStage


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
