"""How much Auto Scaling lets a user have, which words it uses for states, and which error codes it answers with."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError

from sandbox.services.autoscaling.activity_model import StatusCode
from sandbox.services.autoscaling.api.quotas import Quota
from sandbox.services.autoscaling.lifecycle_model import LifecycleState
from sandbox.services.autoscaling.model import Health
from sandbox.services.elbv2.model import TargetState
from tests.support import rule
from tests.support.services.autoscaling_stage import Stage
from tests.support.services.scaling_stage import ScalingStage, scaling

DOCUMENT = Path(__file__).parents[3] / "docs/aws-behaviour.md"
ALARM_TYPE = {"PolicyType": "SimpleScaling", "AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": 1}


@pytest.fixture
def stage() -> ScalingStage:
    return scaling()


def refusal(request: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        request()
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


# ---- quotas (ASG-10) ---------------------------------------------------------------------------------------------------------------------


def make_groups(stage: ScalingStage, numbers: Iterable[int]) -> None:
    source = "lc" if stage.asg.describe_launch_configurations()["LaunchConfigurations"] else stage.configuration()
    for n in numbers:
        stage.group(f"group-{n}", LaunchConfigurationName=source, MinSize=0, DesiredCapacity=0)


def make_configurations(stage: ScalingStage, numbers: Iterable[int]) -> None:
    for n in numbers:
        stage.configuration(f"configuration-{n}")


def make_policies(stage: ScalingStage, numbers: Iterable[int]) -> None:
    for n in numbers:
        stage.policy(f"policy-{n}", **ALARM_TYPE)


def make_actions(stage: ScalingStage, numbers: Iterable[int]) -> None:
    for n in numbers:
        at = stage.clock.now() + timedelta(hours=1, minutes=n)
        stage.asg.put_scheduled_update_group_action(
            AutoScalingGroupName="web", ScheduledActionName=f"action-{n}", StartTime=at, DesiredCapacity=1
        )


def make_topics(stage: ScalingStage, numbers: Iterable[int]) -> None:
    for n in numbers:
        arn = stage.sns.create_topic(Name=f"topic-{n}")["TopicArn"]
        types = ["autoscaling:EC2_INSTANCE_LAUNCH"]
        stage.asg.put_notification_configuration(AutoScalingGroupName="web", TopicARN=arn, NotificationTypes=types)


def make_attachments(stage: ScalingStage, numbers: Iterable[int]) -> None:
    vpc = stage.ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    for n in numbers:
        made = stage.elbv2.create_target_group(Name=f"tg-{n}", Protocol="HTTP", Port=80, VpcId=vpc)["TargetGroups"][0]["TargetGroupArn"]
        stage.asg.attach_load_balancer_target_groups(AutoScalingGroupName="web", TargetGroupARNs=[made])


@pytest.mark.parametrize(
    ("quota", "make"),
    [
        (Quota.GROUPS, make_groups),
        (Quota.CONFIGURATIONS, make_configurations),
        (Quota.POLICIES, make_policies),
        (Quota.SCHEDULED_ACTIONS, make_actions),
        (Quota.TOPICS, make_topics),
        (Quota.TARGET_GROUPS, make_attachments),
    ],
    ids=lambda value: value.name.lower() if isinstance(value, Quota) else "",
)
@rule("ASG-10", "ASG-8")
def test_the_last_within_the_quota_is_made_and_the_next_is_refused(
    quota: Quota, make: Callable[[ScalingStage, Iterable[int]], None], stage: ScalingStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    what, most, where = quota.value
    few = 4 if most > 10 else most
    monkeypatch.setattr(quota, "_value_", (what, few, where))  # so that 500 groups need not be made
    if quota not in (Quota.GROUPS, Quota.CONFIGURATIONS):
        stage.group(MinSize=0, DesiredCapacity=0)
    make(stage, range(few))
    code, text = refusal(lambda: make(stage, [few]))
    assert (code, text) == ("LimitExceeded", f"You have reached the quota of {few} {what} for {where}.")


@rule("ASG-10")
def test_quotas_are_those_of_a_new_account(stage: ScalingStage) -> None:
    limits = stage.asg.describe_account_limits()
    assert (limits["MaxNumberOfAutoScalingGroups"], limits["MaxNumberOfLaunchConfigurations"]) == (500, 200)
    assert {quota.name: quota.most for quota in Quota} == {
        "GROUPS": 500,
        "CONFIGURATIONS": 200,
        "POLICIES": 50,
        "SCHEDULED_ACTIONS": 125,
        "HOOKS": 50,
        "TARGET_GROUPS": 50,
        "TOPICS": 10,
    }


@pytest.mark.parametrize(
    ("operation", "given", "most", "what"),
    [
        ("attach_instances", {}, 20, "instance IDs"),
        ("detach_instances", {"ShouldDecrementDesiredCapacity": True}, 20, "instance IDs"),
        ("enter_standby", {"ShouldDecrementDesiredCapacity": True}, 20, "instance IDs"),
        ("exit_standby", {}, 20, "instance IDs"),
        ("set_instance_protection", {"ProtectedFromScaleIn": True}, 50, "instance IDs"),
    ],
)
@rule("ASG-10")
def test_a_call_names_so_many_instances_and_no_more(operation: str, given: dict[str, Any], most: int, what: str, stage: Stage) -> None:
    stage.group(MinSize=0, DesiredCapacity=0)

    def naming(count: int) -> tuple[str, str]:
        ids = [f"i-{n:017x}" for n in range(count)]
        return refusal(lambda: getattr(stage.asg, operation)(AutoScalingGroupName="web", InstanceIds=ids, **given))

    assert naming(most + 1) == ("ValidationError", f"The number of {what} must not exceed {most}.")
    assert naming(most)[1] != f"The number of {what} must not exceed {most}."  # it is that there are none


@rule("ASG-10")
def test_a_call_names_ten_target_groups_and_no_more(stage: ScalingStage) -> None:
    stage.group(MinSize=0, DesiredCapacity=0)
    arns = [f"arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/tg-{n}/0123456789abcdef" for n in range(11)]
    request = {"AutoScalingGroupName": "web", "TargetGroupARNs": arns}
    expected = ("ValidationError", "The number of target groups must not exceed 10.")
    assert refusal(lambda: stage.asg.attach_load_balancer_target_groups(**request)) == expected


# ---- error codes (ASG-8) -----------------------------------------------------------------------------------------------------------------


@rule("ASG-8")
def test_each_refusal_has_its_code(stage: ScalingStage) -> None:
    stage.ready()
    name = {"AutoScalingGroupName": "web"}
    asked = {
        "InvalidNextToken": lambda: stage.asg.describe_auto_scaling_groups(NextToken="no token"),
        "ResourceInUse": lambda: stage.asg.delete_auto_scaling_group(**name),
        "AlreadyExists": lambda: stage.group(LaunchConfigurationName="lc"),
        "ScalingActivityInProgress": lambda: stage.asg.set_desired_capacity(**name, DesiredCapacity=4, HonorCooldown=True),
    }
    assert {code: refusal(request)[0] for code, request in asked.items()} == {code: code for code in asked}


# ---- words -------------------------------------------------------------------------------------------------------------------------------


def documented(rule_id: str) -> set[str]:
    """The first list in backquotes of the rule."""
    line = next(line for line in DOCUMENT.read_text().splitlines() if line.startswith(f"- **{rule_id}**"))
    return set(line.split("`")[1].split())


def of_aws(service: str, shape: str) -> set[str]:
    """AWS's own list, as botocore has it."""
    return set(botocore.session.get_session().get_service_model(service).shape_for(shape).enum)


OBSERVED = {"MidTerminatingLifecycleAction"}  # ASG-59: AWS returns it, and its own list lacks it


@pytest.mark.parametrize(
    ("rule_id", "shape", "ours"),
    [
        pytest.param("ASG-55", "ScalingActivityStatusCode", StatusCode, marks=rule("ASG-55")),
        pytest.param("ASG-78", "LifecycleState", LifecycleState, marks=rule("ASG-78")),
    ],
)
def test_states_have_aws_s_names_and_the_document_lists_them_all(rule_id: str, shape: str, ours: type[Enum]) -> None:
    assert documented(rule_id) == of_aws("autoscaling", shape)
    assert {member.value for member in ours} - OBSERVED <= of_aws("autoscaling", shape)


@rule("TG-10")
def test_target_states_have_aws_s_names_but_that_of_network_load_balancers() -> None:
    assert {state.value for state in TargetState} == of_aws("elbv2", "TargetHealthStateEnum") - {"unhealthy.draining"}


@rule("ASG-55")
def test_activities_are_found_by_their_status(stage: ScalingStage) -> None:
    stage.ready()

    def found(status: str) -> int:
        return len(stage.activities(Filters=[{"Name": "Status", "Values": [status]}]))

    assert {status for status in of_aws("autoscaling", "ScalingActivityStatusCode") if found(status)} == {"Successful"}


# ---- health (ASG-40) ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("EC2", None),
        ("ELB", None),
        ("EC2,ELB", None),
        ("ELB,EC2", None),
        ("EC2,EBS", "NotImplemented"),
        ("VPC_LATTICE", "NotImplemented"),
        ("elb", "ValidationError"),
        ("EC2,PING", "ValidationError"),
    ],
)
@rule("ASG-40")
def test_health_check_types_are_a_list_of_four_of_which_two_have_something_behind_them(
    given: str, expected: str | None, stage: ScalingStage
) -> None:
    request = {"MinSize": 0, "DesiredCapacity": 0, "HealthCheckType": given}
    if expected:
        assert refusal(lambda: stage.group(**request))[0] == expected
        return
    stage.group(**request)
    assert stage.described()["HealthCheckType"] == given


@pytest.mark.parametrize("kind", ["EC2", "ELB"])
@rule("ASG-40", "ASG-41")
def test_every_instance_starts_healthy_and_ec2_s_check_is_always_on(kind: str, stage: ScalingStage) -> None:
    stage.group(HealthCheckType=kind, TargetGroupARNs=[stage.target_group()] if kind == "ELB" else [])
    seen = set()
    for _ in range(20):
        stage.wait(0.5)
        seen |= {(i["LifecycleState"], i["HealthStatus"]) for i in stage.described()["Instances"]}
    assert seen == {("Pending", "Healthy"), ("InService", "Healthy")}
    victim = stage.instances()[0]
    stage.ec2.stop_instances(InstanceIds=[victim])
    stage.wait(5)
    assert victim not in stage.instances()
    assert {health.value for health in Health} == {"Healthy", "Unhealthy"}
