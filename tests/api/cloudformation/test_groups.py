"""CloudFormation's resource types of Auto Scaling."""

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.core.errors import ApiError, Retry
from sandbox.services.cloudformation.resources.base import Failed, InProgress
from tests.support import rule
from tests.support.aws import IMAGE
from tests.support.services.cloudformation import Made, Workbench
from tests.support.services.faults import no_capacity

GROUP = "AWS::AutoScaling::AutoScalingGroup"


def autoscaling(bench: Workbench) -> Any:
    return bench.sandbox.client("autoscaling")


def described(bench: Workbench, group: Made) -> dict[str, Any]:
    found: dict[str, Any] = autoscaling(bench).describe_auto_scaling_groups(AutoScalingGroupNames=[group.ref])["AutoScalingGroups"][0]
    return found


def subnets(bench: Workbench) -> list[str]:
    found = bench.sandbox.client("ec2").describe_subnets()["Subnets"]
    return [each["SubnetId"] for each in found if each["AvailabilityZone"] in ("us-east-1a", "us-east-1b")]


@pytest.fixture
def template(bench: Workbench) -> Made:
    return bench.make("AWS::EC2::LaunchTemplate", LaunchTemplateData={"ImageId": IMAGE, "InstanceType": "t3.micro"})


@pytest.fixture
def make_group(bench: Workbench, template: Made) -> Callable[..., Made]:
    def make(**properties: Any) -> Made:
        launch = {"LaunchTemplateId": template.ref, "Version": template.attributes["LatestVersionNumber"]}
        given = {"MinSize": "2", "MaxSize": "4", "VPCZoneIdentifier": subnets(bench), "LaunchTemplate": launch}
        return bench.make(GROUP, "Web", **given | properties)

    return make


@rule("CFN-64")
def test_a_group_is_ready_when_its_instances_are_in_service(bench: Workbench, make_group: Callable[..., Made]) -> None:
    group = make_group(Cooldown="60", HealthCheckType="EC2", HealthCheckGracePeriod=30)
    found = described(bench, group)
    assert [each["LifecycleState"] for each in found["Instances"]] == ["InService"] * 2
    assert (found["DefaultCooldown"], found["HealthCheckGracePeriod"]) == (60, 30)
    assert {tag["Key"]: tag["PropagateAtLaunch"] for tag in found["Tags"]}["aws:cloudformation:stack-name"] is True
    assert group.attributes == {"AutoScalingGroupARN": found["AutoScalingGroupARN"]}


def test_a_changed_group_has_the_new_sizes_and_what_left_the_template_has_its_default(
    bench: Workbench, make_group: Callable[..., Made]
) -> None:
    topic = bench.sandbox.client("sns").create_topic(Name="scaling")["TopicArn"]
    target_group = bench.make("AWS::ElasticLoadBalancingV2::TargetGroup", Port=80, Protocol="HTTP", VpcId=_vpc(bench))
    notified = [{"TopicARN": topic, "NotificationTypes": ["autoscaling:EC2_INSTANCE_LAUNCH"]}]
    collected = [{"Granularity": "1Minute", "Metrics": ["GroupMinSize"]}]
    group = make_group(Cooldown="60", MetricsCollection=collected, NotificationConfigurations=notified)
    tags = [{"Key": "Name", "Value": "web", "PropagateAtLaunch": "false"}]
    bench.change(
        group,
        {"team": "web"},
        MinSize=3,
        Cooldown=None,
        MetricsCollection=None,
        NotificationConfigurations=None,
        TargetGroupARNs=[target_group.ref],
        Tags=tags,
    )
    found = described(bench, group)
    assert len(found["Instances"]) == 3
    assert found["DefaultCooldown"] == 300
    assert (found.get("EnabledMetrics", []), found["TargetGroupARNs"]) == ([], [target_group.ref])
    assert {tag["Key"]: tag["PropagateAtLaunch"] for tag in found["Tags"] if not tag["Key"].startswith("aws:")} == {
        "team": True,
        "Name": False,
    }
    assert autoscaling(bench).describe_notification_configurations(AutoScalingGroupNames=[group.ref])["NotificationConfigurations"] == []
    bench.delete(group)


@rule("CFN-64")
def test_a_group_that_cannot_launch_has_failed_with_the_words_of_its_activity(bench: Workbench, make_group: Callable[..., Made]) -> None:
    group = make_group(MinSize=0)
    for zone in ("us-east-1a", "us-east-1b"):
        bench.sandbox.sandbox.faults.inject(no_capacity(zone, "There is no capacity."), f"{zone} is full")
    autoscaling(bench).set_desired_capacity(AutoScalingGroupName=group.ref, DesiredCapacity=1)
    status: Any = InProgress()
    for _ in range(60):
        bench.sandbox.run(1)
        status = group.kind.look(bench.call, group.physical_id, group.wanted)
        if not isinstance(status, InProgress):
            break
    assert isinstance(status, Failed)
    assert status.reason.startswith("Group did not stabilize. Last scaling activity: ")
    assert "There is no capacity." in status.reason


@rule("CFN-65")
def test_a_group_is_scaled_to_nothing_before_it_is_deleted(bench: Workbench, make_group: Callable[..., Made]) -> None:
    group = make_group()
    with pytest.raises(Retry):
        group.kind.delete(bench.call, group.physical_id, group.wanted)
    found = described(bench, group)
    assert (found["MinSize"], found["MaxSize"], found["DesiredCapacity"], found.get("Status")) == (0, 0, 0, None)
    bench.delete(group)
    causes = [each["Cause"] for each in autoscaling(bench).describe_scaling_activities(IncludeDeletedGroups=True)["Activities"]]
    assert sum("a user request update of AutoScalingGroup constraints to min: 0, max: 0" in cause for cause in causes) == 2


@rule("CFN-65")
def test_protected_instances_keep_a_group_from_being_deleted(bench: Workbench, make_group: Callable[..., Made]) -> None:
    group = make_group(MinSize=1, NewInstancesProtectedFromScaleIn=True)
    for _ in range(20):
        with pytest.raises(Retry):
            group.kind.delete(bench.call, group.physical_id, group.wanted)
        bench.sandbox.run(30)
    (instance,) = described(bench, group)["Instances"]
    autoscaling(bench).set_instance_protection(
        AutoScalingGroupName=group.ref, InstanceIds=[instance["InstanceId"]], ProtectedFromScaleIn=False
    )
    bench.delete(group)


def test_traffic_sources_are_attached_and_detached(bench: Workbench, make_group: Callable[..., Made]) -> None:
    targets = bench.make("AWS::ElasticLoadBalancingV2::TargetGroup", Port=80, Protocol="HTTP", VpcId=_vpc(bench))
    group = make_group(MinSize=0, TrafficSources=[{"Identifier": targets.ref, "Type": "elbv2"}])
    assert described(bench, group)["TargetGroupARNs"] == [targets.ref]
    bench.change(group, TrafficSources=None)
    bench.sandbox.run(5)
    assert described(bench, group)["TargetGroupARNs"] == []
    bench.delete(group)


def test_a_group_of_another_stack_is_not_taken_over(bench: Workbench, make_group: Callable[..., Made]) -> None:
    group = make_group(AutoScalingGroupName="web", MinSize=0)
    with pytest.raises(ApiError, match="web already exists"):
        bench.make(GROUP, "Other", **dict(group.wanted.properties))


def test_a_policy_is_referred_to_by_its_arn(bench: Workbench, make_group: Callable[..., Made]) -> None:
    group = make_group(MinSize=0)
    tracking = {"TargetValue": "70.0", "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"}}
    given = {"AutoScalingGroupName": group.ref, "PolicyType": "TargetTrackingScaling"}
    policy = bench.make("AWS::AutoScaling::ScalingPolicy", "Track", **given, TargetTrackingConfiguration=tracking)
    bench.change(policy, TargetTrackingConfiguration=tracking | {"TargetValue": 50})
    found = autoscaling(bench).describe_policies(AutoScalingGroupName=group.ref)["ScalingPolicies"][0]
    assert found["TargetTrackingConfiguration"]["TargetValue"] == 50
    assert (policy.ref, policy.attributes["PolicyName"]) == (found["PolicyARN"], found["PolicyName"])
    assert found["PolicyName"].startswith("shop-Track-")


def test_a_scheduled_action_changes_and_goes(bench: Workbench, make_group: Callable[..., Made]) -> None:
    group = make_group(MinSize=0)
    given = {"AutoScalingGroupName": group.ref, "Recurrence": "0 8 * * *", "DesiredCapacity": "2"}
    action = bench.make("AWS::AutoScaling::ScheduledAction", **given)
    bench.change(action, DesiredCapacity=3)
    found = autoscaling(bench).describe_scheduled_actions(AutoScalingGroupName=group.ref)["ScheduledUpdateGroupActions"]
    assert [(each["ScheduledActionName"], each["DesiredCapacity"]) for each in found] == [(action.ref, 3)]


HOOK = {"LifecycleHookName": "boot", "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING", "HeartbeatTimeout": "60"}


def test_hooks_of_a_group_are_made_changed_and_deleted_with_it(bench: Workbench, make_group: Callable[..., Made]) -> None:
    group = make_group(MinSize=0, LifecycleHookSpecificationList=[HOOK])
    assert hooks(bench, group) == {"boot": 60}
    drain = {"LifecycleHookName": "drain", "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING"}
    bench.change(group, LifecycleHookSpecificationList=[HOOK | {"HeartbeatTimeout": 90}, drain])
    assert hooks(bench, group) == {"boot": 90, "drain": 3600}
    bench.change(group, LifecycleHookSpecificationList=[drain])
    assert hooks(bench, group) == {"drain": 3600}


def test_a_hook_changes_and_goes(bench: Workbench, make_group: Callable[..., Made]) -> None:
    group = make_group(MinSize=0)
    given = {"AutoScalingGroupName": group.ref, "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING", "DefaultResult": "CONTINUE"}
    hook = bench.make("AWS::AutoScaling::LifecycleHook", **given)
    bench.change(hook, HeartbeatTimeout="120")
    assert hooks(bench, group) == {hook.ref: 120}
    bench.delete(hook)
    assert hooks(bench, group) == {}


def hooks(bench: Workbench, group: Made) -> dict[str, int]:
    """Name → heartbeat timeout, in seconds."""
    found = autoscaling(bench).describe_lifecycle_hooks(AutoScalingGroupName=group.ref)["LifecycleHooks"]
    return {each["LifecycleHookName"]: each["HeartbeatTimeout"] for each in found}


def test_what_belongs_to_a_group_is_gone_with_it(bench: Workbench, make_group: Callable[..., Made]) -> None:
    group = make_group(MinSize=0)
    step = {"AutoScalingGroupName": group.ref, "AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": 1}
    policy = bench.make("AWS::AutoScaling::ScalingPolicy", **step)
    bench.delete(group)
    bench.delete(policy)


def _vpc(bench: Workbench) -> str:
    found = bench.sandbox.client("ec2").describe_vpcs()["Vpcs"]
    return str(found[0]["VpcId"])
