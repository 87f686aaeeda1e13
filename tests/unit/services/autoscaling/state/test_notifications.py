"""Topics get the activities of a group that they are configured for, with every loop real and time virtual."""

import json
from typing import Any

import pytest

from tests.support import rule
from tests.support.services.autoscaling_stage import reports_no_fault
from tests.support.services.scaling_stage import ScalingStage, scaling


@pytest.fixture
def stage() -> ScalingStage:
    made = scaling()
    made.ready()
    return made


@pytest.fixture
def inbox(stage: ScalingStage) -> Any:
    """Messages that a queue got of topic ops: `inbox()` → [(subject, message)], each once."""
    sqs = stage.transport.client("sqs", stage.here)
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = stage.sns.create_topic(Name="ops")["TopicArn"]
    stage.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)

    def receive() -> list[tuple[str, dict[str, Any]]]:
        found = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                body = json.loads(message["Body"])
                found.append((body["Subject"], json.loads(body["Message"])))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    return receive


def listen(stage: ScalingStage, *kinds: str) -> None:
    topic = stage.sns.list_topics()["Topics"][0]["TopicArn"]
    types = [f"autoscaling:EC2_INSTANCE_{kind}" for kind in kinds]
    stage.asg.put_notification_configuration(AutoScalingGroupName="web", TopicARN=topic, NotificationTypes=types)


@rule("ASG-119", "SNS-33")
def test_topics_get_the_test_message_and_the_types_they_are_configured_for(stage: ScalingStage, inbox: Any) -> None:
    listen(stage, "TERMINATE")
    stage.wait(1)
    ((subject, message),) = inbox()
    assert (message["Event"], message["AutoScalingGroupName"]) == ("autoscaling:TEST_NOTIFICATION", "web")
    stage.asg.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=4)
    stage.wait(30)
    assert inbox() == []
    gone = stage.instances()
    stage.asg.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=3)
    stage.wait(30)
    ((subject, message),) = inbox()
    activity = stage.activities()[0]
    assert subject == 'Auto Scaling: termination for group "web"'
    assert (message["EC2InstanceId"], message["ActivityId"]) == ((set(gone) - set(stage.instances())).pop(), activity["ActivityId"])
    assert (message["Cause"], message["Description"]) == (activity["Cause"], activity["Description"])
    reports_no_fault(stage)


@rule("SNS-33")
def test_the_notification_of_an_activity_names_the_alarm_that_triggered_it(stage: ScalingStage, inbox: Any) -> None:
    stage.policy()
    listen(stage, "LAUNCH")
    stage.demand = 270
    stage.sizes(12)
    message = inbox()[-1][1]
    (alarm,) = message["Details"]["InvokingAlarms"]
    assert (message["Event"], alarm["AlarmName"].startswith("TargetTracking-web-AlarmHigh-")) == ("autoscaling:EC2_INSTANCE_LAUNCH", True)
    assert (alarm["NewStateValue"], alarm["Trigger"]["MetricName"]) == ("ALARM", "CPUUtilization")


@rule("ASG-119", "ASG-60")
def test_a_failed_launch_is_published_and_a_deleted_topic_is_an_event(stage: ScalingStage, inbox: Any) -> None:
    listen(stage, "LAUNCH_ERROR", "LAUNCH")
    stage.wait(1)
    inbox()
    stage.world.launch_error = lambda zone: "no room"
    stage.asg.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=4)
    stage.wait(8)
    message = inbox()[0][1]
    assert (message["Event"], message["StatusCode"], "Internal error" in message["StatusMessage"]) == (
        "autoscaling:EC2_INSTANCE_LAUNCH_ERROR",
        "Failed",
        True,
    )
    stage.world.launch_error = lambda zone: None
    topic = stage.sns.list_topics()["Topics"][0]["TopicArn"]
    stage.sns.delete_topic(TopicArn=topic)
    stage.wait(60)
    assert len(stage.instances()) == 4
    assert "Notification Not Published" in {event.detail_type for event in stage.journal.about(topic)}
    reports_no_fault(stage)
