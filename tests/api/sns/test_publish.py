"""Publish: what is accepted, what is refused, and where a message goes."""

import json
from typing import Any

import pytest

from tests.support import rule
from tests.support.services.sns_stage import HERE, Sns, error_of


@rule("SNS-4", "SNS-5")
@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"Message": ""}, "Empty message"),
        ({"Message": "x" * 262_145}, "Message too long"),
        (
            {"Message": "x" * 262_140, "MessageAttributes": {"a": {"DataType": "String", "StringValue": "x"}}},
            "Message too long",
        ),
        ({"Message": "é" * 131_073}, "Message too long"),  # bytes, not characters
        ({"Message": "m", "Subject": ""}, "Subject"),
        ({"Message": "m", "Subject": "x" * 101}, "Subject"),
        ({"Message": "m", "Subject": "two\nlines"}, "Subject"),
        ({"Message": "m", "Subject": " begins with a space"}, "Subject"),
        ({"Message": "m", "Subject": "Übung"}, "Subject"),
        (
            {"Message": '{"http":"x"}', "MessageStructure": "json"},
            "Message Structure - No default entry in JSON message body",
        ),
        (
            {"Message": '{"default":{"a":1}}', "MessageStructure": "json"},
            "Message Structure - No default entry in JSON message body",
        ),
        ({"Message": "{no json", "MessageStructure": "json"}, "Message Structure - JSON message body failed to parse"),
        ({"Message": "m", "MessageStructure": "xml"}, "Message Structure - must be json when it is given"),
        (
            {"Message": "m", "MessageDeduplicationId": "x"},
            "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type",
        ),
    ],
)
def test_an_invalid_message_is_refused_and_nothing_is_sent(sns: Sns, parameters: dict[str, Any], text: str) -> None:
    topic = sns.topic()
    subscriber, _ = sns.subscriber(topic)
    assert error_of(sns.api.publish, TopicArn=topic, **parameters) == (400, "InvalidParameter", f"Invalid parameter: {text}")
    sns.wait(60)
    assert subscriber.received == []


@rule("SNS-4")
def test_the_largest_message_is_accepted_and_a_topic_may_allow_less(sns: Sns) -> None:
    topic = sns.topic()
    subscriber, _ = sns.subscriber(topic)
    sns.api.publish(TopicArn=topic, Message="x" * 262_144, Subject="y" * 100)
    sns.wait()
    assert len(json.loads(subscriber.received[0].body)["Message"]) == 262_144
    sns.api.set_topic_attributes(TopicArn=topic, AttributeName="MaximumMessageSize", AttributeValue="1024")
    assert error_of(sns.api.publish, TopicArn=topic, Message="x" * 1025)[2] == "Invalid parameter: Message too long"


def test_targets_of_a_message(sns: Sns) -> None:
    assert error_of(sns.api.publish, Message="m")[2] == "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter"
    endpoint = "arn:aws:sns:us-east-1:123456789012:endpoint/APNS/app/0"
    text = "Invalid parameter: TargetArn Reason: No endpoint found for the target arn specified"
    assert error_of(sns.api.publish, TargetArn=endpoint, Message="m")[2] == text
    topic = sns.topic()
    subscriber, _ = sns.subscriber(topic)
    sns.api.publish(TargetArn=topic, Message="by target")
    sns.wait()
    assert json.loads(subscriber.received[0].body)["Message"] == "by target"


@rule("SNS-47")
def test_a_message_to_a_platform_endpoint_is_refused_with_what_is_true_of_it(sns: Sns) -> None:
    application = sns.api.create_platform_application(Name="app", Platform="GCM", Attributes={"PlatformCredential": "key"})
    endpoint = sns.api.create_platform_endpoint(
        PlatformApplicationArn=application["PlatformApplicationArn"], Token="token", Attributes={"Enabled": "false"}
    )["EndpointArn"]
    topic = sns.topic()
    publish = {"TargetArn": endpoint, "Message": "not JSON", "MessageStructure": "json"}
    subscribe = {"TopicArn": topic, "Protocol": "application", "Endpoint": endpoint}
    assert error_of(sns.api.publish, **publish) == (400, "EndpointDisabled", "Endpoint is disabled")
    sns.api.set_endpoint_attributes(EndpointArn=endpoint, Attributes={"Enabled": "true"})
    assert error_of(sns.api.publish, **publish)[1] == "NotImplemented"
    assert error_of(sns.api.subscribe, **subscribe)[1] == "NotImplemented"
    sns.api.delete_endpoint(EndpointArn=endpoint)
    assert error_of(sns.api.publish, **publish)[2] == "Invalid parameter: TargetArn Reason: No endpoint found for the target arn specified"
    text = f"Invalid parameter: Endpoint Reason: Endpoint does not exist for endpoint arn{endpoint}"
    assert error_of(sns.api.subscribe, **subscribe) == (400, "InvalidParameter", text)


def test_messages_of_motos_other_services_are_enqueued_too(sns: Sns) -> None:
    from moto.sns.models import sns_backends

    topic = sns.topic()
    subscriber, _ = sns.subscriber(topic)
    sns_backends[HERE.account][HERE.region].publish("from moto", arn=topic, message_attributes={"a": {"Type": "String", "Value": "x"}})
    assert subscriber.received == []
    sns.engine.wake("sns")
    sns.wait()
    assert json.loads(subscriber.received[0].body)["MessageAttributes"] == {"a": {"Type": "String", "Value": "x"}}
