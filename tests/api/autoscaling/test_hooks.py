"""Lifecycle hooks by the API: what is stored and shown, what is refused in AWS's words, what targets get, and how actions are completed."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support import rule
from tests.support.services.autoscaling_stage import HERE, Stage, make

LAUNCHING, TERMINATING = "autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"
NO_GROUP = "AutoScalingGroup name not found - AutoScalingGroup none not found"
TOKEN = "00000000-0000-4000-8000-000000000000"
FUNCTION_ARN = "arn:aws:lambda:us-east-1:123456789012:function:f"
QUEUE_ARN = "arn:aws:sqs:us-east-1:123456789012:hooks"
ROLE_ARN = "arn:aws:iam::123456789012:role/notifier"


@pytest.fixture
def stage() -> Stage:
    return make()


def refusal(call: Callable[..., object], **parameters: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def put(stage: Stage, name: str = "boot", transition: str = LAUNCHING, **more: Any) -> None:
    stage.asg.put_lifecycle_hook(AutoScalingGroupName="web", LifecycleHookName=name, LifecycleTransition=transition, **more)


def hooks(stage: Stage, **more: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stage.asg.describe_lifecycle_hooks(AutoScalingGroupName="web", **more)["LifecycleHooks"]
    return found


def complete(stage: Stage, hook: str = "boot", result: str = "CONTINUE", **more: Any) -> None:
    given = {"AutoScalingGroupName": "web", "LifecycleHookName": hook, "LifecycleActionResult": result}
    stage.asg.complete_lifecycle_action(**given | more)


@dataclass
class Target:
    """A queue, and a role that Auto Scaling may assume."""

    stage: Stage

    @property
    def queue(self) -> Any:
        return self.stage.transport.client("sqs", HERE)

    def make(self, trusted: str = "autoscaling.amazonaws.com") -> dict[str, str]:
        """The parameters with which a hook uses them."""
        self.queue.create_queue(QueueName="hooks")
        statement = {"Effect": "Allow", "Principal": {"Service": trusted}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam = self.stage.transport.client("iam", HERE)
        iam.create_role(RoleName="notifier", AssumeRolePolicyDocument=document)
        return {"NotificationTargetARN": QUEUE_ARN, "RoleARN": ROLE_ARN}

    def messages(self) -> list[dict[str, Any]]:
        """Those that it got since the last call."""
        url = self.queue.get_queue_url(QueueName="hooks")["QueueUrl"]
        found = self.queue.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        for each in found:
            self.queue.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
        return [json.loads(each["Body"]) for each in found]


# ---- hooks -------------------------------------------------------------------------------------------------------------------------------


@rule("ASG-88")
def test_a_hook_has_awss_defaults_and_a_second_put_changes_what_it_names(stage: Stage) -> None:
    stage.group()
    put(stage)
    made = {
        "LifecycleHookName": "boot",
        "AutoScalingGroupName": "web",
        "LifecycleTransition": LAUNCHING,
        "HeartbeatTimeout": 3600,
        "GlobalTimeout": 172800,
        "DefaultResult": "ABANDON",
    }
    assert hooks(stage) == [made]
    changed = {"HeartbeatTimeout": 30, "NotificationMetadata": "why"}
    stage.asg.put_lifecycle_hook(AutoScalingGroupName="web", LifecycleHookName="boot", **changed)
    assert hooks(stage) == [made | changed | {"GlobalTimeout": 3000}]
    put(stage, "drain", TERMINATING, DefaultResult="CONTINUE")
    assert [each["LifecycleHookName"] for each in hooks(stage, LifecycleHookNames=["drain", "none"])] == ["drain"]
    stage.asg.delete_lifecycle_hook(AutoScalingGroupName="web", LifecycleHookName="boot")
    assert [each["LifecycleHookName"] for each in hooks(stage)] == ["drain"]


@rule("ASG-88")
def test_hooks_of_a_new_group_run_for_its_first_instances(stage: Stage) -> None:
    given = [{"LifecycleHookName": "boot", "LifecycleTransition": LAUNCHING, "HeartbeatTimeout": 60, "DefaultResult": "CONTINUE"}]
    stage.group(LifecycleHookSpecificationList=given)
    assert [(each["LifecycleHookName"], each["HeartbeatTimeout"]) for each in hooks(stage)] == [("boot", 60)]
    stage.wait(30)
    assert len(stage.instances("Pending:Wait")) == 3
    stage.wait(60)
    assert len(stage.instances()) == 3


@rule("ASG-88", "ASG-5", "ASG-10")
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"AutoScalingGroupName": "none"}, NO_GROUP),
        (
            {"LifecycleTransition": "autoscaling:EC2_INSTANCE_BOOTING"},
            f"LifecycleTransition autoscaling:EC2_INSTANCE_BOOTING is not valid. Valid values are: {LAUNCHING}, {TERMINATING}.",
        ),
        ({"HeartbeatTimeout": 29}, "HeartbeatTimeout 29 is not valid. It must be between 30 and 7200 seconds."),
        ({"HeartbeatTimeout": 7201}, "HeartbeatTimeout 7201 is not valid. It must be between 30 and 7200 seconds."),
        ({"DefaultResult": "RETRY"}, "DefaultResult RETRY is not valid. Valid values are: CONTINUE, ABANDON."),
        (
            {"NotificationTargetARN": FUNCTION_ARN, "RoleARN": ROLE_ARN},
            f"NotificationTargetARN {FUNCTION_ARN} must be the ARN of an Amazon SNS topic or an Amazon SQS queue.",
        ),
        ({"NotificationTargetARN": QUEUE_ARN}, "RoleARN must be specified together with NotificationTargetARN."),
        (
            {"NotificationTargetARN": QUEUE_ARN, "RoleARN": ROLE_ARN},
            f"Unable to publish test message to notification target {QUEUE_ARN} using IAM role {ROLE_ARN}."
            " Please check your target and role configuration and try to put lifecycle hook again.",
        ),
    ],
)
def test_a_hook_that_cannot_be_is_refused_and_changes_nothing(given: dict[str, Any], message: str, stage: Stage) -> None:
    stage.group()
    hook = {"AutoScalingGroupName": "web", "LifecycleHookName": "boot", "LifecycleTransition": LAUNCHING}
    assert refusal(stage.asg.put_lifecycle_hook, **(hook | given)) == ("ValidationError", message)
    assert hooks(stage) == []


def test_a_new_hook_needs_a_transition(stage: Stage) -> None:
    stage.group()
    found = refusal(stage.asg.put_lifecycle_hook, AutoScalingGroupName="web", LifecycleHookName="boot")
    assert found == ("ValidationError", f"LifecycleTransition is not valid. Valid values are: {LAUNCHING}, {TERMINATING}.")


@rule("ASG-10")
def test_a_group_has_at_most_50_hooks(stage: Stage) -> None:
    stage.group()
    for n in range(50):
        put(stage, f"hook-{n}")
    text = "You have reached the quota of 50 lifecycle hooks for the Auto Scaling group."
    assert refusal(lambda: put(stage, "one-more")) == ("LimitExceeded", text)
    put(stage, "hook-1", HeartbeatTimeout=30)


def test_a_group_whose_first_hook_is_refused_is_not_created(stage: Stage) -> None:
    hook = {"LifecycleHookName": "boot", "LifecycleTransition": LAUNCHING}
    unknown = [hook | {"NotificationTargetARN": QUEUE_ARN, "RoleARN": ROLE_ARN}]
    wrong: tuple[list[dict[str, Any]], ...] = (unknown, [hook, hook], [hook | {"HeartbeatTimeout": 1}])
    for n, given in enumerate(wrong):
        configuration = stage.configuration(f"lc-{n}")
        creation = {"LaunchConfigurationName": configuration, "LifecycleHookSpecificationList": given}
        assert refusal(stage.group, **creation)[0] == "ValidationError"
    assert stage.asg.describe_auto_scaling_groups()["AutoScalingGroups"] == []


def test_a_group_that_is_being_deleted_gets_no_hook(stage: Stage) -> None:
    stage.ready()
    stage.asg.delete_auto_scaling_group(AutoScalingGroupName="web", ForceDelete=True)
    assert refusal(lambda: put(stage)) == ("ValidationError", "The AutoScaling group may not be modified while it is pending delete")


# ---- targets -----------------------------------------------------------------------------------------------------------------------------


@rule("ASG-92")
def test_a_queue_gets_a_test_message_and_then_one_for_each_instance(stage: Stage) -> None:
    stage.group(DesiredCapacity=1)
    target = Target(stage)
    put(stage, NotificationMetadata="why", **target.make())
    [test] = target.messages()
    assert test["Event"] == "autoscaling:TEST_NOTIFICATION" and test["AutoScalingGroupName"] == "web"
    stage.wait(30)
    [told] = target.messages()
    [instance] = stage.instances("Pending:Wait")
    assert (told["EC2InstanceId"], told["LifecycleHookName"], told["NotificationMetadata"]) == (instance, "boot", "why")
    complete(stage, LifecycleActionToken=told["LifecycleActionToken"])
    stage.wait(5)
    assert stage.instances() == [instance] and target.messages() == []


@rule("ASG-92")
def test_a_topic_gets_the_message_with_awss_subject(stage: Stage) -> None:
    stage.group(DesiredCapacity=1)
    role = Target(stage).make()["RoleARN"]
    topic = stage.transport.client("sns", HERE).create_topic(Name="hooks")["TopicArn"]
    put(stage, NotificationTargetARN=topic, RoleARN=role)
    stage.wait(30)
    [instance] = stage.instances("Pending:Wait")
    calls = [e.detail["requestParameters"] for e in stage.journal.events() if e.detail.get("eventName") == "Publish"]
    assert [each["Subject"] for each in calls] == [
        'Auto Scaling: test notification for group "web"',
        f"Auto Scaling:  Lifecycle action 'LAUNCHING' for instance {instance} in progress.",
    ]


@rule("ASG-92")
def test_a_role_that_auto_scaling_may_not_assume_is_refused(stage: Stage) -> None:
    stage.group()
    target = Target(stage)
    given = target.make(trusted="ec2.amazonaws.com")
    assert refusal(lambda: put(stage, **given))[1].startswith("Unable to publish test message to notification target")
    assert target.messages() == []


def test_a_target_that_is_gone_is_told_in_an_event_and_the_wait_goes_on(stage: Stage) -> None:
    stage.group(DesiredCapacity=1)
    target = Target(stage)
    put(stage, HeartbeatTimeout=60, DefaultResult="CONTINUE", **target.make())
    target.queue.delete_queue(QueueUrl=target.queue.get_queue_url(QueueName="hooks")["QueueUrl"])
    stage.wait(30)
    assert len([e for e in stage.journal.events() if e.detail_type == "Notification Not Published"]) == 1
    assert len(stage.instances("Pending:Wait")) == 1


def test_an_empty_target_removes_it(stage: Stage) -> None:
    stage.group()
    put(stage, **Target(stage).make())
    stage.asg.put_lifecycle_hook(AutoScalingGroupName="web", LifecycleHookName="boot", NotificationTargetARN="")
    assert "NotificationTargetARN" not in hooks(stage)[0]


# ---- actions -----------------------------------------------------------------------------------------------------------------------------


def waiting(stage: Stage, **more: Any) -> str:
    """An instance that waits for the hook `boot`."""
    stage.group(DesiredCapacity=1)
    put(stage, **({"HeartbeatTimeout": 60} | more))
    stage.wait(20)
    [instance] = stage.instances("Pending:Wait")
    return instance


@rule("ASG-89")
@pytest.mark.parametrize("group", ["web", "ARN"])
def test_an_action_is_completed_by_instance_id_and_group_name_or_arn(group: str, stage: Stage) -> None:
    instance = waiting(stage)
    name = stage.described()["AutoScalingGroupARN"] if group == "ARN" else group
    complete(stage, InstanceId=instance, AutoScalingGroupName=name)
    stage.wait(2)
    assert stage.instances() == [instance]


@rule("ASG-89")
@pytest.mark.parametrize("operation", ["complete_lifecycle_action", "record_lifecycle_action_heartbeat"])
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"AutoScalingGroupName": "none", "InstanceId": "i-1"}, NO_GROUP),
        ({"LifecycleActionToken": TOKEN}, f"No active Lifecycle Action found with token {TOKEN}"),
        ({"InstanceId": "i-0123456789abcdef0"}, "No active Lifecycle Action found with instance ID i-0123456789abcdef0"),
        ({"LifecycleHookName": "none", "InstanceId": "WAITING"}, "No active Lifecycle Action found with instance ID WAITING"),
        ({}, "Either a LifecycleActionToken or an InstanceId must be specified."),
    ],
)
def test_an_action_that_does_not_wait_cannot_be_named(operation: str, given: dict[str, str], message: str, stage: Stage) -> None:
    instance = waiting(stage)
    asked = {"AutoScalingGroupName": "web", "LifecycleHookName": "boot"} | given
    if operation == "complete_lifecycle_action":
        asked["LifecycleActionResult"] = "CONTINUE"
    asked = {key: value.replace("WAITING", instance) for key, value in asked.items()}
    assert refusal(getattr(stage.asg, operation), **asked) == ("ValidationError", message.replace("WAITING", instance))
    assert stage.instances("Pending:Wait") == [instance]


@rule("ASG-89")
def test_an_action_is_completed_once(stage: Stage) -> None:
    instance = waiting(stage)
    complete(stage, InstanceId=instance)
    again = refusal(lambda: complete(stage, InstanceId=instance))
    assert again == ("ValidationError", f"No active Lifecycle Action found with instance ID {instance}")


def test_a_result_is_continue_or_abandon(stage: Stage) -> None:
    instance = waiting(stage)
    text = "LifecycleActionResult RETRY is not valid. Valid values are: CONTINUE, ABANDON."
    assert refusal(lambda: complete(stage, result="RETRY", InstanceId=instance)) == ("ValidationError", text)


@rule("ASG-89")
def test_a_heartbeat_restarts_the_timeout(stage: Stage) -> None:
    instance = waiting(stage, DefaultResult="CONTINUE")
    stage.wait(30)
    stage.asg.record_lifecycle_action_heartbeat(AutoScalingGroupName="web", LifecycleHookName="boot", InstanceId=instance)
    stage.wait(59)
    assert stage.instances("Pending:Wait") == [instance]
    stage.wait(2)
    assert stage.instances() == [instance]


@rule("ASG-88")
def test_deleting_a_hook_abandons_its_launches(stage: Stage) -> None:
    instance = waiting(stage)
    stage.asg.delete_lifecycle_hook(AutoScalingGroupName="web", LifecycleHookName="boot")
    stage.wait(60)
    assert len(stage.instances()) == 1 and stage.instances() != [instance]
    assert "Cancelled" in [each["StatusCode"] for each in stage.activities()]


@rule("ASG-88")
def test_deleting_a_hook_continues_its_terminations(stage: Stage) -> None:
    stage.ready(DesiredCapacity=1)
    put(stage, "drain", TERMINATING)
    stage.asg.update_auto_scaling_group(AutoScalingGroupName="web", MinSize=0, DesiredCapacity=0)
    stage.wait(10)
    assert len(stage.instances("Terminating:Wait")) == 1
    stage.asg.delete_lifecycle_hook(AutoScalingGroupName="web", LifecycleHookName="drain")
    stage.wait(60)
    assert stage.instances(None) == []
