"""Instance refreshes by the API: what is accepted and shown, what is refused in AWS's words."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support import rule
from tests.support.services.autoscaling_stage import AMI, HERE, Stage, make

NO_GROUP = "AutoScalingGroup name not found - AutoScalingGroup none not found"
IN_PROGRESS = "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh."
NONE_ACTIVE = "No in progress or pending Instance Refresh found for Auto Scaling group web"
VERSION_2 = {"LaunchTemplate": {"LaunchTemplateName": "web", "Version": "2"}}


@pytest.fixture
def stage() -> Stage:
    """A group of three instances of version 1 of a template that has two versions."""
    made = make()
    made.ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData={"ImageId": AMI, "InstanceType": "t3.micro"})
    changed = {"InstanceType": "t3.small"}
    made.ec2.create_launch_template_version(LaunchTemplateName="web", SourceVersion="1", LaunchTemplateData=changed)
    made.ready(LaunchTemplate={"LaunchTemplateName": "web", "Version": "1"}, HealthCheckGracePeriod=120)
    return made


def refusal(call: Callable[..., object], **parameters: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def start(stage: Stage, **given: Any) -> str:
    return str(stage.asg.start_instance_refresh(AutoScalingGroupName="web", **given)["InstanceRefreshId"])


def refreshes(stage: Stage, **given: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stage.asg.describe_instance_refreshes(AutoScalingGroupName="web", **given)["InstanceRefreshes"]
    return found


# ---- starting ----------------------------------------------------------------------------------------------------------------------------


@rule("ASG-100", "ASG-101")
def test_a_refresh_has_awss_defaults(stage: Stage) -> None:
    identifier = start(stage)
    [found] = refreshes(stage)
    assert (found["InstanceRefreshId"], found["Status"], found["Strategy"]) == (identifier, "Pending", "Rolling")
    assert (found["PercentageComplete"], found["InstancesToUpdate"]) == (0, 3)
    assert not {"EndTime", "StatusReason", "DesiredConfiguration", "RollbackDetails"} & found.keys()
    assert found["Preferences"] == {
        "MinHealthyPercentage": 90,
        "InstanceWarmup": 120,  # the health check grace period
        "SkipMatching": False,
        "AutoRollback": False,
        "ScaleInProtectedInstances": "Wait",
        "StandbyInstances": "Wait",
    }


@rule("ASG-101")
def test_the_default_warmup_comes_before_the_grace_period(stage: Stage) -> None:
    stage.asg.update_auto_scaling_group(AutoScalingGroupName="web", DefaultInstanceWarmup=0)
    start(stage)
    assert refreshes(stage)[0]["Preferences"]["InstanceWarmup"] == 0


@rule("ASG-101")
def test_preferences_are_shown_as_they_were_given(stage: Stage) -> None:
    given = {
        "MinHealthyPercentage": 50,
        "MaxHealthyPercentage": 150,
        "InstanceWarmup": 10,
        "CheckpointPercentages": [20, 100],
        "CheckpointDelay": 60,
        "SkipMatching": True,
        "AutoRollback": True,
        "ScaleInProtectedInstances": "Ignore",
        "StandbyInstances": "Terminate",
        "BakeTime": 30,
    }
    start(stage, Preferences=given, DesiredConfiguration=VERSION_2)
    [found] = refreshes(stage)
    assert found["Preferences"] == given
    assert found["DesiredConfiguration"]["LaunchTemplate"].items() >= VERSION_2["LaunchTemplate"].items()


def test_an_empty_group_is_refreshed_at_once(stage: Stage) -> None:
    stage.asg.update_auto_scaling_group(AutoScalingGroupName="web", MinSize=0, DesiredCapacity=0)
    stage.wait(60)
    start(stage)
    stage.wait(1)
    [found] = refreshes(stage)
    assert (found["Status"], found["PercentageComplete"]) == ("Successful", 100)


SSM = (
    "The launch template for the desired configuration isn't valid. A launch template that uses an SSM parameter instead of an AMI ID for"
    " ImageId is not supported when a desired configuration is specified. To use this launch template, you must add it to the Auto Scaling"
    " group before starting an instance refresh."
)
ROLLBACK = (
    "The request isn't valid. The AutoRollback parameter cannot be set to true when the DesiredConfiguration parameter is empty."
    " Set AutoRollback to false or specify a desired configuration and try again."
)
ORDER = "CheckpointPercentages must be unique values from 1 to 100 in ascending order."


@rule("ASG-101", "ASG-104", "ASG-5")
@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        ({"AutoScalingGroupName": "none"}, "ValidationError", NO_GROUP),
        ({"Preferences": {"AutoRollback": True}}, "ValidationError", ROLLBACK),
        (
            {"Preferences": {"MaxHealthyPercentage": 110}},
            "ValidationError",
            "MinHealthyPercentage must be specified together with MaxHealthyPercentage.",
        ),
        (
            {"Preferences": {"MinHealthyPercentage": 50, "MaxHealthyPercentage": 151}},
            "ValidationError",
            "The difference between MinHealthyPercentage and MaxHealthyPercentage cannot be greater than 100.",
        ),
        ({"Preferences": {"CheckpointPercentages": [50, 20]}}, "ValidationError", ORDER),
        ({"Preferences": {"CheckpointPercentages": [20, 20]}}, "ValidationError", ORDER),
        ({"Preferences": {"CheckpointPercentages": [50, 101]}}, "ValidationError", None),
        (
            {"Preferences": {"CheckpointDelay": 60}},
            "ValidationError",
            "CheckpointDelay can be specified only together with CheckpointPercentages.",
        ),
        ({"Preferences": {"MinHealthyPercentage": 101}}, "ValidationError", None),
        ({"Preferences": {"StandbyInstances": "Kill"}}, "ValidationError", None),
        (
            {"Preferences": {"AlarmSpecification": {"Alarms": ["none"]}}},
            "ValidationError",
            "The CloudWatch alarm none does not exist.",
        ),
        (
            {"Preferences": {"AlarmSpecification": {"Alarms": [f"a{n}" for n in range(11)]}}},
            "ValidationError",
            "AlarmSpecification can have at most 10 alarms.",
        ),
        (
            {"DesiredConfiguration": {}},
            None,
            None,
        ),
        (
            {"DesiredConfiguration": {"LaunchTemplate": {"LaunchTemplateName": "none"}}},
            "ValidationError",
            None,
        ),
        ({"DesiredConfiguration": {"LaunchTemplate": {"LaunchTemplateName": "ssm"}}}, "ValidationError", SSM),
        (
            {"DesiredConfiguration": {"MixedInstancesPolicy": {"LaunchTemplate": {"Overrides": [{"InstanceType": "t3.small"}]}}}},
            "NotImplemented",
            None,
        ),
        ({"Strategy": "ReplaceRootVolume"}, "NotImplemented", None),
    ],
)
def test_a_refresh_that_cannot_be_is_refused_and_changes_nothing(
    given: dict[str, Any], code: str | None, message: str | None, stage: Stage
) -> None:
    data = {"ImageId": "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64", "InstanceType": "t3.micro"}
    stage.ec2.create_launch_template(LaunchTemplateName="ssm", LaunchTemplateData=data)
    asked = {"AutoScalingGroupName": "web"} | given
    if code is None:
        stage.asg.start_instance_refresh(**asked)
        return
    found = refusal(stage.asg.start_instance_refresh, **asked)
    assert found[0] == code and message in (None, found[1])
    assert refreshes(stage) == []


@rule("ASG-104")
@pytest.mark.parametrize("version", ["$Latest", "$Default"])
def test_a_group_without_a_numbered_version_cannot_be_rolled_back(version: str, stage: Stage) -> None:
    template = {"LaunchTemplateName": "web", "Version": version}
    stage.asg.update_auto_scaling_group(AutoScalingGroupName="web", LaunchTemplate=template)
    refused = refusal(lambda: start(stage, Preferences={"AutoRollback": True}, DesiredConfiguration=VERSION_2))
    assert refused[0] == "ValidationError" and version in refused[1]
    start(stage, DesiredConfiguration=VERSION_2)
    assert refusal(stage.asg.rollback_instance_refresh, AutoScalingGroupName="web")[0] == "IrreversibleInstanceRefresh"


@rule("ASG-101")
@pytest.mark.parametrize("state", ["ALARM", "INSUFFICIENT_DATA"])
def test_an_alarm_has_to_be_ok_at_the_start(state: str, stage: Stage) -> None:
    cloudwatch = stage.transport.client("cloudwatch", HERE)
    metric = {"Namespace": "own", "MetricName": "errors", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1}
    cloudwatch.put_metric_alarm(AlarmName="bad", Threshold=1, ComparisonOperator="GreaterThanThreshold", **metric)
    cloudwatch.set_alarm_state(AlarmName="bad", StateValue=state, StateReason="test")
    code, message = refusal(lambda: start(stage, Preferences={"AlarmSpecification": {"Alarms": ["bad"]}}))
    assert code == "ValidationError" and f"bad is in the {state} state" in message


@rule("ASG-100")
def test_a_group_has_one_active_refresh(stage: Stage) -> None:
    start(stage)
    assert refusal(lambda: start(stage)) == ("InstanceRefreshInProgress", IN_PROGRESS)


@rule("ASG-102")
def test_a_refresh_with_a_desired_configuration_forbids_another_one_of_the_group(stage: Stage) -> None:
    start(stage, DesiredConfiguration=VERSION_2)
    text = (
        "An active instance refresh with a desired configuration exists. All configuration options derived from the desired configuration"
        " are not available for update while the instance refresh is active."
    )
    update = {"AutoScalingGroupName": "web", "LaunchTemplate": VERSION_2["LaunchTemplate"]}
    assert refusal(stage.asg.update_auto_scaling_group, **update) == ("ValidationError", text)
    stage.asg.update_auto_scaling_group(AutoScalingGroupName="web", MaxSize=9)


@rule("ASG-17", "ASG-102")
def test_without_a_desired_configuration_the_groups_own_is_deployed(stage: Stage) -> None:
    stage.asg.update_auto_scaling_group(AutoScalingGroupName="web", LaunchTemplate=VERSION_2["LaunchTemplate"])
    start(stage, Preferences={"InstanceWarmup": 0, "MinHealthyPercentage": 0})
    stage.wait(60)
    assert [i["LaunchTemplate"]["Version"] for i in stage.described()["Instances"]] == ["2"] * 3
    assert refreshes(stage)[0]["Status"] == "Successful"


@rule("ASG-18")
def test_a_desired_template_that_is_deleted_meanwhile_fails_its_launches(stage: Stage) -> None:
    data = {"ImageId": AMI, "InstanceType": "t3.small"}
    stage.ec2.create_launch_template(LaunchTemplateName="new", LaunchTemplateData=data)
    start(stage, Preferences={"InstanceWarmup": 0}, DesiredConfiguration={"LaunchTemplate": {"LaunchTemplateName": "new", "Version": "1"}})
    stage.ec2.delete_launch_template(LaunchTemplateName="new")
    stage.wait(60)
    failed = [a["StatusMessage"] for a in stage.activities() if a["StatusCode"] == "Failed"]
    assert failed and all("launch template" in each for each in failed)
    assert len(stage.instances()) == 2 and refreshes(stage)[0]["Status"] == "InProgress"


def test_a_group_that_is_being_deleted_is_not_refreshed(stage: Stage) -> None:
    stage.asg.delete_auto_scaling_group(AutoScalingGroupName="web", ForceDelete=True)
    assert refusal(lambda: start(stage)) == ("ValidationError", "The AutoScaling group may not be modified while it is pending delete")


# ---- canceling and rolling back ----------------------------------------------------------------------------------------------------------


@rule("ASG-100", "ASG-104")
@pytest.mark.parametrize("operation", ["cancel_instance_refresh", "rollback_instance_refresh"])
def test_there_has_to_be_an_active_refresh(operation: str, stage: Stage) -> None:
    call = getattr(stage.asg, operation)
    assert refusal(call, AutoScalingGroupName="web") == ("ActiveInstanceRefreshNotFound", NONE_ACTIVE)
    assert refusal(call, AutoScalingGroupName="none") == ("ValidationError", NO_GROUP)
    start(stage)
    stage.asg.cancel_instance_refresh(AutoScalingGroupName="web")
    stage.wait(30)
    assert refusal(call, AutoScalingGroupName="web") == ("ActiveInstanceRefreshNotFound", NONE_ACTIVE)


@rule("ASG-104")
def test_a_refresh_without_a_desired_configuration_and_one_that_is_rolled_back_cannot_be_rolled_back(stage: Stage) -> None:
    start(stage)
    assert refusal(stage.asg.rollback_instance_refresh, AutoScalingGroupName="web")[0] == "IrreversibleInstanceRefresh"
    stage.asg.cancel_instance_refresh(AutoScalingGroupName="web", WaitForTransitioningInstances=False)
    stage.wait(1)
    start(stage, DesiredConfiguration=VERSION_2)
    stage.asg.rollback_instance_refresh(AutoScalingGroupName="web")
    assert refusal(stage.asg.rollback_instance_refresh, AutoScalingGroupName="web")[0] == "IrreversibleInstanceRefresh"
    stage.wait(150)
    assert [each["Status"] for each in refreshes(stage)] == ["RollbackSuccessful", "Cancelled"]


@rule("ASG-100", "ASG-123")
def test_refreshes_are_described_newest_first_by_id_and_in_pages(stage: Stage) -> None:
    made = []
    for _ in range(3):
        made.append(start(stage))
        stage.asg.cancel_instance_refresh(AutoScalingGroupName="web", WaitForTransitioningInstances=False)
        stage.wait(1)
    assert [each["InstanceRefreshId"] for each in refreshes(stage)] == made[::-1]
    assert [each["InstanceRefreshId"] for each in refreshes(stage, InstanceRefreshIds=[made[1], "none"])] == [made[1]]
    assert [each["InstanceRefreshId"] for each in refreshes(stage, MaxRecords=2)] == made[:0:-1]
