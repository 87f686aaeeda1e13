"""Queues: their attributes as AWS stores and returns them, and FIFO queues (SQS-1 to SQS-3)."""

import json
from typing import Any

import pytest

from tests.support import rule
from tests.support.services.sns_stage import Sns, error_of

ARN = "arn:aws:sqs:us-east-1:123456789012"
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}]})
REDRIVE = '{"deadLetterTargetArn":"%s:dead","maxReceiveCount":4}' % ARN  # noqa: UP031 - braces
ALLOW = '{"redrivePermission":"byQueue","sourceQueueArns":["%s:inbox"]}' % ARN  # noqa: UP031 - braces


def attributes(sns: Sns, url: str, *names: str) -> dict[str, str]:
    return dict(sns.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(names or ["All"])).get("Attributes", {}))


def fifo(sns: Sns, **given: str) -> str:
    return str(sns.sqs.create_queue(QueueName="orders.fifo", Attributes={"FifoQueue": "true", **given})["QueueUrl"])


@rule("SQS-2")
def test_setting_one_attribute_keeps_the_others(sns: Sns) -> None:
    url, dead = sns.queue()[0], sns.queue("dead")[0]
    for name, value in (("Policy", POLICY), ("RedrivePolicy", REDRIVE), ("VisibilityTimeout", "60")):
        sns.sqs.set_queue_attributes(QueueUrl=url, Attributes={name: value})
    sns.sqs.set_queue_attributes(QueueUrl=dead, Attributes={"RedriveAllowPolicy": ALLOW})
    found = attributes(sns, url)
    assert (json.loads(found["Policy"]), found["RedrivePolicy"], found["VisibilityTimeout"]) == (json.loads(POLICY), REDRIVE, "60")
    assert attributes(sns, dead, "RedriveAllowPolicy") == {"RedriveAllowPolicy": ALLOW}
    for name in ("Policy", "RedrivePolicy"):
        sns.sqs.set_queue_attributes(QueueUrl=url, Attributes={name: ""})
    assert not {"Policy", "RedrivePolicy"} & set(attributes(sns, url))


@rule("SQS-1")
@pytest.mark.parametrize(
    ("given", "code", "text"),
    [
        ({"Colour": "red"}, "InvalidAttributeName", "Unknown Attribute Colour."),
        ({"FifoQueue": "false"}, "InvalidAttributeName", "Unknown Attribute FifoQueue."),
        ({"ContentBasedDeduplication": "false"}, "InvalidAttributeName", "Unknown Attribute ContentBasedDeduplication."),
        (
            {"DeduplicationScope": "queue"},
            "InvalidAttributeName",
            "You can specify the DeduplicationScope only when FifoQueue is set to true.",
        ),
        ({"VisibilityTimeout": "43201"}, "InvalidAttributeValue", "Invalid value for the parameter VisibilityTimeout."),
        ({"VisibilityTimeout": "²"}, "InvalidAttributeValue", "Invalid value for the parameter VisibilityTimeout."),
        ({"MaximumMessageSize": "1023"}, "InvalidAttributeValue", "Invalid value for the parameter MaximumMessageSize."),
        ({"Policy": "[]"}, "InvalidAttributeValue", "Invalid value for the parameter Policy."),
        (
            {"RedrivePolicy": "{}"},
            "InvalidParameterValue",
            "Value {} for parameter RedrivePolicy is invalid. "
            "Reason: Redrive policy does not contain mandatory attribute: maxReceiveCount.",
        ),
        (
            {"RedrivePolicy": REDRIVE},
            "InvalidParameterValue",
            f"Value {REDRIVE} for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist.",
        ),
        (
            {"RedrivePolicy": REDRIVE.replace("4}", "0}")},
            "InvalidParameterValue",
            f"Value {REDRIVE.replace('4}', '0}')} for parameter RedrivePolicy is invalid. "
            "Reason: Invalid value for maxReceiveCount: 0, valid values are from 1 to 1000 both inclusive.",
        ),
    ],
)
def test_an_invalid_attribute_is_refused_and_nothing_changes(sns: Sns, given: dict[str, str], code: str, text: str) -> None:
    assert error_of(sns.sqs.create_queue, QueueName="new", Attributes=given) == (400, code, text)
    assert sns.sqs.list_queues().get("QueueUrls", []) == []
    url, _ = sns.queue()
    before = attributes(sns, url)
    assert error_of(sns.sqs.set_queue_attributes, QueueUrl=url, Attributes={"DelaySeconds": "7", **given}) == (400, code, text)
    assert attributes(sns, url) == before


@rule("SQS-1")
def test_creating_a_queue_again(sns: Sns) -> None:
    given = {"DelaySeconds": "3", "Policy": POLICY}
    url = sns.sqs.create_queue(QueueName="inbox", Attributes=given)["QueueUrl"]
    spaced = json.dumps(json.loads(POLICY), indent=1)
    for same in ({}, {"DelaySeconds": "3"}, {"Policy": spaced}, {"VisibilityTimeout": "30"}):
        assert sns.sqs.create_queue(QueueName="inbox", Attributes=same)["QueueUrl"] == url
    text = "A queue already exists with the same name and a different value for attribute DelaySeconds"
    assert error_of(sns.sqs.create_queue, QueueName="inbox", Attributes={"DelaySeconds": "4"})[2] == text


@rule("SQS-1")
def test_a_fifo_queue_does_not_change_its_kind_and_its_dead_letters_are_fifo(sns: Sns) -> None:
    url, _ = fifo(sns), sns.queue("dead")
    sns.sqs.set_queue_attributes(QueueUrl=url, Attributes={"FifoQueue": "true"})
    text = "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported."
    assert error_of(sns.sqs.set_queue_attributes, QueueUrl=url, Attributes={"FifoQueue": "false"})[2] == text
    text = f"Value {REDRIVE} for parameter RedrivePolicy is invalid. Reason: Dead-letter queue must be same type of queue as the source."
    assert error_of(sns.sqs.set_queue_attributes, QueueUrl=url, Attributes={"RedrivePolicy": REDRIVE})[2] == text


@rule("SQS-3")
@pytest.mark.parametrize("content", [False, True])
def test_numbers_increase_and_a_duplicate_gets_those_of_the_first(sns: Sns, content: bool) -> None:
    url = fifo(sns, ContentBasedDeduplication=str(content).lower())

    def send(body: str) -> tuple[str, str]:
        identity = {} if content else {"MessageDeduplicationId": body}
        sent = sns.sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId="g", **identity)
        return sent["MessageId"], sent["SequenceNumber"]

    one, two = send("one"), send("two")
    assert len(one[1]) == 20 and one[1] < two[1]
    (got,) = sns.sqs.receive_message(QueueUrl=url, AttributeNames=["All"])["Messages"]
    assert got["Attributes"]["SequenceNumber"] == one[1]
    sns.sqs.delete_message(QueueUrl=url, ReceiptHandle=got["ReceiptHandle"])
    assert send("one") == one  # the first was deleted
    sns.wait(5 * 60)
    assert send("one")[1] > two[1]
    assert [each["Body"] for each in sns.in_queue(url)] == ["two", "one"]


@rule("SQS-3")
def test_the_scope_of_duplicates_may_be_the_message_group(sns: Sns) -> None:
    url = fifo(sns, DeduplicationScope="messageGroup", FifoThroughputLimit="perMessageGroupId")
    for group in ("a", "b", "a"):
        sns.sqs.send_message(QueueUrl=url, MessageBody=group, MessageGroupId=group, MessageDeduplicationId="d")
    assert [each["Body"] for each in sns.in_queue(url)] == ["a", "b"]


@rule("SQS-1")
@pytest.mark.parametrize(
    ("call", "parameters", "text"),
    [
        (
            "receive_message",
            {"MaxNumberOfMessages": 11},
            "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.",
        ),
        (
            "receive_message",
            {"WaitTimeSeconds": 21},
            "Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.",
        ),
        (
            "send_message",
            {"MessageBody": "m", "MessageGroupId": "group 123"},
            "Value group 123 for parameter MessageGroupId is invalid. "
            "Reason: MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.",
        ),
        (
            "send_message",
            {"MessageBody": "m", "MessageGroupId": "g"},
            "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
        ),
    ],
)
def test_invalid_calls_are_refused(sns: Sns, call: str, parameters: dict[str, Any], text: str) -> None:
    assert error_of(getattr(sns.sqs, call), QueueUrl=fifo(sns), **parameters) == (400, "InvalidParameterValue", text)


STATEMENT = {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}


@pytest.mark.parametrize("statement", [STATEMENT, [STATEMENT], [{"Sid": "other", **STATEMENT}, STATEMENT]])
def test_permissions_are_statements_of_any_policy(sns: Sns, statement: Any) -> None:
    url, _ = sns.queue()
    sns.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": statement})})
    given = {"QueueUrl": url, "Label": "l", "AWSAccountIds": ["123456789012"]}
    before = statement if isinstance(statement, list) else [statement]
    assert error_of(sns.sqs.add_permission, **given, Actions=["Fly"])[1] == "InvalidParameterValue"
    sns.sqs.add_permission(**given, Actions=["ReceiveMessage"])
    found = json.loads(attributes(sns, url)["Policy"])["Statement"]
    assert found[:-1] == before and found[-1]["Sid"] == "l"
    sns.sqs.remove_permission(QueueUrl=url, Label="l")
    assert json.loads(attributes(sns, url)["Policy"])["Statement"] == before
