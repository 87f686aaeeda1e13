"""What the API refuses of a group, with AWS's texts."""

from typing import Any

import pytest

from tests.support import rule
from tests.support.api.groups import NOT_NEGATIVE, UNKNOWN, Request, asg, of_web, refusal
from tests.support.services.autoscaling_stage import Stage

NO_GROUP_TO_RESIZE = "AutoScalingGroup name not found - null"
NO_GROUP = "AutoScalingGroup name not found - AutoScalingGroup none not found"
NO_INSTANCE = f"Instance Id not found - No managed instance found for instance ID: {UNKNOWN}"


def of_none(operation: str, **parameters: Any) -> Request:
    return asg(operation, AutoScalingGroupName="none", **parameters)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (
            of_web("set_desired_capacity", DesiredCapacity=11),
            "New SetDesiredCapacity value 11 is above max value 10 for the AutoScalingGroup.",
        ),
        (
            of_web("set_desired_capacity", DesiredCapacity=0),
            "New SetDesiredCapacity value 0 is below min value 1 for the AutoScalingGroup.",
        ),
        (of_web("update_auto_scaling_group", MinSize=11), "Max bound, 10, must be greater than or equal to min bound, 11"),
        (
            of_web("update_auto_scaling_group", DesiredCapacity=12),
            "Desired capacity:12 must be between the specified min size:1 and max size:10",
        ),
        (of_web("set_desired_capacity", DesiredCapacity=-1), NOT_NEGATIVE.format(-1, "desiredCapacity")),
        (of_web("update_auto_scaling_group", MinSize=-1), NOT_NEGATIVE.format(-1, "minSize")),
        (of_none("set_desired_capacity", DesiredCapacity=1), NO_GROUP_TO_RESIZE),
        (of_none("update_auto_scaling_group", MaxSize=1), NO_GROUP_TO_RESIZE),
        (of_none("delete_auto_scaling_group"), NO_GROUP),
        (of_none("suspend_processes"), NO_GROUP),
        (of_none("resume_processes"), NO_GROUP),
        (of_none("describe_scaling_activities"), NO_GROUP),
        (of_none("describe_load_balancer_target_groups"), NO_GROUP),
        (of_none("attach_load_balancer_target_groups", TargetGroupARNs=[]), NO_GROUP),
        (of_none("attach_instances", InstanceIds=[UNKNOWN]), NO_GROUP),
        (of_none("detach_instances", InstanceIds=[UNKNOWN], ShouldDecrementDesiredCapacity=True), NO_GROUP),
        (of_none("enter_standby", InstanceIds=[UNKNOWN], ShouldDecrementDesiredCapacity=True), NO_GROUP),
        (of_none("exit_standby", InstanceIds=[UNKNOWN]), NO_GROUP),
        (of_none("set_instance_protection", InstanceIds=[UNKNOWN], ProtectedFromScaleIn=True), NO_GROUP),
        (of_none("enable_metrics_collection", Granularity="1Minute"), NO_GROUP),
        (asg("set_instance_health", InstanceId=UNKNOWN, HealthStatus="Unhealthy"), NO_INSTANCE),
        (asg("terminate_instance_in_auto_scaling_group", InstanceId=UNKNOWN, ShouldDecrementDesiredCapacity=True), NO_INSTANCE),
        (of_web("attach_instances", InstanceIds=["web-1"]), "Invalid Instance ID(s): [web-1]"),
        (asg("create_launch_configuration", LaunchConfigurationName="copy", InstanceId="web-1"), 'Invalid id: "web-1"'),
        (of_web("attach_instances", InstanceIds=[UNKNOWN]), f"Invalid Instance ID(s): [{UNKNOWN}]"),
        (of_web("exit_standby", InstanceIds=[UNKNOWN]), f"The instance {UNKNOWN} is not part of Auto Scaling group web."),
    ],
)
@rule("ASG-2", "ASG-3", "ASG-5")
def test_is_refused_with_a_validation_error(request_: Request, message: str, stage: Stage) -> None:
    stage.group()
    assert ("ValidationError", message) == refusal(request_, stage)


NOT_MODIFIED = "The AutoScaling group may not be modified while it is pending delete"


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (of_web("update_auto_scaling_group", MaxSize=9), NOT_MODIFIED),
        (of_web("set_desired_capacity", DesiredCapacity=1), NOT_MODIFIED),
        (of_web("suspend_processes"), "Processes may not be suspended while the AutoScaling group is pending delete"),
    ],
)
@rule("ASG-9")
def test_a_group_that_is_being_deleted_is_not_changed(request_: Request, message: str, stage: Stage) -> None:
    stage.ready()
    stage.asg.delete_auto_scaling_group(AutoScalingGroupName="web", ForceDelete=True)
    assert ("ValidationError", message) == refusal(request_, stage)


@pytest.mark.parametrize(
    "request_",
    [
        of_web("start_instance_refresh", Strategy="ReplaceRootVolume"),
        of_web("put_warm_pool"),
        of_web("attach_load_balancers", LoadBalancerNames=["classic"]),
        of_web("update_auto_scaling_group", MaxInstanceLifetime=86400),
        of_web("update_auto_scaling_group", HealthCheckType="EC2,EBS"),
        of_web("update_auto_scaling_group", TerminationPolicies=["arn:aws:lambda:us-east-1:123456789012:function:choose"]),
        of_web("update_auto_scaling_group", MixedInstancesPolicy={"LaunchTemplate": {"Overrides": [{"InstanceType": "t3.small"}]}}),
    ],
)
def test_what_nothing_stands_behind_is_refused_and_not_stored(request_: Request, stage: Stage) -> None:
    stage.group()
    before = stage.described()
    assert refusal(request_, stage)[0] == "NotImplemented"
    assert before == stage.described()
