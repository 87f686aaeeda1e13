"""Auto Scaling groups are created, updated and deleted by the API."""

from typing import Any

import pytest

from tests.support import rule
from tests.support.api.groups import NOT_NEGATIVE, UNKNOWN, asg, of_web, refusal
from tests.support.services.autoscaling_stage import AMI, Stage

ONE_TEMPLATE = "Valid requests must contain either launchTemplateId or LaunchTemplateName"


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        (
            {"MinSize": 2, "DesiredCapacity": 0},
            "ValidationError",
            "Desired capacity:0 must be between the specified min size:2 and max size:10",
        ),
        ({"DesiredCapacity": 11}, "ValidationError", "Desired capacity:11 must be between the specified min size:1 and max size:10"),
        ({"MinSize": 5, "MaxSize": 3}, "ValidationError", "Max bound, 3, must be greater than or equal to min bound, 5"),
        (
            {"LaunchConfigurationName": "none"},
            "ValidationError",
            "Launch configuration name not found - Launch configuration none not found",
        ),
        (
            {"LaunchTemplate": {"LaunchTemplateName": "none"}},
            "ValidationError",
            "You must use a valid fully-formed launch template. The specified launch template, with template name none, does not exist.",
        ),
        ({"LaunchTemplate": {"Version": "1"}}, "ValidationError", ONE_TEMPLATE),
        ({"LaunchTemplate": {"LaunchTemplateName": "web", "LaunchTemplateId": "lt-0123456789abcdef0"}}, "ValidationError", ONE_TEMPLATE),
        ({"InstanceId": "web-1"}, "ValidationError", "Instance [web-1] is invalid."),
        ({"InstanceId": UNKNOWN}, "ValidationError", f"Instance [{UNKNOWN}] is invalid."),
        ({"MinSize": -1}, "ValidationError", NOT_NEGATIVE.format(-1, "minSize")),
        ({"MinSize": 0, "DesiredCapacity": -2}, "ValidationError", NOT_NEGATIVE.format(-2, "desiredCapacity")),
        ({"VPCZoneIdentifier": "subnet-12345"}, "ValidationError", "The subnet ID 'subnet-12345' does not exist"),
        (
            {"TargetGroupARNs": ["arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/none/0123456789abcdef"]},
            "ValidationError",
            "Provided Target Groups may not be valid. Please ensure they exist and try again.",
        ),
    ],
)
@rule("ASG-1", "ASG-2", "ASG-19")
def test_a_group_that_cannot_be_is_refused_and_nothing_is_made(given: dict[str, Any], code: str, message: str, stage: Stage) -> None:
    assert (code, message) == refusal(lambda s: s.group(**given), stage)
    assert stage.asg.describe_auto_scaling_groups()["AutoScalingGroups"] == []


@pytest.mark.parametrize("name", ["a:b", "x" * 256, "tab\there"])
@rule("ASG-6")
def test_a_group_s_name_has_neither_colon_nor_more_than_255_characters(name: str, stage: Stage) -> None:
    assert refusal(lambda s: s.group(name), stage)[0] == "ValidationError"


@rule("ASG-5")
def test_a_name_is_given_once(stage: Stage) -> None:
    stage.group()
    expected = "AutoScalingGroup by this name already exists - A group with the name web already exists"
    assert ("AlreadyExists", expected) == refusal(lambda s: s.group(LaunchConfigurationName="lc"), stage)


@rule("ASG-2", "ASG-7", "ASG-82")
def test_a_new_group_has_aws_s_defaults(stage: Stage) -> None:
    arn = stage.target_group()
    stage.asg.create_auto_scaling_group(
        AutoScalingGroupName="web",
        MinSize=2,
        MaxSize=4,
        LaunchConfigurationName=stage.configuration(),
        AvailabilityZones=["us-east-1a"],
        TargetGroupARNs=[arn],
    )
    group = stage.described()
    expected = {
        "DesiredCapacity": 2,
        "DefaultCooldown": 300,
        "HealthCheckType": "EC2",
        "HealthCheckGracePeriod": 0,
        "TerminationPolicies": ["Default"],
        "NewInstancesProtectedFromScaleIn": False,
        "CapacityRebalance": False,
        "SuspendedProcesses": [],
        "Instances": [],
        "AvailabilityZoneDistribution": {"CapacityDistributionStrategy": "balanced-best-effort"},
    }
    assert expected == {name: group[name] for name in expected}
    assert "DefaultInstanceWarmup" not in group
    assert group["AutoScalingGroupARN"].startswith("arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:")
    assert group["AutoScalingGroupARN"].endswith(":autoScalingGroupName/web")
    states = stage.asg.describe_load_balancer_target_groups(AutoScalingGroupName="web")["LoadBalancerTargetGroups"]
    assert [{"LoadBalancerTargetGroupARN": arn, "State": "InService"}] == states


@rule("ASG-7", "ASG-17")
def test_an_update_changes_what_it_names_and_nothing_else(stage: Stage) -> None:
    stage.group(DesiredCapacity=1)
    stage.configuration("newer")
    changes = {
        "LaunchConfigurationName": "newer",
        "TerminationPolicies": ["OldestInstance", "Default"],
        "DefaultCooldown": 60,
        "HealthCheckType": "ELB",
        "HealthCheckGracePeriod": 30,
        "DefaultInstanceWarmup": 90,
        "NewInstancesProtectedFromScaleIn": True,
        "MaxSize": 7,
    }
    before = stage.described()
    stage.asg.update_auto_scaling_group(AutoScalingGroupName="web", **changes)
    assert before | changes == stage.described()
    stage.asg.update_auto_scaling_group(AutoScalingGroupName="web", DefaultInstanceWarmup=-1)
    assert "DefaultInstanceWarmup" not in stage.described()


@rule("ASG-18")
def test_a_group_goes_over_from_a_configuration_to_a_template(stage: Stage) -> None:
    stage.group()
    data = {"ImageId": AMI, "InstanceType": "t3.micro"}
    stage.ec2.create_launch_template(LaunchTemplateName="shop", LaunchTemplateData=data)
    stage.asg.update_auto_scaling_group(AutoScalingGroupName="web", LaunchTemplate={"LaunchTemplateName": "shop"})
    assert "LaunchConfigurationName" not in stage.described()
    assert stage.described()["LaunchTemplate"]["LaunchTemplateName"] == "shop"


@rule("ASG-9")
def test_a_group_with_instances_or_activities_is_not_deleted(stage: Stage) -> None:
    stage.ready()
    full = "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group."
    assert ("ResourceInUse", full) == refusal(of_web("delete_auto_scaling_group"), stage)
    stage.asg.update_auto_scaling_group(AutoScalingGroupName="web", MinSize=0, DesiredCapacity=0)
    stage.wait(3.1)
    busy = "You cannot delete an AutoScalingGroup while there are scaling activities in progress for that group."
    assert ("ScalingActivityInProgress", busy) == refusal(of_web("delete_auto_scaling_group"), stage)
    stage.wait(10)
    stage.asg.delete_auto_scaling_group(AutoScalingGroupName="web")
    assert stage.asg.describe_auto_scaling_groups()["AutoScalingGroups"] == []
    stage.wait(60)
    assert [loop.key for loop in stage.engine.loops() if loop.controller == "autoscaling"] == []


def test_describe_auto_scaling_groups_pages_and_filters_by_tag(stage: Stage) -> None:
    for name in ("one", "two", "three"):
        tags = [{"Key": "app", "Value": name}]
        stage.group(name, LaunchConfigurationName=stage.configuration(name), DesiredCapacity=1, Tags=tags)
    first = stage.asg.describe_auto_scaling_groups(MaxRecords=2)
    rest = stage.asg.describe_auto_scaling_groups(MaxRecords=2, NextToken=first["NextToken"])
    assert [g["AutoScalingGroupName"] for g in first["AutoScalingGroups"] + rest["AutoScalingGroups"]] == ["one", "two", "three"]
    found = stage.asg.describe_auto_scaling_groups(Filters=[{"Name": "tag:app", "Values": ["two"]}])["AutoScalingGroups"]
    assert [g["AutoScalingGroupName"] for g in found] == ["two"]
    assert refusal(asg("describe_auto_scaling_groups", MaxRecords=101), stage)[0] == "ValidationError"
