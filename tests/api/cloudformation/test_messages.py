"""CloudFormation's resource types of CloudWatch, SNS and SQS."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.core.errors import ApiError
from sandbox.services.cloudformation.resources.base import Gone, Ready
from tests.support import rule
from tests.support.services.cloudformation import Workbench

ALARM = {
    "Namespace": "AWS/EC2",
    "MetricName": "CPUUtilization",
    "Statistic": "Average",
    "Period": "60",
    "EvaluationPeriods": "2",
    "Threshold": "80",
    "ComparisonOperator": "GreaterThanThreshold",
    "Dimensions": [{"Name": "AutoScalingGroupName", "Value": "web"}],
}


def cloudwatch(bench: Workbench) -> Any:
    return bench.sandbox.client("cloudwatch")


def sns(bench: Workbench) -> Any:
    return bench.sandbox.client("sns")


def test_an_alarm_notifies_a_topic(bench: Workbench) -> None:
    topic = bench.make("AWS::SNS::Topic")
    alarm = bench.make("AWS::CloudWatch::Alarm", "Busy", **ALARM, AlarmActions=[topic.ref], Tags=[{"Key": "team", "Value": "web"}])
    bench.change(alarm, {"stage": "test"}, Threshold=70.5, Tags=None)
    found = cloudwatch(bench).describe_alarms(AlarmNames=[alarm.ref])["MetricAlarms"][0]
    assert (found["Threshold"], found["Period"], found["AlarmActions"]) == (70.5, 60, [topic.ref])
    tags = cloudwatch(bench).list_tags_for_resource(ResourceARN=alarm.attributes["Arn"])["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags if not tag["Key"].startswith("aws:")} == {"stage": "test"}


def test_a_composite_alarm_combines_alarms(bench: Workbench) -> None:
    alarm = bench.make("AWS::CloudWatch::Alarm", **ALARM)
    composite = bench.make("AWS::CloudWatch::CompositeAlarm", "Any", AlarmRule=f"ALARM({alarm.ref})")
    bench.change(composite, AlarmRule=f"NOT ALARM({alarm.ref})")
    found = cloudwatch(bench).describe_alarms(AlarmNames=[composite.ref], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"][0]
    assert found["AlarmRule"] == f"NOT ALARM({alarm.ref})"


def test_a_dashboard_is_an_object_or_text(bench: Workbench) -> None:
    widgets: dict[str, Any] = {"widgets": []}
    dashboard = bench.make("AWS::CloudWatch::Dashboard", DashboardBody=widgets)
    other = {"widgets": [{"type": "text", "x": 0, "y": 0, "width": 6, "height": 3, "properties": {"markdown": "hello"}}]}
    bench.change(dashboard, DashboardBody=json.dumps(other))
    assert json.loads(cloudwatch(bench).get_dashboard(DashboardName=dashboard.ref)["DashboardBody"]) == other


@rule("CFN-61")
def test_an_alarm_that_exists_is_not_taken_over(bench: Workbench) -> None:
    plain = ALARM | {"Period": 60, "EvaluationPeriods": 1, "Threshold": 1.0}
    cloudwatch(bench).put_metric_alarm(AlarmName="busy", **plain)
    with pytest.raises(ApiError, match="busy already exists"):
        bench.make("AWS::CloudWatch::Alarm", AlarmName="busy", **ALARM)


def test_a_topic_has_its_attributes_and_subscriptions(bench: Workbench) -> None:
    mail = {"Protocol": "email", "Endpoint": "a@example.com"}
    topic = bench.make("AWS::SNS::Topic", "Orders", DisplayName="Orders", Subscription=[mail])
    bench.change(topic, DisplayName=None, TracingConfig="Active", Tags=[{"Key": "team", "Value": "web"}])
    found = sns(bench).get_topic_attributes(TopicArn=topic.ref)["Attributes"]
    assert (found["DisplayName"], found["TracingConfig"], found["SubscriptionsPending"]) == ("", "Active", "1")
    assert topic.attributes["TopicName"].startswith("shop-Orders-")


@rule("CFN-61")
def test_a_fifo_topic_gets_a_fifo_name(bench: Workbench) -> None:
    topic = bench.make("AWS::SNS::Topic", FifoTopic="true", ContentBasedDeduplication=True)
    assert topic.attributes["TopicName"].endswith(".fifo")
    assert sns(bench).get_topic_attributes(TopicArn=topic.ref)["Attributes"]["ContentBasedDeduplication"] == "true"


@rule("CFN-67")
def test_a_subscription_that_nobody_confirms_does_not_hold_up_its_stack(bench: Workbench) -> None:
    topic = bench.make("AWS::SNS::Topic")
    subscription = bench.make("AWS::SNS::Subscription", TopicArn=topic.ref, Protocol="email", Endpoint="a@example.com")
    assert isinstance(subscription.kind.look(bench.call, subscription.physical_id, subscription.wanted), Ready)
    bench.made.remove(subscription)
    assert subscription.kind.delete(bench.call, subscription.physical_id, subscription.wanted) == Gone()


def test_a_queue_is_subscribed_and_lets_the_topic_send(bench: Workbench) -> None:
    topic, queue = bench.make("AWS::SNS::Topic"), bench.make("AWS::SQS::Queue", VisibilityTimeout="60", DelaySeconds=0)
    given = {"TopicArn": topic.ref, "Protocol": "sqs", "Endpoint": queue.attributes["Arn"]}
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}]}
    bench.make("AWS::SQS::QueuePolicy", Queues=[queue.ref], PolicyDocument=policy)
    bench.make("AWS::SNS::TopicPolicy", Topics=[topic.ref], PolicyDocument=policy | {"Id": "mine"})
    subscription = bench.make("AWS::SNS::Subscription", **given, RawMessageDelivery="true", FilterPolicy={"kind": ["a"]})
    bench.change(subscription, RawMessageDelivery=None, FilterPolicy={"kind": ["b"]})
    found = sns(bench).get_subscription_attributes(SubscriptionArn=subscription.ref)["Attributes"]
    assert (found["RawMessageDelivery"], json.loads(found["FilterPolicy"])) == ("false", {"kind": ["b"]})
    assert json.loads(sns(bench).get_topic_attributes(TopicArn=topic.ref)["Attributes"]["Policy"])["Id"] == "mine"
    bench.sandbox.client("sns").publish(
        TopicArn=topic.ref, Message="x", MessageAttributes={"kind": {"DataType": "String", "StringValue": "b"}}
    )
    bench.sandbox.run(5)
    assert bench.sandbox.client("sqs").receive_message(QueueUrl=queue.ref)["Messages"]


def test_a_queue_changes_and_keeps_its_url(bench: Workbench) -> None:
    dead = bench.make("AWS::SQS::Queue")
    redrive = {"deadLetterTargetArn": dead.attributes["Arn"], "maxReceiveCount": 3}
    queue = bench.make("AWS::SQS::Queue", "Work", VisibilityTimeout="60", RedrivePolicy=redrive)
    url = queue.ref
    bench.change(queue, {"team": "web"}, VisibilityTimeout=None, MessageRetentionPeriod=120, Tags=[{"Key": "a", "Value": "b"}])
    attributes = bench.sandbox.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (attributes["VisibilityTimeout"], attributes["MessageRetentionPeriod"]) == ("30", "120")
    assert json.loads(attributes["RedrivePolicy"])["deadLetterTargetArn"] == dead.attributes["Arn"]
    assert {"a": "b", "team": "web"}.items() <= bench.sandbox.client("sqs").list_queue_tags(QueueUrl=url)["Tags"].items()
    assert url == f"http://127.0.0.1:4566/123456789012/{queue.attributes['QueueName']}"


def test_a_policy_that_leaves_the_stack_leaves_the_default_one(bench: Workbench) -> None:
    topic, queue = bench.make("AWS::SNS::Topic"), bench.make("AWS::SQS::Queue")
    statement = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Id": "mine", "Statement": [statement]}
    for made in (
        bench.make("AWS::SNS::TopicInlinePolicy", TopicArn=topic.ref, PolicyDocument=policy),
        bench.make("AWS::SQS::QueueInlinePolicy", Queue=queue.ref, PolicyDocument=policy),
    ):
        bench.delete(made)
    assert json.loads(sns(bench).get_topic_attributes(TopicArn=topic.ref)["Attributes"]["Policy"])["Id"] == "__default_policy_ID"
    attributes = bench.sandbox.client("sqs").get_queue_attributes(QueueUrl=queue.ref, AttributeNames=["All"])["Attributes"]
    assert not attributes.get("Policy")


def test_tags_of_aws_s_own_are_refused_from_everyone_but_aws(bench: Workbench) -> None:
    alarm = bench.make("AWS::CloudWatch::Alarm", **ALARM)
    with pytest.raises(ClientError, match="reserved"):
        cloudwatch(bench).tag_resource(ResourceARN=alarm.attributes["Arn"], Tags=[{"Key": "aws:mine", "Value": "1"}])
