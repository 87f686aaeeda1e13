"""What holds for all operations of Auto Scaling: tags, filters, pages; features without any of their objects; traffic
sources; and that a refused call changes nothing.
"""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support import rule
from tests.support.aws import SCOPE
from tests.support.services.autoscaling_stage import AMI, Stage, make

NO_GROUP = ("ValidationError", "AutoScalingGroup name not found - AutoScalingGroup none not found")


@pytest.fixture
def stage() -> Stage:
    return make()


def refusal(call: Callable[..., object], **parameters: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def tag(key: str = "team", group: str = "web", **more: Any) -> dict[str, Any]:
    return {"ResourceId": group, "ResourceType": "auto-scaling-group", "Key": key, "Value": "a", "PropagateAtLaunch": False} | more


def state(stage: Stage) -> Any:
    return [
        stage.asg.describe_auto_scaling_groups()["AutoScalingGroups"],
        stage.asg.describe_launch_configurations()["LaunchConfigurations"],
    ]


# ---- a refused call changes nothing ------------------------------------------------------------------------------------------------------

GROUP = {"MinSize": 0, "MaxSize": 1, "AutoScalingGroupName": "new", "LaunchConfigurationName": "lc", "AvailabilityZones": ["us-east-1a"]}
UNKNOWN_TG = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/none/0123456789abcdef"
WEB = {"AutoScalingGroupName": "web"}
NEW = {"MinSize": 0, "MaxSize": 1, "AutoScalingGroupName": "new"}
BY_TWO = {"InstanceIds": ["MEMBER", "i-1"], "ShouldDecrementDesiredCapacity": True}
REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "tag with a long key": ("create_auto_scaling_group", GROUP | {"Tags": [{"Key": "k" * 129, "Value": "a"}]}),
    "tag twice": ("create_auto_scaling_group", GROUP | {"Tags": [{"Key": "a"}, {"Key": "a"}]}),
    "tag of another group": ("create_auto_scaling_group", GROUP | {"Tags": [tag(group="web")]}),
    "51 tags": ("create_auto_scaling_group", GROUP | {"Tags": [{"Key": f"k{n}"} for n in range(51)]}),
    "no zone": ("create_auto_scaling_group", NEW | {"LaunchConfigurationName": "lc"}),
    "unknown instance as the source": ("create_auto_scaling_group", NEW | {"InstanceId": "i-0123456789abcdef0"}),
    "zones of an instance that are not those of the subnets": (
        "create_auto_scaling_group",
        NEW | {"InstanceId": "MEMBER", "AvailabilityZones": ["us-east-1f"], "VPCZoneIdentifier": "SUBNET"},
    ),
    "tags of a known and an unknown group": ("create_or_update_tags", {"Tags": [tag(), tag(group="none")]}),
    "tag of another type": ("create_or_update_tags", {"Tags": [tag(ResourceType="instance")]}),
    "delete tags of a known and an unknown group": ("delete_tags", {"Tags": [tag("old"), tag(group="none")]}),
    "known and unknown target group": ("attach_load_balancer_target_groups", WEB | {"TargetGroupARNs": ["KNOWN", UNKNOWN_TG]}),
    "attached and other target group": ("detach_load_balancer_target_groups", WEB | {"TargetGroupARNs": ["ATTACHED", UNKNOWN_TG]}),
    "known and unknown traffic source": (
        "attach_traffic_sources",
        WEB | {"TrafficSources": [{"Identifier": "KNOWN"}, {"Identifier": UNKNOWN_TG}]},
    ),
    "zones that are not those of the subnets": ("update_auto_scaling_group", WEB | {"MaxSize": 9, "AvailabilityZones": ["us-east-1f"]}),
    "unknown subnet": ("update_auto_scaling_group", WEB | {"MaxSize": 9, "VPCZoneIdentifier": "subnet-1"}),
    "unknown template": ("update_auto_scaling_group", WEB | {"MaxSize": 9, "LaunchTemplate": {"LaunchTemplateName": "none"}}),
    "unknown policy": ("update_auto_scaling_group", WEB | {"MaxSize": 9, "TerminationPolicies": ["Best"]}),
    "known and unknown process": ("suspend_processes", WEB | {"ScalingProcesses": ["Launch", "Sleep"]}),
    "known and unknown metric": ("enable_metrics_collection", WEB | {"Granularity": "1Minute", "Metrics": ["GroupMinSize", "Best"]}),
    "member and stranger protected": ("set_instance_protection", WEB | {"InstanceIds": ["MEMBER", "i-1"], "ProtectedFromScaleIn": True}),
    "member and stranger detached": ("detach_instances", WEB | BY_TWO),
    "member and stranger in standby": ("enter_standby", WEB | BY_TWO),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refused_call_changes_nothing(stage: Stage, case: str) -> None:
    operation, given = REFUSED[case]
    attached, known = stage.target_group("attached"), stage.target_group("known")
    stage.ready(zones=1, MinSize=0, DesiredCapacity=1, Tags=[tag("old")], TargetGroupARNs=[attached])
    named = {"ATTACHED": attached, "KNOWN": known, "MEMBER": stage.instances()[0], "SUBNET": stage.subnets(1)["us-east-1a"]}
    before = state(stage)
    assert refusal(getattr(stage.asg, operation), **filled(given, named))[0] in ("ValidationError", "LimitExceeded")
    assert state(stage) == before


def filled(given: Any, named: dict[str, str]) -> Any:
    if isinstance(given, dict):
        return {name: filled(value, named) for name, value in given.items()}
    return [filled(each, named) for each in given] if isinstance(given, list) else named.get(given, given)


# ---- tags, filters ---------------------------------------------------------------------------------------------------------------------


def test_an_empty_placement_group_removes_it(stage: Stage) -> None:
    stage.group(DesiredCapacity=1, PlacementGroup="near")
    before = stage.described()
    stage.asg.update_auto_scaling_group(**WEB, PlacementGroup="")
    assert before.pop("PlacementGroup") == "near"
    assert stage.described() == before


@rule("ASG-122")
def test_tags_are_complete_and_found_by_filters(stage: Stage) -> None:
    stage.group(DesiredCapacity=1, Tags=[{"Key": "Name", "Value": "web", "PropagateAtLaunch": True}, {"Key": "team"}])
    stage.group("other", DesiredCapacity=1, Tags=[tag(group="other")], LaunchConfigurationName="lc")
    stage.asg.create_or_update_tags(Tags=[tag(Value="b")])
    name, team = tag("Name", Value="web", PropagateAtLaunch=True), tag(Value="b")
    assert stage.described()["Tags"] == [name, team]

    def found(**filters: list[str]) -> list[dict[str, Any]]:
        given = [{"Name": each.replace("_", "-"), "Values": values} for each, values in filters.items()]
        tags: list[dict[str, Any]] = stage.asg.describe_tags(Filters=given)["Tags"]
        return tags

    assert found() == [name, team, tag(group="other")]
    assert found(propagate_at_launch=["true"]) == found(propagate_at_launch=["True"]) == [name]
    assert found(auto_scaling_group=["web"], key=["team", "x"]) == [team]
    assert found(value=["a"]) == [tag(group="other")]
    stage.asg.delete_tags(Tags=[tag("none"), team])
    assert stage.described()["Tags"] == [name]


@rule("ASG-123")
def test_groups_are_found_by_tags_and_an_unknown_filter_is_refused(stage: Stage) -> None:
    stage.group(DesiredCapacity=1, Tags=[tag()])
    for name, values, count in (("tag-key", ["team"], 1), ("tag-value", ["b"], 0), ("tag:team", ["a", "b"], 1), ("tag:none", ["a"], 0)):
        found = stage.asg.describe_auto_scaling_groups(Filters=[{"Name": name, "Values": values}])["AutoScalingGroups"]
        assert len(found) == count
    unknown = [{"Name": "name", "Values": ["web"]}]
    assert refusal(stage.asg.describe_auto_scaling_groups, Filters=unknown)[0] == "ValidationError"
    assert refusal(stage.asg.describe_tags, Filters=unknown)[0] == "ValidationError"


def test_groups_are_described_without_their_members(stage: Stage) -> None:
    stage.ready()
    shown = stage.described()
    (without,) = stage.asg.describe_auto_scaling_groups(IncludeInstances=False)["AutoScalingGroups"]
    assert without == shown | {"Instances": []} and len(shown["Instances"]) == 3 == len(stage.instances())


def test_a_launch_configuration_keeps_its_tenancy(stage: Stage) -> None:
    stage.configuration(PlacementTenancy="default")
    assert stage.asg.describe_launch_configurations()["LaunchConfigurations"][0]["PlacementTenancy"] == "default"
    given = {"ImageId": AMI, "InstanceType": "t3.micro", "PlacementTenancy": "dedicated"}
    assert refusal(stage.asg.create_launch_configuration, LaunchConfigurationName="own", **given)[0] == "NotImplemented"


# ---- pages -------------------------------------------------------------------------------------------------------------------------------

PAGED = {
    "describe_auto_scaling_groups": {},
    "describe_auto_scaling_instances": {},
    "describe_launch_configurations": {},
    "describe_load_balancer_target_groups": WEB,
    "describe_notification_configurations": {},
    "describe_policies": {},
    "describe_scaling_activities": {},
    "describe_scheduled_actions": {},
    "describe_tags": {},
    "describe_traffic_sources": WEB,
}
EMPTY = {
    "describe_account_limits": {},
    "describe_instance_refreshes": WEB,
    "describe_load_balancers": WEB,
    "describe_lifecycle_hooks": WEB,
    "describe_warm_pool": WEB,
}


@pytest.fixture(scope="module")
def full() -> Stage:
    """Three of everything that can be described in pages."""
    stage = make()
    groups = [stage.target_group(f"tg-{n}") for n in range(3)]
    stage.ready(Tags=[tag(f"k{n}") for n in range(3)], TargetGroupARNs=groups)
    for n in range(3):
        stage.configuration(f"lc-{n}")
        stage.group(f"g{n}", LaunchConfigurationName="lc", MinSize=0, DesiredCapacity=0)
        step = {"AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": 1}
        stage.asg.put_scaling_policy(**WEB, PolicyName=f"p{n}", **step)
        stage.asg.put_scheduled_update_group_action(**WEB, ScheduledActionName=f"s{n}", MinSize=1, Recurrence=f"{n} 1 * * *")
        topic = stage.transport.client("sns", SCOPE).create_topic(Name=f"t{n}")["TopicArn"]
        stage.asg.put_notification_configuration(**WEB, TopicARN=topic, NotificationTypes=["autoscaling:EC2_INSTANCE_LAUNCH"])
    return stage


@rule("ASG-123")
@pytest.mark.parametrize("operation", PAGED)
def test_pages_hold_each_item_once(full: Stage, operation: str) -> None:
    of = PAGED[operation]
    everything = getattr(full.asg, operation)(**of)
    (name,) = {key for key in everything if key not in ("NextToken", "ResponseMetadata")}
    pages: list[Any] = [getattr(full.asg, operation)(**of, MaxRecords=2)]
    while token := pages[-1].get("NextToken"):
        pages.append(getattr(full.asg, operation)(**of, MaxRecords=2, NextToken=token))
    assert [item for page in pages for item in page[name]] == everything[name]
    assert len(everything[name]) >= 3 and [len(page[name]) for page in pages[:-1]] == [2] * (len(pages) - 1)
    if full.asg.can_paginate(operation):
        found = full.asg.get_paginator(operation).paginate(**of, PaginationConfig={"PageSize": 2}).build_full_result()
        assert found[name] == everything[name]
    for wrong in ({"MaxRecords": 0}, {"MaxRecords": 101}, {"NextToken": "none"}):
        assert refusal(getattr(full.asg, operation), **of, **wrong)[0] in ("ValidationError", "InvalidNextToken")


# ---- features that a group does not have -------------------------------------------------------------------------------------------------


@rule("ASG-124")
@pytest.mark.parametrize("operation", [name for name, of in EMPTY.items() if of])
def test_a_group_without_any_has_an_empty_list_and_an_unknown_group_is_an_error(full: Stage, operation: str) -> None:
    found = getattr(full.asg, operation)(**WEB)
    assert [value for key, value in found.items() if key != "ResponseMetadata"] == [[]]
    assert refusal(getattr(full.asg, operation), AutoScalingGroupName="none") == NO_GROUP


NOTHING_TO_REMOVE = {
    "delete_lifecycle_hook": ({"LifecycleHookName": "h"}, "ValidationError"),
    "delete_warm_pool": ({}, "ValidationError"),
    "cancel_instance_refresh": ({}, "ActiveInstanceRefreshNotFound"),
    "detach_load_balancers": ({"LoadBalancerNames": ["classic"]}, "ValidationError"),
    "detach_traffic_sources": ({"TrafficSources": [{"Identifier": UNKNOWN_TG}]}, "ValidationError"),
}


@rule("ASG-124")
@pytest.mark.parametrize("operation", NOTHING_TO_REMOVE)
def test_what_a_group_does_not_have_cannot_be_removed(full: Stage, operation: str) -> None:
    parameters, code = NOTHING_TO_REMOVE[operation]
    assert refusal(getattr(full.asg, operation), **WEB, **parameters)[0] == code
    assert refusal(getattr(full.asg, operation), AutoScalingGroupName="none", **parameters) == NO_GROUP


def test_the_types_of_lifecycle_hooks_are_known(full: Stage) -> None:
    assert len(full.asg.describe_lifecycle_hook_types()["LifecycleHookTypes"]) == 2


# ---- traffic sources ---------------------------------------------------------------------------------------------------------------------


def sources(stage: Stage, **more: Any) -> dict[str, str]:
    found = stage.asg.describe_traffic_sources(**WEB, **more)["TrafficSources"]
    assert all(each["TrafficSource"] == each["Identifier"] and each["Type"] == "elbv2" for each in found)
    return {each["Identifier"]: each["State"] for each in found}


@rule("ASG-125")
def test_traffic_sources_are_the_target_groups_of_a_group(stage: Stage) -> None:
    first, second = stage.target_group("first", delay=0), stage.target_group("second", delay=0)
    stage.ready(TrafficSources=[{"Identifier": first, "Type": "elbv2"}])
    assert (stage.described()["TargetGroupARNs"], sources(stage)) == ([first], {first: "InService"})
    stage.asg.attach_traffic_sources(**WEB, TrafficSources=[{"Identifier": second}])
    assert sources(stage)[second] == "Adding"
    stage.wait(60)
    assert sources(stage) == {first: "InService", second: "InService"} == sources(stage, TrafficSourceType="elbv2")
    assert sources(stage, TrafficSourceType="elb") == {} and set(stage.health(second)) == set(stage.instances())
    assert stage.described()["TrafficSources"] == [{"Identifier": arn, "Type": "elbv2"} for arn in (first, second)]
    stage.asg.detach_traffic_sources(**WEB, TrafficSources=[{"Identifier": first, "Type": "elbv2"}])
    stage.wait(60)
    assert (stage.described()["TargetGroupARNs"], stage.health(first), sources(stage)) == ([second], {}, {second: "InService"})


def test_other_kinds_of_traffic_sources_are_refused(stage: Stage) -> None:
    stage.group(DesiredCapacity=1)
    for kind in ("elb", "vpc-lattice"):
        given = [{"Identifier": "classic", "Type": kind}]
        assert refusal(stage.asg.attach_traffic_sources, **WEB, TrafficSources=given)[0] == "NotImplemented"
    given = [{"Identifier": stage.target_group(), "Type": "alb"}]
    assert refusal(stage.asg.attach_traffic_sources, **WEB, TrafficSources=given)[0] == "ValidationError"
    both = GROUP | {"TrafficSources": [{"Identifier": UNKNOWN_TG}], "TargetGroupARNs": [UNKNOWN_TG]}
    assert refusal(stage.asg.create_auto_scaling_group, **both)[0] == "ValidationError"


# ---- policies ----------------------------------------------------------------------------------------------------------------------------


@rule("SCL-37")
@pytest.mark.parametrize("kind", ["TargetTrackingScaling", "StepScaling", "SimpleScaling"])
def test_a_number_of_another_type_of_policy_that_is_zero_is_as_if_absent(stage: Stage, kind: str) -> None:
    stage.group(DesiredCapacity=1)
    metric = {"PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"}, "TargetValue": 50.0}
    given: dict[str, Any] = {
        "TargetTrackingScaling": {
            "TargetTrackingConfiguration": metric,
            "Cooldown": 0,
            "MinAdjustmentMagnitude": 0,
            "ScalingAdjustment": 0,
        },
        "StepScaling": {
            "AdjustmentType": "ChangeInCapacity",
            "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}],
            "Cooldown": 0,
            "MinAdjustmentMagnitude": 0,
        },
        "SimpleScaling": {"AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": 1, "EstimatedInstanceWarmup": 0, "Cooldown": 0},
    }[kind]
    stage.asg.put_scaling_policy(**WEB, PolicyName="p", PolicyType=kind, **given)
    (policy,) = stage.asg.describe_policies(**WEB)["ScalingPolicies"]
    assert policy["PolicyType"] == kind
    assert policy.get("Cooldown") == (0 if kind == "SimpleScaling" else None)


# ---- health ------------------------------------------------------------------------------------------------------------------------------


@rule("ASG-121")
@pytest.mark.parametrize(("health_check", "replaced"), [("ELB", True), ("EC2", False)])
def test_a_member_that_others_deregistered_is_replaced_when_it_has_drained(stage: Stage, health_check: str, replaced: bool) -> None:
    arn = stage.target_group(delay=60, interval=10)
    stage.ready(TargetGroupARNs=[arn], HealthCheckType=health_check)
    stage.wait(30)
    leaving = stage.instances()[0]
    stage.elbv2.deregister_targets(TargetGroupArn=arn, Targets=[{"Id": leaving}])
    stage.wait(50)
    assert leaving in stage.instances()
    stage.wait(120)
    assert (leaving not in stage.instances()) is replaced
    assert len(stage.instances()) == 3 and (len(stage.health(arn)) == 3) is replaced
    causes = [activity["Cause"] for activity in stage.activities() if "Terminating" in activity["Description"]]
    assert ["an ELB system health check failure" in cause for cause in causes] == [True] * replaced


@rule("ASG-121")
def test_a_member_that_was_never_registered_by_the_group_is_not_unhealthy(stage: Stage) -> None:
    arn = stage.target_group(interval=10)
    stage.ready(TargetGroupARNs=[arn], HealthCheckType="ELB")
    stage.wait(30)
    stage.asg.suspend_processes(**WEB, ScalingProcesses=["AddToLoadBalancer"])
    stage.asg.set_desired_capacity(**WEB, DesiredCapacity=4)
    stage.wait(300)
    assert len(stage.instances()) == 4 and len(stage.health(arn)) == 3


def test_a_member_in_standby_is_registered_again_and_stays(stage: Stage) -> None:
    arn = stage.target_group(delay=10, interval=10)
    stage.ready(TargetGroupARNs=[arn], HealthCheckType="ELB")
    stage.wait(30)
    one = stage.instances()[0]
    stage.asg.enter_standby(**WEB, InstanceIds=[one], ShouldDecrementDesiredCapacity=True)
    stage.wait(120)
    stage.asg.exit_standby(**WEB, InstanceIds=[one])
    stage.wait(120)
    assert one in stage.instances() and stage.health(arn)[one] == "healthy"


# ---- updates -----------------------------------------------------------------------------------------------------------------------------


@rule("ASG-7")
def test_every_setting_that_an_update_names_is_returned_as_given_and_the_others_stay(stage: Stage) -> None:
    stage.group(DesiredCapacity=1, Tags=[tag()], TargetGroupARNs=[stage.target_group()])
    for n in (1, 2):
        data = {"ImageId": AMI, "InstanceType": "t3.micro", "KeyName": f"key-{n}"}
        if n == 1:
            stage.ec2.create_launch_template(LaunchTemplateName="shop", LaunchTemplateData=data)
        else:
            stage.ec2.create_launch_template_version(LaunchTemplateName="shop", LaunchTemplateData=data)
    stage.asg.update_auto_scaling_group(**WEB, LaunchTemplate={"LaunchTemplateName": "shop", "Version": "1"})
    changes: dict[str, Any] = {
        "MinSize": 0,
        "MaxSize": 8,
        "DesiredCapacity": 2,
        "DefaultCooldown": 0,
        "DefaultInstanceWarmup": 0,
        "HealthCheckGracePeriod": 0,
        "HealthCheckType": "ELB",
        "TerminationPolicies": ["NewestInstance"],
        "NewInstancesProtectedFromScaleIn": True,
        "CapacityRebalance": True,
        "PlacementGroup": "near",
        "ServiceLinkedRoleARN": "arn:aws:iam::123456789012:role/aws-service-role/autoscaling.amazonaws.com/Mine",
        "Context": "c",
        "VPCZoneIdentifier": stage.subnets(1)["us-east-1a"],
        "AvailabilityZoneDistribution": {"CapacityDistributionStrategy": "balanced-only"},
    }
    for name, value in changes.items():
        before = stage.described()
        stage.asg.update_auto_scaling_group(**WEB, **{name: value})
        moved = {"AvailabilityZones": ["us-east-1a"]} if name == "VPCZoneIdentifier" else {}
        assert stage.described() == before | moved | {name: value}
    stage.asg.update_auto_scaling_group(**WEB, LaunchTemplate={"LaunchTemplateName": "shop", "Version": "$Latest"})
    assert stage.described()["LaunchTemplate"]["Version"] == "$Latest"
    assert changes.items() <= stage.described().items()
