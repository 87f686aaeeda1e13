"""FIFO topics: sequence numbers, duplicates, order, and what is refused (SNS-45)."""

import hashlib
import json
from typing import Any

import pytest

from tests.support import rule
from tests.support.services.sns_stage import Sns, error_of

MINUTE = 60


def topic_of(sns: Sns, **attributes: str) -> str:
    return str(sns.api.create_topic(Name="orders.fifo", Attributes={"FifoTopic": "true", **attributes})["TopicArn"])


def queue_of(sns: Sns, topic: str, name: str = "orders.fifo", **attributes: str) -> str:
    """The URL of a queue that is subscribed to the topic."""
    given = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
    url = sns.sqs.create_queue(QueueName=name, Attributes=given)["QueueUrl"]
    arn = sns.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.api.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true", **attributes})
    return str(url)


def received(sns: Sns, url: str) -> list[str]:
    """The bodies of all messages. Deletes them, because a message group waits for its messages that are in flight."""
    found = []
    while messages := sns.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for each in messages:
            found.append(each["Body"])
            sns.sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
    return found


@rule("SNS-45")
def test_messages_have_increasing_sequence_numbers(sns: Sns) -> None:
    topic = topic_of(sns)
    single = [
        sns.api.publish(TopicArn=topic, Message="m", MessageGroupId="g", MessageDeduplicationId=str(n))["SequenceNumber"] for n in range(3)
    ]
    entries = [{"Id": f"e{n}", "Message": "m", "MessageGroupId": "h", "MessageDeduplicationId": f"b{n}"} for n in range(3)]
    batch = [each["SequenceNumber"] for each in sns.api.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)["Successful"]]
    assert {len(number) for number in single + batch} == {20}
    assert single + batch == sorted({*single, *batch})
    assert "SequenceNumber" not in sns.api.publish(TopicArn=sns.topic(), Message="m")


@rule("SNS-45")
def test_a_duplicate_within_five_minutes_is_accepted_and_not_delivered(sns: Sns) -> None:
    topic = topic_of(sns)
    urls = [queue_of(sns, topic), queue_of(sns, topic, "standard")]
    message: dict[str, Any] = {"TopicArn": topic, "MessageGroupId": "g", "MessageDeduplicationId": "d"}
    first = sns.api.publish(Message="one", **message)
    second = sns.api.publish(Message="again", **message | {"MessageGroupId": "other"})
    assert (second["MessageId"], second["SequenceNumber"]) == (first["MessageId"], first["SequenceNumber"])
    sns.wait()
    assert [received(sns, url) for url in urls] == [["one"], ["one"]]
    assert len(sns.events("SNS Duplicate Message")) == 1
    sns.wait(5 * MINUTE)
    sns.api.publish(Message="later", **message)
    sns.wait()
    assert [received(sns, url) for url in urls] == [["later"], ["later"]]


@rule("SNS-45")
def test_the_content_identifies_a_message(sns: Sns) -> None:
    topic = topic_of(sns, ContentBasedDeduplication="true")
    url = queue_of(sns, topic)
    colour = {"colour": {"DataType": "String", "StringValue": "red"}}
    for more in ({}, {"MessageAttributes": colour}, {"MessageDeduplicationId": "own"}):
        sns.api.publish(TopicArn=topic, Message="Test", MessageGroupId="g", **more)
    sns.wait()
    found = sns.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"])["Messages"]
    assert [each["Attributes"]["MessageDeduplicationId"] for each in found] == [hashlib.sha256(b"Test").hexdigest(), "own"]


@rule("SNS-45")
def test_with_the_scope_of_a_message_group_duplicates_are_of_the_same_group(sns: Sns) -> None:
    topic = topic_of(sns, FifoThroughputScope="MessageGroup")
    numbers = [
        sns.api.publish(TopicArn=topic, Message="m", MessageGroupId=group, MessageDeduplicationId="d")["SequenceNumber"]
        for group in ("a", "b", "a")
    ]
    assert numbers[0] == numbers[2] != numbers[1]


@rule("SNS-45")
def test_a_notification_of_a_fifo_topic_has_a_sequence_number_and_no_signature(sns: Sns) -> None:
    topic = topic_of(sns)
    url = queue_of(sns, topic, RawMessageDelivery="false")
    number = sns.api.publish(TopicArn=topic, Message="m", MessageGroupId="g", MessageDeduplicationId="d")["SequenceNumber"]
    sns.wait()
    body = json.loads(received(sns, url)[0])
    assert list(body) == ["Type", "MessageId", "SequenceNumber", "TopicArn", "Message", "Timestamp", "UnsubscribeURL"]
    assert body["SequenceNumber"] == number


@rule("SNS-45")
def test_a_message_group_keeps_its_order_while_the_queue_does_not_accept(sns: Sns, monkeypatch: pytest.MonkeyPatch) -> None:
    topic = topic_of(sns, ContentBasedDeduplication="true")
    url = queue_of(sns, topic)
    from moto.sqs.models import SQSBackend

    send, refused = SQSBackend.send_message, []

    def refusing(backend: Any, name: str, body: str, *args: Any, **kwargs: Any) -> Any:
        if body == "0" and len(refused) < 3:
            refused.append(body)
            raise RuntimeError("no")
        return send(backend, name, body, *args, **kwargs)

    monkeypatch.setattr(SQSBackend, "send_message", refusing)
    for n in range(4):
        sns.api.publish(TopicArn=topic, Message=str(n), MessageGroupId="g")
        sns.api.publish(TopicArn=topic, Message=f"other {n}", MessageGroupId="h")
    sns.wait(10 * MINUTE)
    found = received(sns, url)
    assert len(refused) == 3
    assert [each for each in found if "other" not in each] == ["0", "1", "2", "3"]
    assert [each for each in found if "other" in each] == [f"other {n}" for n in range(4)]
    assert found[0] == "other 0"  # the other group does not wait


@rule("SNS-45")
def test_attributes_of_a_fifo_topic(sns: Sns) -> None:
    topic = topic_of(sns)
    of_fifo = ("FifoTopic", "ContentBasedDeduplication", "FifoThroughputScope")
    found = sns.api.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert [found[name] for name in of_fifo] == ["true", "false", "Topic"]
    sns.api.set_topic_attributes(TopicArn=topic, AttributeName="FifoThroughputScope", AttributeValue="MessageGroup")
    sns.api.set_topic_attributes(TopicArn=topic, AttributeName="ContentBasedDeduplication", AttributeValue="true")
    found = sns.api.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert [found[name] for name in of_fifo] == ["true", "true", "MessageGroup"]
    standard = sns.api.get_topic_attributes(TopicArn=sns.api.create_topic(Name="s", Attributes={"FifoTopic": "false"})["TopicArn"])
    assert not set(of_fifo) & set(standard["Attributes"])


@rule("SNS-45")
@pytest.mark.parametrize("name", ["alerts", "orders.fifo"])
def test_a_topic_does_not_change_its_kind(sns: Sns, name: str) -> None:
    topic = sns.api.create_topic(Name=name, Attributes={"FifoTopic": str(name.endswith(".fifo")).lower()})["TopicArn"]
    for value in ("true", "false"):
        found = error_of(sns.api.set_topic_attributes, TopicArn=topic, AttributeName="FifoTopic", AttributeValue=value)
        assert found == (400, "InvalidParameter", "Invalid parameter: AttributeName")


@rule("SNS-45")
@pytest.mark.parametrize(
    ("name", "attributes", "text"),
    [
        ("", {}, "Topic Name"),
        ("a" * 257, {}, "Topic Name"),
        ("a b", {}, "Topic Name"),
        ("test.fifo", {}, "Topic Name"),
        ("test", {"FifoTopic": "true"}, "Topic Name"),
        ("test", {"FifoTopic": "maybe"}, "Attributes Reason: FifoTopic: Invalid value [maybe]. Must be true or false."),
        ("test", {"ContentBasedDeduplication": "true"}, "Attributes Reason: ContentBasedDeduplication can only be set for FIFO topics"),
        ("test", {"FifoThroughputScope": "Topic"}, "Attributes Reason: FifoThroughputScope can only be set for FIFO topics"),
        (
            "test.fifo",
            {"FifoTopic": "true", "FifoThroughputScope": "World"},
            "Attributes Reason: FifoThroughputScope: Invalid value [World]. Please use either Topic or MessageGroup",
        ),
    ],
)
def test_invalid_topics_are_refused(sns: Sns, name: str, attributes: dict[str, str], text: str) -> None:
    found = error_of(sns.api.create_topic, Name=name, Attributes=attributes)
    assert found == (400, "InvalidParameter", f"Invalid parameter: {text}")
    assert sns.api.list_topics()["Topics"] == []


@rule("SNS-45")
@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({}, "The MessageGroupId parameter is required for FIFO topics"),
        ({"MessageGroupId": "", "MessageDeduplicationId": "d"}, "The MessageGroupId parameter is required for FIFO topics"),
        (
            {"MessageGroupId": "g"},
            "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
        ),
        (
            {"MessageGroupId": "a b", "MessageDeduplicationId": "d"},
            "MessageGroupId Reason: MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length",
        ),
        (
            {"MessageGroupId": "g", "MessageDeduplicationId": "d" * 129},
            "MessageDeduplicationId Reason: MessageDeduplicationId can only include alphanumeric and punctuation characters. "
            "1 to 128 in length",
        ),
    ],
)
def test_invalid_messages_are_refused(sns: Sns, parameters: dict[str, str], text: str) -> None:
    topic = topic_of(sns)
    expected = (400, "InvalidParameter", f"Invalid parameter: {text}")
    assert error_of(sns.api.publish, TopicArn=topic, Message="m", **parameters) == expected
    entries = [
        {"Id": "good", "Message": "m", "MessageGroupId": "g", "MessageDeduplicationId": "d"},
        {"Id": "bad", "Message": "m", **parameters},
    ]
    assert error_of(sns.api.publish_batch, TopicArn=topic, PublishBatchRequestEntries=entries) == expected
    assert sns.events("SNS Message Published") == []


@rule("SNS-45")
def test_who_may_subscribe_to_which_topic(sns: Sns) -> None:
    fifo, standard = topic_of(sns), sns.topic()
    prefix = "arn:aws:sqs:us-east-1:123456789012"
    text = "Invalid parameter: Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics"
    assert error_of(sns.api.subscribe, TopicArn=standard, Protocol="sqs", Endpoint=f"{prefix}:q.fifo") == (400, "InvalidParameter", text)
    assert error_of(sns.api.subscribe, TopicArn=fifo, Protocol="email", Endpoint="a@b.c")[:2] == (400, "InvalidParameter")
    dead = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": f"{prefix}:dead"})}
    text = "Invalid parameter: RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic."
    assert error_of(sns.api.subscribe, TopicArn=fifo, Protocol="sqs", Endpoint=f"{prefix}:q.fifo", Attributes=dead)[2] == text
    assert sns.api.list_subscriptions()["Subscriptions"] == []
    arn = sns.api.subscribe(TopicArn=fifo, Protocol="sqs", Endpoint=f"{prefix}:q.fifo")["SubscriptionArn"]
    ((name, value),) = dead.items()
    assert error_of(sns.api.set_subscription_attributes, SubscriptionArn=arn, AttributeName=name, AttributeValue=value)[2] == text
    sns.api.subscribe(TopicArn=fifo, Protocol="sqs", Endpoint=f"{prefix}:standard", Attributes=dead)
