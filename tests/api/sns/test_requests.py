"""What SNS refuses, in AWS's words, and that a refused request changes nothing (SNS-43, SNS-44, SNS-46)."""

import json
from typing import Any

import pytest

from sandbox.core.control import Scope
from tests.support import rule
from tests.support.services.sns_stage import HERE, URL, Sns, error_of

ARN = "arn:aws:sns:us-east-1:123456789012:alerts"
MISSING = "Member must not be null"
VALUE = {"DataType": "String", "StringValue": "123"}


@rule("SNS-43")
@pytest.mark.parametrize(
    ("call", "parameters"),
    [
        ("get_topic_attributes", {}),
        ("set_topic_attributes", {"AttributeName": "DisplayName", "AttributeValue": "x"}),
        ("publish", {"Message": "m"}),
        ("publish_batch", {"PublishBatchRequestEntries": [{"Id": "a", "Message": "m"}]}),
        ("subscribe", {"Protocol": "email", "Endpoint": "a@b.c"}),
        ("list_subscriptions_by_topic", {}),
        ("add_permission", {"Label": "l", "AWSAccountId": ["123456789012"], "ActionName": ["Publish"]}),
        ("remove_permission", {"Label": "l"}),
        ("delete_topic", {}),
    ],
)
def test_a_topic_of_another_region_is_an_invalid_parameter(sns: Sns, call: str, parameters: dict[str, Any]) -> None:
    topic = sns.topic()
    far = sns.transport.client("sns", Scope(HERE.account, "eu-west-1"))
    expected = (400, "InvalidParameter", "Invalid parameter: TopicArn")
    assert error_of(getattr(far, call), TopicArn=topic, **parameters) == expected
    assert error_of(getattr(sns.api, call), TopicArn=topic.replace(":sns:", ":sqs:"), **parameters) == expected
    assert [each["TopicArn"] for each in sns.api.list_topics()["Topics"]] == [topic]


@pytest.mark.parametrize(
    ("arn", "text"),
    [
        ("randomstring", "SubscriptionArn Reason: An ARN must have at least 6 elements, not 1"),
        ("arn:aws:sns:us-east-1:random", "SubscriptionArn Reason: An ARN must have at least 6 elements, not 5"),
        (ARN, "SubscriptionId"),
        (f"arn:aws:sns:eu-west-1:123456789012:alerts:{'0' * 8}", "SubscriptionArn"),
    ],
)
@pytest.mark.parametrize("call", ["unsubscribe", "get_subscription_attributes"])
def test_an_invalid_subscription_arn_is_refused(sns: Sns, call: str, arn: str, text: str) -> None:
    assert error_of(getattr(sns.api, call), SubscriptionArn=arn) == (400, "InvalidParameter", f"Invalid parameter: {text}")


@rule("SNS-44")
@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("a", {"DataType": "Number", "StringValue": "many"}, "Could not cast message attribute 'a' value to number."),
        (
            "a",
            {"DataType": "String", "StringValue": ""},
            "The message attribute 'a' must contain non-empty message attribute value for message attribute type 'String'.",
        ),
        (
            "a",
            {"DataType": "String"},
            "The message attribute 'a' must contain non-empty message attribute value for message attribute type 'String'.",
        ),
        (
            "a",
            {"DataType": "Binary", "BinaryValue": b""},
            "The message attribute 'a' must contain non-empty message attribute value for message attribute type 'Binary'.",
        ),
        ("a", {"DataType": "String", "BinaryValue": b"123"}, "The message attribute 'a' with type 'String' must use field 'String'."),
        ("a", {"DataType": "Number", "BinaryValue": b"123"}, "The message attribute 'a' with type 'Number' must use field 'String'."),
        ("a", {"DataType": "Binary", "StringValue": "123"}, "The message attribute 'a' with type 'Binary' must use field 'Binary'."),
        *(
            (
                "a",
                {"DataType": kind, "StringValue": "x"},
                "The message attribute 'a' has an invalid message attribute type, "
                "the set of supported type prefixes is Binary, Number, and String.",
            )
            for kind in ("Colour", "String.", "Stringprefixed", "string", "")
        ),
        ("a" * 257, VALUE, "Length of message attribute name must be less than 256 bytes."),
        (
            "a^*?",
            VALUE,
            "Invalid non-alphanumeric character '#x5E' was found in the message attribute name. "
            "Can only include alphanumeric characters, hyphens, underscores, or dots.",
        ),
        (".abc", VALUE, "Invalid message attribute name starting with character '.' was found."),
        ("abc.", VALUE, "Invalid message attribute name ending with character '.' was found."),
        ("a..bc", VALUE, "Message attribute name can not have successive '.' character."),
    ],
)
def test_message_attributes_are_validated(sns: Sns, name: str, value: dict[str, Any], text: str) -> None:
    topic, attributes = sns.topic(), {name: value}
    expected = (400, "ParameterValueInvalid", text)
    assert error_of(sns.api.publish, TopicArn=topic, Message="m", MessageAttributes=attributes) == expected
    entries = [{"Id": "good", "Message": "m"}, {"Id": "bad", "Message": "m", "MessageAttributes": attributes}]
    assert error_of(sns.api.publish_batch, TopicArn=topic, PublishBatchRequestEntries=entries) == expected
    assert sns.events("SNS Message Published") == []


@pytest.mark.parametrize("kind", ["String.custom", "String.  custom.", "Number.int", "Binary.gif"])
def test_a_type_may_have_a_custom_part(sns: Sns, kind: str) -> None:
    value = {"DataType": kind, **({"BinaryValue": b"1"} if kind.startswith("Binary") else {"StringValue": "1"})}
    sns.api.publish(TopicArn=sns.topic(), Message="m", MessageAttributes={"a": value})


@rule("SNS-44")
@pytest.mark.parametrize(
    ("ids", "code", "text"),
    [
        ([], "EmptyBatchRequest", "The batch request doesn't contain any entries."),
        (["a", "a"], "BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id."),
        (
            ["message.id"],
            "InvalidBatchEntryId",
            "The Id of a batch entry in the batch request contains an impermissible character: message.id",
        ),
        (["a" * 81], "InvalidBatchEntryId", f"The Id of a batch entry in the batch request is too long: {'a' * 81}"),
        ([str(n) for n in range(11)], "TooManyEntriesInBatchRequest", "The batch request contains more entries than permissible."),
    ],
)
def test_invalid_batches_are_refused(sns: Sns, ids: list[str], code: str, text: str) -> None:
    entries = [{"Id": each, "Message": "m"} for each in ids]
    assert error_of(sns.api.publish_batch, TopicArn=sns.topic(), PublishBatchRequestEntries=entries)[1:] == (code, text)


@rule("SNS-44")
def test_one_invalid_entry_refuses_the_whole_batch(sns: Sns) -> None:
    topic = sns.topic()
    subscriber, _ = sns.subscriber(topic)
    entries = [{"Id": "good", "Message": "one"}, {"Id": "bad", "Message": "two", "Subject": "a\nb"}]
    expected = (400, "InvalidParameter", "Invalid parameter: Subject")
    assert error_of(sns.api.publish_batch, TopicArn=topic, PublishBatchRequestEntries=entries) == expected
    sns.wait(60)
    assert subscriber.received == []
    answer = sns.api.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries[:1])
    sns.wait()
    (got,) = subscriber.received
    assert answer["Failed"] == []
    assert [(each["Id"], each["MessageId"]) for each in answer["Successful"]] == [("good", json.loads(got.body)["MessageId"])]


@pytest.mark.parametrize(
    ("tags", "code", "text"),
    [
        ([("a", "1"), ("a", "2")], "InvalidParameter", "Invalid parameter: Duplicated keys are not allowed."),
        ([(str(n), "v") for n in range(51)], "TagLimitExceeded", "Could not complete request: tag quota of per resource exceeded"),
    ],
)
def test_invalid_tags_are_refused(sns: Sns, tags: list[tuple[str, str]], code: str, text: str) -> None:
    given = [{"Key": key, "Value": value} for key, value in tags]
    assert error_of(sns.api.create_topic, Name="t", Tags=given)[1:] == (code, text)
    assert sns.api.list_topics()["Topics"] == []
    topic = sns.topic()
    assert error_of(sns.api.tag_resource, ResourceArn=topic, Tags=given)[1:] == (code, text)
    assert sns.api.list_tags_for_resource(ResourceArn=topic)["Tags"] == []


@rule("SNS-46")
def test_attributes_of_a_subscription(sns: Sns) -> None:
    topic = sns.topic()
    _, queue = sns.queue()
    arn = sns.api.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)["SubscriptionArn"]
    assert sns.api.get_subscription_attributes(SubscriptionArn=arn)["Attributes"] == {
        "ConfirmationWasAuthenticated": "true",
        "Endpoint": queue,
        "Owner": "123456789012",
        "PendingConfirmation": "false",
        "Protocol": "sqs",
        "RawMessageDelivery": "false",
        "SubscriptionArn": arn,
        "SubscriptionPrincipal": "arn:aws:iam::123456789012:root",
        "TopicArn": topic,
    }
    pending = sns.api.subscribe(TopicArn=topic, Protocol="http", Endpoint=URL, ReturnSubscriptionArn=True)["SubscriptionArn"]
    found = sns.api.get_subscription_attributes(SubscriptionArn=pending)["Attributes"]
    assert (found["PendingConfirmation"], found["ConfirmationWasAuthenticated"]) == ("true", "false")
    assert {"SubscriptionPrincipal", "EffectiveDeliveryPolicy"} <= set(found)


NESTED = json.dumps({"object": {"key": ["v"]}})


def test_a_nested_filter_policy_needs_the_scope_of_the_body(sns: Sns) -> None:
    _, arn = sns.subscriber(sns.topic())

    def assign(name: str, value: str) -> dict[str, str]:
        return {"SubscriptionArn": arn, "AttributeName": name, "AttributeValue": value}

    text = "Invalid parameter: Filter policy scope MessageAttributes does not support nested filter policy"
    assert error_of(sns.api.set_subscription_attributes, **assign("FilterPolicy", NESTED))[2] == text
    sns.api.set_subscription_attributes(**assign("FilterPolicyScope", "MessageBody"))
    sns.api.set_subscription_attributes(**assign("FilterPolicy", NESTED))
    assert error_of(sns.api.set_subscription_attributes, **assign("FilterPolicyScope", "MessageAttributes"))[2] == text
    found = sns.api.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    assert (found["FilterPolicy"], found["FilterPolicyScope"]) == (NESTED, "MessageBody")
    sns.api.set_subscription_attributes(**assign("FilterPolicy", "{}"))
    found = sns.api.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    assert not {"FilterPolicy", "FilterPolicyScope"} & set(found)


def test_creating_a_topic_again(sns: Sns) -> None:
    policy = {"Version": "2012-10-17", "Statement": []}
    topic = sns.topic(DisplayName="Value1", Policy=json.dumps(policy), SignatureVersion="1")
    assert sns.topic(DisplayName="Value1") == sns.topic(FifoTopic="false") == sns.topic(DisplayName="") == topic
    assert sns.topic(Policy=json.dumps(policy, indent=2)) == topic
    text = "Invalid parameter: Attributes Reason: Topic already exists with different attributes"
    for other in ({"DisplayName": "Value2"}, {"TracingConfig": "Active"}, {"SignatureVersion": "2", "DisplayName": "Value1"}):
        assert error_of(sns.topic, **other) == (400, "InvalidParameter", text)
    found = sns.api.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert (found["DisplayName"], found["SignatureVersion"], "TracingConfig" in found) == ("Value1", "1", False)


@pytest.mark.parametrize(
    ("name", "value"),
    [("HTTPSuccessFeedbackSampleRate", "50"), ("SQSFailureFeedbackRoleArn", "arn:aws:iam::123456789012:role/r"), ("KmsMasterKeyId", "k")],
)
def test_a_stored_attribute_is_returned_until_it_is_emptied(sns: Sns, name: str, value: str) -> None:
    topic = sns.topic()
    for given in (value, ""):
        sns.api.set_topic_attributes(TopicArn=topic, AttributeName=name, AttributeValue=given)
        assert sns.api.get_topic_attributes(TopicArn=topic)["Attributes"].get(name, "") == given


@pytest.mark.parametrize("policy", [{"MessageRetentionPeriod": "1"}])
def test_an_archive_is_refused_because_nothing_would_be_archived(sns: Sns, policy: dict[str, str]) -> None:
    text = json.dumps(policy)
    attributes = {"FifoTopic": "true", "ArchivePolicy": text}
    assert error_of(sns.api.create_topic, Name="a.fifo", Attributes=attributes)[:2] == (501, "NotImplemented")
    _, arn = sns.subscriber(sns.topic())
    replay = {"SubscriptionArn": arn, "AttributeName": "ReplayPolicy", "AttributeValue": text}
    assert error_of(sns.api.set_subscription_attributes, **replay)[:2] == (501, "NotImplemented")


@pytest.mark.parametrize("count", [100, 101, 200])
def test_topics_are_listed_in_pages_of_a_hundred(sns: Sns, count: int) -> None:
    for number in range(count):
        sns.topic(f"t{number}")
    pages = list(sns.api.get_paginator("list_topics").paginate())
    assert [len(page["Topics"]) for page in pages] == [100] * (count // 100) + [count % 100] * (count % 100 > 0)


def test_permissions_are_statements_of_the_policy(sns: Sns) -> None:
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "SNS:Publish", "Resource": "*"}]}
    topic = sns.topic(Policy=json.dumps(policy))
    given = {"TopicArn": topic, "Label": "l", "AWSAccountId": ["123456789012"]}
    sns.api.add_permission(**given, ActionName=["Publish"])
    statements = json.loads(sns.api.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])["Statement"]
    assert [(each.get("Sid"), each["Action"]) for each in statements] == [(None, "SNS:Publish"), ("l", "SNS:Publish")]
    text = "Invalid parameter: Statement already exists"
    assert error_of(sns.api.add_permission, **given, ActionName=["Publish"]) == (400, "InvalidParameter", text)
    text = "Invalid parameter: Policy statement action out of service scope!"
    assert error_of(sns.api.add_permission, **given | {"Label": "m"}, ActionName=["Fly"]) == (400, "InvalidParameter", text)
    sns.api.remove_permission(TopicArn=topic, Label="l")
    assert json.loads(sns.api.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]) == policy


@pytest.mark.parametrize("arn", ["nonsense", ARN.replace("us-east-1", "eu-west-1")])
def test_confirming_for_an_invalid_topic(sns: Sns, arn: str) -> None:
    found = error_of(sns.api.confirm_subscription, TopicArn=arn, Token="0" * 224)
    assert found == (400, "InvalidParameter", "Invalid parameter: Topic")
