"""What subscribers of each protocol receive."""

import base64
import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from sandbox.services.sns.state.mailbox import MAX_MAILS
from tests.support import rule
from tests.support.api.sns_links import follow
from tests.support.services.sns_stage import HERE, Sns, error_of, header


def link_in(text: str, action: str) -> str:
    return next(line for line in text.splitlines() if f"Action={action}" in line)


@rule("SNS-6", "SNS-7")
def test_an_http_subscriber_receives_awss_body_and_headers(sns: Sns) -> None:
    topic = sns.topic()
    subscriber, arn = sns.subscriber(topic)
    attributes = {"colour": {"DataType": "String", "StringValue": "red"}}
    message_id = sns.api.publish(TopicArn=topic, Message="CPU is high", Subject="ALARM", MessageAttributes=attributes)["MessageId"]
    sns.wait()
    (got,) = subscriber.received
    body = json.loads(got.body)
    assert list(body) == [
        "Type", "MessageId", "TopicArn", "Subject", "Message", "Timestamp", "SignatureVersion", "Signature", "SigningCertURL",
        "UnsubscribeURL", "MessageAttributes",
    ]  # fmt: skip
    assert (body["MessageId"], body["TopicArn"], body["Subject"], body["Message"]) == (message_id, topic, "ALARM", "CPU is high")
    assert body["Timestamp"] == "2026-05-07T12:00:01.000Z"
    assert body["UnsubscribeURL"] == f"http://127.0.0.1:4566/?Action=Unsubscribe&SubscriptionArn={arn}"
    assert body["MessageAttributes"] == {"colour": {"Type": "String", "Value": "red"}}
    assert [header(got, f"x-amz-sns-{name}") for name in ("message-type", "message-id", "topic-arn", "subscription-arn")] == [
        "Notification", message_id, topic, arn
    ]  # fmt: skip
    assert header(got, "x-amz-sns-rawdelivery") is None


@pytest.mark.parametrize(("version", "algorithm"), [("1", hashes.SHA1()), ("2", hashes.SHA256())])
@rule("SNS-7")
def test_the_served_certificate_verifies_the_signature(sns: Sns, version: str, algorithm: hashes.HashAlgorithm) -> None:
    topic = sns.topic(SignatureVersion=version)
    subscriber, _ = sns.subscriber(topic)
    sns.api.publish(TopicArn=topic, Message="signed", Subject="S")
    sns.wait()
    body = json.loads(subscriber.received[0].body)
    assert body["SignatureVersion"] == version
    status, pem = follow(sns, body["SigningCertURL"])
    key = x509.load_pem_x509_certificate(pem).public_key()
    assert status == 200 and isinstance(key, rsa.RSAPublicKey)
    signed = "".join(f"{name}\n{body[name]}\n" for name in ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"))
    key.verify(base64.b64decode(body["Signature"]), signed.encode(), padding.PKCS1v15(), algorithm)


def test_an_unknown_certificate_is_not_found(sns: Sns) -> None:
    assert follow(sns, "http://127.0.0.1:4566/SimpleNotificationService-0.pem")[0] == 404


@rule("SNS-6")
def test_raw_delivery_sends_only_the_message(sns: Sns) -> None:
    topic = sns.topic()
    subscriber, _ = sns.subscriber(topic, RawMessageDelivery="true")
    sns.api.publish(TopicArn=topic, Message="just this", Subject="not this")
    sns.wait()
    (got,) = subscriber.received
    assert (got.body, header(got, "x-amz-sns-rawdelivery")) == ("just this", "true")


@rule("SNS-4", "SNS-10")
def test_each_protocol_receives_its_text(sns: Sns) -> None:
    topic, (inbox, queue_arn) = sns.topic(), sns.queue()
    subscriber, _ = sns.subscriber(topic)
    sns.api.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn)
    sns.api.subscribe(TopicArn=topic, Protocol="sms", Endpoint="+15555550100")
    texts = {"default": "for all", "http": "for http", "sms": "short"}
    sns.api.publish(TopicArn=topic, Message=json.dumps(texts), MessageStructure="json")
    sns.wait()
    assert json.loads(subscriber.received[0].body)["Message"] == "for http"
    assert [json.loads(each["Body"])["Message"] for each in sns.in_queue(inbox)] == ["for all"]
    assert sns.mailbox.messages("+15555550100")[-1].body == "short"


@rule("SNS-12")
def test_a_filter_policy_selects_messages(sns: Sns) -> None:
    topic = sns.topic()
    subscriber, arn = sns.subscriber(topic, FilterPolicy='{"state": ["ALARM"]}')
    for value in ("OK", "ALARM"):
        sns.api.publish(TopicArn=topic, Message=value, MessageAttributes={"state": {"DataType": "String", "StringValue": value}})
    sns.wait()
    assert [json.loads(each.body)["Message"] for each in subscriber.received] == ["ALARM"]
    assert [event.detail["filteredOut"] for event in sns.events("SNS Message Published")] == [1, 0]
    for name, value in (("FilterPolicyScope", "MessageBody"), ("FilterPolicy", '{"Trigger": {"MetricName": ["CPUUtilization"]}}')):
        sns.api.set_subscription_attributes(SubscriptionArn=arn, AttributeName=name, AttributeValue=value)
    for metric in ("CPUUtilization", "NetworkIn"):
        sns.api.publish(TopicArn=topic, Message=json.dumps({"Trigger": {"MetricName": metric}}))
    sns.wait()
    assert "CPUUtilization" in subscriber.received[-1].body and len(subscriber.received) == 2


@rule("SNS-10")
def test_a_queue_receives_the_notification_or_the_raw_message_with_its_attributes(sns: Sns) -> None:
    topic, (inbox, queue_arn) = sns.topic(), sns.queue()
    arn = sns.api.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn)["SubscriptionArn"]
    attributes = {"n": {"DataType": "Number", "StringValue": "7"}, "b": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}}
    sns.api.publish(TopicArn=topic, Message="wrapped", MessageAttributes=attributes)
    sns.wait()
    (wrapped,) = sns.in_queue(inbox)
    body = json.loads(wrapped["Body"])
    assert (body["Type"], body["Message"], "MessageAttributes" in wrapped) == ("Notification", "wrapped", False)
    assert body["MessageAttributes"] == {"n": {"Type": "Number", "Value": "7"}, "b": {"Type": "Binary", "Value": "AP8="}}
    sns.api.set_subscription_attributes(SubscriptionArn=arn, AttributeName="RawMessageDelivery", AttributeValue="true")
    sns.api.publish(TopicArn=topic, Message="bare", MessageAttributes=attributes)
    sns.wait()
    (bare,) = sns.in_queue(inbox)
    assert bare["Body"] == "bare"
    assert bare["MessageAttributes"] == {
        "n": {"DataType": "Number", "StringValue": "7"}, "b": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}
    }  # fmt: skip


@rule("SNS-3", "SNS-11")
def test_email_is_stored_in_the_mailbox_after_its_recipient_confirmed_by_the_link(sns: Sns) -> None:
    topic = sns.topic()
    sns.api.subscribe(TopicArn=topic, Protocol="email", Endpoint="me@example.com")
    sns.api.publish(TopicArn=topic, Message="too early")
    sns.wait()
    (asked,) = sns.mailbox.messages()
    assert (asked.subject, asked.to) == ("AWS Notification - Subscription Confirmation", "me@example.com")
    assert follow(sns, link_in(asked.body, "ConfirmSubscription"))[0] == 200
    sns.api.publish(TopicArn=topic, Message="CPU is high")
    sns.api.publish(TopicArn=topic, Message="CPU is low", Subject="OK")
    sns.wait()
    first, second = sns.mailbox.messages("me@example.com")[1:]
    assert (first.sender, first.subject) == ("AWS Notifications <no-reply@sns.amazonaws.com>", "AWS Notification Message")
    assert first.body.startswith("CPU is high\n\n--\n")
    assert second.subject == "OK"
    assert follow(sns, link_in(second.body, "Unsubscribe"))[0] == 200
    assert sns.api.list_subscriptions()["Subscriptions"] == []


def test_email_json_receives_the_json(sns: Sns) -> None:
    topic = sns.topic()
    sns.api.subscribe(TopicArn=topic, Protocol="email-json", Endpoint="me@example.com")
    sns.wait()
    sns.api.confirm_subscription(TopicArn=topic, Token=json.loads(sns.mailbox.messages()[0].body)["Token"])
    sns.api.publish(TopicArn=topic, Message="m")
    sns.wait()
    assert json.loads(sns.mailbox.messages()[1].body)["Type"] == "Notification"


def test_text_messages(sns: Sns) -> None:
    topic = sns.topic(DisplayName="Alarms")
    assert sns.api.subscribe(TopicArn=topic, Protocol="sms", Endpoint="+15555550100")["SubscriptionArn"].startswith(topic)
    sns.api.publish(TopicArn=topic, Message="by topic")
    sns.api.publish(PhoneNumber="+15555550100", Message="by number")
    sns.wait()
    assert sorted(each.body for each in sns.mailbox.messages("+15555550100")) == [
        "Alarms> by topic", "You have subscribed to Alarms.", "by number"
    ]  # fmt: skip
    assert error_of(sns.api.publish, PhoneNumber="12ab", Message="m")[2] == (
        "Invalid parameter: PhoneNumber Reason: 12ab is not valid to publish to"
    )


def test_the_mailbox_has_the_newest_messages(sns: Sns) -> None:
    from moto.sns.models import sns_backends

    sns.api.publish(PhoneNumber="+15555550100", Message="the newest")
    backend = sns_backends[HERE.account][HERE.region]
    (delivery,) = backend.sandbox_deliveries.values()
    for _ in range(MAX_MAILS + 5):
        backend.put_in_mailbox(delivery)
    assert len(sns.mailbox.messages()) == MAX_MAILS
