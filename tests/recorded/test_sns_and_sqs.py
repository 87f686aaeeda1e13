"""What SNS and SQS refused when AWS was asked (captures X60 and X61). Names and ARNs of the recording are replaced by ours.

Further answers of the recordings are tests in tests/api/sns and tests/api/sqs: topics of another Region, message attributes, FIFO topics.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import rule
from tests.support.services.sns_stage import Sns, error_of, staged

TOPIC = "arn:aws:sns:us-east-1:123456789012:alerts"
UNKNOWN = "arn:aws:sns:us-east-1:123456789012:unknown"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:inbox"


@pytest.fixture
def sns() -> Iterator[Sns]:
    with staged() as made:
        yield made


@rule("SNS-5", "SNS-43")
@pytest.mark.parametrize(
    ("call", "parameters", "text"),
    [
        ("create_topic", {"Name": "bad|name"}, "Invalid parameter: Topic Name"),
        ("create_topic", {"Name": "alerts", "Attributes": {"FifoTopic": "true"}}, "Invalid parameter: Topic Name"),
        (
            "create_topic",
            {"Name": "alerts", "Attributes": {"SignatureVersion": "2"}},
            "Invalid parameter: Attributes Reason: Topic already exists with different attributes",
        ),
        (
            "create_topic",
            {"Name": "alerts", "Tags": [{"Key": "a", "Value": "2"}]},
            "Invalid parameter: Tags Reason: Topic already exists with different tags",
        ),
        ("publish", {"TopicArn": "", "Message": "m"}, "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1"),
        ("publish", {"TopicArn": TOPIC, "Message": ""}, "Invalid parameter: Empty message"),
        ("publish", {"PhoneNumber": "+1a234", "Message": "m"}, "Invalid parameter: PhoneNumber Reason: +1a234 is not valid to publish to"),
        ("subscribe", {"TopicArn": TOPIC, "Protocol": "sqs", "Endpoint": "http://queue"}, "Invalid parameter: SQS endpoint ARN"),
        ("subscribe", {"TopicArn": TOPIC, "Protocol": "sms", "Endpoint": "+15--551234567"}, "Invalid SMS endpoint: +15--551234567"),
        (
            "subscribe",
            {"TopicArn": TOPIC, "Protocol": "test-protocol", "Endpoint": "x"},
            "Invalid parameter: Amazon SNS does not support this protocol string: test-protocol",
        ),
        ("confirm_subscription", {"TopicArn": TOPIC, "Token": "randomtoken"}, "Invalid token"),
        ("confirm_subscription", {"TopicArn": UNKNOWN, "Token": "51" * 112}, "Invalid parameter: Token"),
        (
            "set_topic_attributes",
            {"TopicArn": TOPIC, "AttributeName": "FifoTopic", "AttributeValue": "false"},
            "Invalid parameter: AttributeName",
        ),
    ],
)
def test_what_sns_refuses(sns: Sns, call: str, parameters: dict[str, Any], text: str) -> None:
    sns.api.create_topic(Name="alerts", Tags=[{"Key": "a", "Value": "1"}])
    assert error_of(getattr(sns.api, call), **parameters) == (400, "InvalidParameter", text)


@rule("SNS-12")
@pytest.mark.parametrize(
    ("policy", "text"),
    [
        ({"key": [["value"]]}, "FilterPolicy: Match value must be String, number, true, false, or null"),
        ({"key": []}, "FilterPolicy: Empty arrays are not allowed"),
        ({"key": {"suffix": "value"}}, 'FilterPolicy: "suffix" must be an object or an array'),
        ({"key": [{"numeric": [">", 3, "<", 1]}]}, "FilterPolicy: Bottom must be less than top"),
        ({"key": [{"cidr": "xx.11.xx/8"}]}, "FilterPolicy: Nonstandard IP address: xx.11.xx"),
        ({str(n): ["v"] for n in range(6)}, "FilterPolicy: Filter policy can not have more than 5 keys"),
        ({"one": list("x" * 100), "two": list("x" * 51)}, "FilterPolicy: Filter policy is too complex"),
    ],
)
def test_which_filter_policies_sns_refuses(sns: Sns, policy: dict[str, Any], text: str) -> None:
    """AWS appends the place of the fault in the policy, which we do not."""
    found = error_of(
        sns.api.subscribe, TopicArn=sns.topic(), Protocol="sms", Endpoint="+123123123", Attributes={"FilterPolicy": json.dumps(policy)}
    )
    assert found == (400, "InvalidParameter", f"Invalid parameter: Attributes Reason: {text}")


BATCH = "AWS.SimpleQueueService"
SENDS = [{"Id": str(n), "MessageBody": "m"} for n in range(20)]


@rule("SQS-1")
@pytest.mark.parametrize(
    ("call", "parameters", "code", "text"),
    [
        (
            "send_message",
            {"MessageBody": "x" * 1_048_577},
            "InvalidParameterValue",
            "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.",
        ),
        (
            "send_message_batch",
            {"Entries": [{"Id": "a", "MessageBody": "x" * 1_048_576}, {"Id": "b", "MessageBody": "x"}]},
            f"{BATCH}.BatchRequestTooLong",
            "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.",
        ),
        (
            "send_message_batch",
            {"Entries": SENDS},
            f"{BATCH}.TooManyEntriesInBatchRequest",
            "Maximum number of entries per request are 10. You have sent 20.",
        ),
        (
            "send_message_batch",
            {"Entries": [{"Id": "invalid:id", "MessageBody": "m"}]},
            f"{BATCH}.InvalidBatchEntryId",
            "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.",
        ),
        (
            "delete_message_batch",
            {"Entries": [{"Id": str(n), "ReceiptHandle": str(n)} for n in range(20)]},
            f"{BATCH}.TooManyEntriesInBatchRequest",
            "Maximum number of entries per request are 10. You have sent 20.",
        ),
        (
            "delete_message_batch",
            {"Entries": [{"Id": "invalid:id", "ReceiptHandle": "r"}]},
            f"{BATCH}.InvalidBatchEntryId",
            "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.",
        ),
        (
            "change_message_visibility_batch",
            {"Entries": [{"Id": str(n), "ReceiptHandle": str(n), "VisibilityTimeout": 1} for n in range(20)]},
            f"{BATCH}.TooManyEntriesInBatchRequest",
            "Maximum number of entries per request are 10. You have sent 20.",
        ),
        (
            "send_message",
            {"MessageBody": "m", "MessageAttributes": {"ErrorDetails": {"DataType": "String", "StringValue": ""}}},
            "InvalidParameterValue",
            "Message (user) attribute 'ErrorDetails' must contain a non-empty value of type 'String'.",
        ),
        (
            "remove_permission",
            {"Label": "unknown"},
            "InvalidParameterValue",
            "Value unknown for parameter Label is invalid. Reason: can't find label.",
        ),
    ],
)
def test_what_sqs_refuses(sns: Sns, call: str, parameters: dict[str, Any], code: str, text: str) -> None:
    url, _ = sns.queue()
    assert error_of(getattr(sns.sqs, call), QueueUrl=url, **parameters) == (400, code, text)
    assert sns.in_queue(url) == []


def test_a_queue_that_does_not_exist(sns: Sns) -> None:
    found = error_of(sns.sqs.get_queue_url, QueueName="unknown")
    assert found == (400, f"{BATCH}.NonExistentQueue", "The specified queue does not exist.")


def test_a_permission_exists_already(sns: Sns) -> None:
    url, _ = sns.queue()
    given = {"QueueUrl": url, "Label": "l", "AWSAccountIds": ["123456789012"], "Actions": ["ReceiveMessage"]}
    sns.sqs.add_permission(**given)
    text = "Value l for parameter Label is invalid. Reason: Already exists."
    assert error_of(sns.sqs.add_permission, **given) == (400, "InvalidParameterValue", text)
