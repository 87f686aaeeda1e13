"""Auto Scaling by its API: boto3 in process. What is refused, in AWS's words, and what the answers look like."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support import rule
from tests.support.ports import change_settings
from tests.support.services.autoscaling_stage import AMI, Stage, make

UNKNOWN = "i-0123456789abcdef0"
NO_GROUP_TO_RESIZE = "AutoScalingGroup name not found - null"
ONE_TEMPLATE = "Valid requests must contain either launchTemplateId or LaunchTemplateName"
NO_GROUP = "AutoScalingGroup name not found - AutoScalingGroup none not found"
NO_INSTANCE = f"Instance Id not found - No managed instance found for instance ID: {UNKNOWN}"
Request = Callable[[Stage], object]


@pytest.fixture
def stage() -> Stage:
    return make()


def refusal(request: Request, stage: Stage) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        request(stage)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def asg(operation: str, **parameters: Any) -> Request:
    return lambda stage: getattr(stage.asg, operation)(**parameters)


def of_web(operation: str, **parameters: Any) -> Request:
    return asg(operation, AutoScalingGroupName="web", **parameters)


def of_none(operation: str, **parameters: Any) -> Request:
    return asg(operation, AutoScalingGroupName="none", **parameters)


NOT_NEGATIVE = (
    "1 validation error detected: Value '{}' at '{}' failed to satisfy constraint: Member must have value greater than or equal to 0"
)

# ---- creating ----------------------------------------------------------------------------------------------------------------------------


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


# ---- refusals ----------------------------------------------------------------------------------------------------------------------------


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


# ---- launch configurations ---------------------------------------------------------------------------------------------------------------


@rule("ASG-17")
def test_a_launch_configuration_is_immutable_and_stays_while_it_is_used(stage: Stage) -> None:
    stage.group()
    code, message = refusal(lambda s: s.configuration(), stage)
    assert (code, message.startswith("Launch Configuration by this name already exists")) == ("AlreadyExists", True)
    assert refusal(asg("delete_launch_configuration", LaunchConfigurationName="lc"), stage)[0] == "ResourceInUse"
    assert refusal(asg("delete_launch_configuration", LaunchConfigurationName="none"), stage)[0] == "ValidationError"


@rule("ASG-15", "ASG-16")
def test_a_new_account_is_refused_launch_configurations() -> None:
    newcomer = make(launch_configurations="refused")
    text = (
        "The Launch Configuration creation operation is not available in your account."
        " Use launch templates to create configuration templates for your Auto Scaling groups."
    )
    assert ("UnsupportedOperation", text) == refusal(lambda s: s.configuration(), newcomer)


@rule("ASG-16")
def test_a_launch_configuration_is_created_with_a_note_that_new_accounts_are_refused(stage: Stage) -> None:
    stage.configuration()
    assert any("AWS refuses this to accounts created since 2024-10-01" in e.summary for e in stage.journal.about("lc"))


@rule("ASG-60")
def test_a_configuration_that_cannot_be_launched_is_found_at_the_launch(stage: Stage) -> None:
    wrong = {
        "ami": ({"ImageId": "ami-0bad0bad0bad0bad0"}, "The AMI ID ami-0bad0bad0bad0bad0 does not exist. Launching EC2 instance failed."),
        "key": ({"KeyName": "your-key-pair"}, "The key pair your-key-pair does not exist. Launching EC2 instance failed."),
        "sg": ({"SecurityGroups": ["your-group"]}, "The security group your-group does not exist. Launching EC2 instance failed."),
    }
    for name, (given, _) in wrong.items():
        stage.group(name, LaunchConfigurationName=stage.configuration(name, **given), DesiredCapacity=1)
    stage.wait(10)
    for name, (_, expected) in wrong.items():
        assert [("Failed", expected)] == [(a["StatusCode"], a["StatusMessage"]) for a in stage.activities(name)]


@rule("EC2-15", "ASG-60", "ASG-61")
@pytest.mark.parametrize("zones", [1, 3])
def test_a_group_gets_what_the_vCPU_quota_allows_and_the_rest_when_it_is_raised(zones: int) -> None:
    limited = make(vcpu_limit=6)  # three instances of two vCPUs
    limited.group(zones=zones, MinSize=1, MaxSize=8, DesiredCapacity=5)
    limited.wait(60)
    assert [m["LifecycleState"] for m in limited.described()["Instances"]] == ["InService"] * 3
    text = (
        "You have requested more vCPU capacity than your current vCPU limit of 6 allows for the instance bucket that the specified instance"
        " type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit."
        " Launching EC2 instance failed."
    )
    ended = [(a["StatusCode"], a.get("StatusMessage")) for a in limited.activities()]
    assert ended.count(("Successful", None)) == 3
    assert set(ended) == {("Successful", None), ("Failed", text)}
    change_settings(vcpu_limit=10)
    limited.wait(180)
    assert [m["LifecycleState"] for m in limited.described()["Instances"]] == ["InService"] * 5


def test_everything_that_a_configuration_says_reaches_the_instance(stage: Stage) -> None:
    stage.ec2.create_key_pair(KeyName="mine")
    vpc = stage.ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    group = stage.ec2.create_security_group(GroupName="open", Description="open", VpcId=vpc)["GroupId"]
    said = {"KeyName": "mine", "SecurityGroups": ["open"], "UserData": "#!/bin/bash\necho hello", "InstanceMonitoring": {"Enabled": True}}
    stage.ready(LaunchConfigurationName=stage.configuration("full", **said), DesiredCapacity=1)
    one = stage.instances()[0]
    instance = stage.ec2.describe_instances(InstanceIds=[one])["Reservations"][0]["Instances"][0]
    assert ("mine", [group], "enabled") == (
        instance["KeyName"],
        [g["GroupId"] for g in instance["SecurityGroups"]],
        instance["Monitoring"]["State"],
    )
    assert stage.world.machine(one).user_data == b"#!/bin/bash\necho hello"


# ---- members -----------------------------------------------------------------------------------------------------------------------------


@rule("ASG-69")
def test_a_user_terminates_a_member_with_or_without_its_place(stage: Stage) -> None:
    stage.ready(MinSize=2)
    terminate = stage.asg.terminate_instance_in_auto_scaling_group
    one, two = stage.instances()[:2]
    activity = terminate(InstanceId=one, ShouldDecrementDesiredCapacity=True)["Activity"]
    assert ("InProgress", 0, f"Terminating EC2 instance: {one}") == (activity["StatusCode"], activity["Progress"], activity["Description"])
    assert "EndTime" not in activity
    assert (
        f"At 2026-05-07T12:00:20Z instance {one} was taken out of service in response to a user request,"
        " shrinking the capacity from 3 to 2." == activity["Cause"]
    )
    assert stage.described()["DesiredCapacity"] == 2
    message = (
        "Currently, desiredSize equals minSize (2). Terminating instance without replacement will violate group's min size constraint."
        " Either set shouldDecrementDesiredCapacity flag to false or lower group's min size."
    )
    request = asg("terminate_instance_in_auto_scaling_group", InstanceId=two, ShouldDecrementDesiredCapacity=True)
    assert ("ValidationError", message) == refusal(request, stage)
    stage.wait(10)
    assert len(stage.instances(None)) == 2


@rule("ASG-45", "ASG-46", "ASG-54")
def test_a_user_s_verdict_respects_the_grace_period_unless_told_otherwise(stage: Stage) -> None:
    stage.ready(HealthCheckGracePeriod=600)
    one = stage.instances()[0]

    def health() -> str:
        found = stage.asg.describe_auto_scaling_instances(InstanceIds=[one])["AutoScalingInstances"]
        return str(found[0]["HealthStatus"])

    stage.asg.set_instance_health(InstanceId=one, HealthStatus="Unhealthy")
    assert health() == "HEALTHY"
    stage.asg.set_instance_health(InstanceId=one, HealthStatus="Unhealthy", ShouldRespectGracePeriod=False)
    assert health() == "UNHEALTHY"
    stage.asg.set_instance_health(InstanceId=one, HealthStatus="Healthy")
    stage.wait(60)
    assert one in stage.instances()
    bad = asg("set_instance_health", InstanceId=one, HealthStatus="Fine")
    assert refusal(bad, stage) == ("ValidationError", "Valid instance health states are: [Healthy, Unhealthy]")


@rule("ASG-81")
def test_describe_auto_scaling_instances_pages(stage: Stage) -> None:
    stage.ready()
    first = stage.asg.describe_auto_scaling_instances(MaxRecords=2)
    rest = stage.asg.describe_auto_scaling_instances(MaxRecords=2, NextToken=first["NextToken"])
    ids = [i["InstanceId"] for i in first["AutoScalingInstances"] + rest["AutoScalingInstances"]]
    assert (stage.instances(), False) == (ids, "NextToken" in rest)
    assert refusal(asg("describe_auto_scaling_instances", NextToken="what"), stage)[0] == "InvalidNextToken"


@rule("ASG-72")
def test_only_a_running_instance_of_nobody_within_max_can_be_attached(stage: Stage) -> None:
    stage.ready(MaxSize=3)
    member = stage.instances()[0]
    free = stage.ec2.run_instances(ImageId=AMI, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    assert "must be in 'running' state" in refusal(of_web("attach_instances", InstanceIds=[free]), stage)[1]
    stage.wait(5)
    assert "above max value 3" in refusal(of_web("attach_instances", InstanceIds=[free]), stage)[1]
    assert "already part of AutoScalingGroup:web" in refusal(of_web("attach_instances", InstanceIds=[member]), stage)[1]
    assert stage.described()["DesiredCapacity"] == 3


@rule("ASG-71", "ASG-73")
def test_neither_detachment_nor_standby_may_lower_desired_below_min(stage: Stage) -> None:
    stage.ready(MinSize=3)
    for operation in ("detach_instances", "enter_standby"):
        request = of_web(operation, InstanceIds=stage.instances()[:1], ShouldDecrementDesiredCapacity=True)
        assert refusal(request, stage)[0] == "ValidationError"
    assert len(stage.instances()) == 3


# ---- deleting ----------------------------------------------------------------------------------------------------------------------------


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


# ---- activities --------------------------------------------------------------------------------------------------------------------------


@rule("ASG-56")
def test_activities_are_told_open_ones_first_then_the_newest_in_pages_and_by_filter(stage: Stage) -> None:
    stage.ready()
    stage.asg.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=4)
    stage.wait(10)
    stage.asg.update_auto_scaling_group(AutoScalingGroupName="web", DefaultInstanceWarmup=600)
    stage.ec2.terminate_instances(InstanceIds=stage.instances()[:1])
    stage.wait(10)
    told = stage.activities()
    assert [a["StatusCode"] for a in told] == ["WaitingForInstanceWarmup"] + ["Successful"] * 5
    starts = [a["StartTime"] for a in told[1:]]
    assert sorted(starts, reverse=True) == starts
    first = stage.asg.describe_scaling_activities(AutoScalingGroupName="web", MaxRecords=4)
    rest = stage.asg.describe_scaling_activities(AutoScalingGroupName="web", MaxRecords=4, NextToken=first["NextToken"])
    assert told == first["Activities"] + rest["Activities"]
    assert told[:1] == stage.activities(Filters=[{"Name": "Status", "Values": ["WaitingForInstanceWarmup"]}])
    late = [{"Name": "StartTimeLowerBound", "Values": ["2026-05-07T12:00:25Z"]}]
    early = [{"Name": "StartTimeUpperBound", "Values": ["2026-05-07T12:00:24Z"]}]
    assert (told[:3], told[3:]) == (stage.activities(Filters=late), stage.activities(Filters=early))
    assert told[2:3] == stage.activities(ActivityIds=[told[2]["ActivityId"]])
    wrong = of_web("describe_scaling_activities", Filters=[{"Name": "Colour", "Values": ["red"]}])
    assert refusal(wrong, stage)[0] == "ValidationError"


@rule("ASG-3")
def test_honor_cooldown_refuses_while_the_group_cools_down(stage: Stage) -> None:
    stage.ready()
    cooling = of_web("set_desired_capacity", DesiredCapacity=4, HonorCooldown=True)
    code, message = refusal(cooling, stage)
    assert (code, message.endswith("is in progress and blocks this action")) == ("ScalingActivityInProgress", True)
    stage.wait(300)
    cooling(stage)
    assert stage.described()["DesiredCapacity"] == 4


# ---- processes ---------------------------------------------------------------------------------------------------------------------------


@rule("ASG-95")
def test_processes_are_suspended_one_by_one_or_all(stage: Stage) -> None:
    stage.group()
    stage.asg.suspend_processes(AutoScalingGroupName="web", ScalingProcesses=["Launch"])
    reason = {"ProcessName": "Launch", "SuspensionReason": "User suspended at 2026-05-07T12:00:00Z"}
    assert [reason] == stage.described()["SuspendedProcesses"]
    stage.asg.suspend_processes(AutoScalingGroupName="web")
    known = {p["ProcessName"] for p in stage.asg.describe_scaling_process_types()["Processes"]}
    assert (9, known) == (len(known), {p["ProcessName"] for p in stage.described()["SuspendedProcesses"]})
    stage.asg.resume_processes(AutoScalingGroupName="web")
    assert stage.described()["SuspendedProcesses"] == []
    assert refusal(of_web("suspend_processes", ScalingProcesses=["Sleep"]), stage)[0] == "ValidationError"


@rule("ASG-67")
def test_the_termination_policies_are_listed(stage: Stage) -> None:
    types = stage.asg.describe_termination_policy_types()["TerminationPolicyTypes"]
    assert {"Default", "OldestInstance", "NewestInstance", "OldestLaunchConfiguration", "OldestLaunchTemplate"} <= set(types)
    assert refusal(lambda s: s.group(TerminationPolicies=["Youngest"]), stage)[0] == "ValidationError"


@rule("ASG-61")
def test_a_repaired_configuration_is_tried_at_once(stage: Stage) -> None:
    stage.group(LaunchConfigurationName=stage.configuration("wrong", KeyName="your-key-pair"))
    stage.wait(300)
    assert {"Failed"} == {a["StatusCode"] for a in stage.activities()}
    stage.configuration("right")
    stage.asg.update_auto_scaling_group(AutoScalingGroupName="web", LaunchConfigurationName="right")
    stage.wait(5)
    assert len(stage.instances()) == 3


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
