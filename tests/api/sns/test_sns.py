"""SNS through its API: boto3 in process, subscribers in virtual time. Texts and codes are AWS's."""

import base64
import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from sandbox.aws import state
from sandbox.core.control import Scope
from sandbox.drivers.delivery.simulated import Behaviour
from sandbox.services.sns.decide.deliveries import ATTEMPT_FAILED, DELIVERED, NOT_DELIVERED
from sandbox.services.sns.state.mailbox import MAX_MAILS
from tests.support import rule
from tests.support.aws import request
from tests.support.services.sns_stage import HERE, URL, Sns, error_of, header, staged

ARN = "arn:aws:sns:us-east-1:123456789012:alerts"


def follow(sns: Sns, url: str) -> tuple[int, bytes]:
    """Opens a link as a browser does: without a signature."""
    parts = urlsplit(url)
    status, _, body = request(sns.gateway, "GET", f"{parts.path}?{parts.query}", b"")
    return status, body


def link_in(text: str, action: str) -> str:
    return next(line for line in text.splitlines() if f"Action={action}" in line)


# ---- topics ------------------------------------------------------------------------------------------------------------------------------


@rule("SNS-1")
def test_a_topic_is_created_once(sns: Sns) -> None:
    assert sns.topic(DisplayName="Alarms") == ARN
    assert sns.topic(DisplayName="Alarms") == sns.topic() == ARN
    assert error_of(sns.api.create_topic, Name="alerts", Attributes={"DisplayName": "Other"}) == (
        400,
        "InvalidParameter",
        "Invalid parameter: Attributes Reason: Topic already exists with different attributes",
    )


@pytest.mark.parametrize("operation", ["list_topics", "list_subscriptions"])
def test_an_invalid_next_token_is_refused(sns: Sns, operation: str) -> None:
    assert error_of(getattr(sns.api, operation), NextToken="more") == (400, "InvalidParameter", "Invalid parameter: NextToken")


def test_an_existing_topic_with_other_tags_is_refused(sns: Sns) -> None:
    sns.api.create_topic(Name="t", Tags=[{"Key": "a", "Value": "1"}])
    text = "Invalid parameter: Tags Reason: Topic already exists with different tags"
    assert error_of(sns.api.create_topic, Name="t", Tags=[{"Key": "a", "Value": "2"}]) == (400, "InvalidParameter", text)


def test_attributes_of_a_topic(sns: Sns) -> None:
    topic = sns.topic()
    found = sns.api.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert set(found) == {
        "Owner", "Policy", "TopicArn", "DisplayName", "SubscriptionsPending", "SubscriptionsConfirmed", "SubscriptionsDeleted",
        "EffectiveDeliveryPolicy",
    }  # fmt: skip
    assert json.loads(found["EffectiveDeliveryPolicy"])["http"]["defaultHealthyRetryPolicy"]["numRetries"] == 3
    policy = {"http": {"defaultHealthyRetryPolicy": {"numRetries": 1}, "disableSubscriptionOverrides": True}}
    sns.api.set_topic_attributes(TopicArn=topic, AttributeName="DeliveryPolicy", AttributeValue=json.dumps(policy))
    effective = json.loads(sns.api.get_topic_attributes(TopicArn=topic)["Attributes"]["EffectiveDeliveryPolicy"])["http"]
    assert (effective["defaultHealthyRetryPolicy"]["numRetries"], effective["disableSubscriptionOverrides"]) == (1, True)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("Nothing", "x", "AttributeName"),
        ("DeliveryPolicy", "{", "DeliveryPolicy: failed to parse JSON."),
        (
            "DeliveryPolicy",
            '{"http":{"defaultHealthyRetryPolicy":{"numRetries":101}}}',
            "DeliveryPolicy: http.defaultHealthyRetryPolicy.numRetries must be less than or equal to 100",
        ),
        ("SignatureVersion", "3", "SignatureVersion"),
        ("Policy", "[]", "Policy: must be a JSON object"),
    ],
)
def test_attributes_of_a_topic_are_validated(sns: Sns, name: str, value: str, text: str) -> None:
    status, code, message = error_of(sns.api.set_topic_attributes, TopicArn=sns.topic(), AttributeName=name, AttributeValue=value)
    assert (status, code) == (400, "InvalidParameter")
    assert message.startswith(f"Invalid parameter: {text}")


# ---- subscriptions -----------------------------------------------------------------------------------------------------------------------


@rule("SNS-3", "SNS-6", "SNS-7")
def test_an_http_endpoint_receives_a_confirmation_request(sns: Sns) -> None:
    topic, subscriber = sns.topic(), sns.deliverer.subscriber(URL)
    assert sns.api.subscribe(TopicArn=topic, Protocol="http", Endpoint=URL)["SubscriptionArn"] == "pending confirmation"
    (listed,) = sns.api.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert listed == {
        "SubscriptionArn": "PendingConfirmation", "Owner": "123456789012", "Protocol": "http", "Endpoint": URL, "TopicArn": ARN
    }  # fmt: skip
    assert sns.api.list_subscriptions()["Subscriptions"] == [listed]
    sns.wait()
    (asked,) = subscriber.received
    body = json.loads(asked.body)
    assert list(body) == [
        "Type", "MessageId", "Token", "TopicArn", "Message", "SubscribeURL", "Timestamp", "SignatureVersion", "Signature",
        "SigningCertURL",
    ]  # fmt: skip
    assert body["Message"] == (
        f"You have chosen to subscribe to the topic {ARN}.\nTo confirm the subscription, visit the SubscribeURL included in this message."
    )
    assert body["SubscribeURL"] == f"http://127.0.0.1:4566/?Action=ConfirmSubscription&TopicArn={ARN}&Token={body['Token']}"
    assert header(asked, "x-amz-sns-message-type") == body["Type"] == "SubscriptionConfirmation"
    assert header(asked, "x-amz-sns-message-id") == body["MessageId"]
    assert header(asked, "x-amz-sns-subscription-arn") is None
    assert header(asked, "content-type") == "text/plain; charset=UTF-8"
    assert header(asked, "user-agent") == "Amazon Simple Notification Service Agent"


@rule("SNS-3")
def test_a_pending_subscription_receives_no_messages_and_cannot_be_removed(sns: Sns) -> None:
    topic, subscriber = sns.topic(), sns.deliverer.subscriber(URL)
    arn = sns.api.subscribe(TopicArn=topic, Protocol="http", Endpoint=URL, ReturnSubscriptionArn=True)["SubscriptionArn"]
    assert arn.startswith(f"{ARN}:")
    sns.api.publish(TopicArn=topic, Message="not delivered")
    sns.wait(60)
    assert [header(each, "x-amz-sns-message-type") for each in subscriber.received] == ["SubscriptionConfirmation"]
    text = "Invalid parameter: SubscriptionArn Reason: Cannot unsubscribe a subscription that is pending confirmation"
    assert error_of(sns.api.unsubscribe, SubscriptionArn=arn) == (400, "InvalidParameter", text)
    assert sns.api.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]["PendingConfirmation"] == "true"


@rule("SNS-8")
def test_the_link_confirms_the_subscription(sns: Sns) -> None:
    topic, subscriber = sns.topic(), sns.deliverer.subscriber(URL)
    sns.api.subscribe(TopicArn=topic, Protocol="http", Endpoint=URL)
    sns.wait()
    status, body = follow(sns, json.loads(subscriber.received[0].body)["SubscribeURL"])
    (listed,) = sns.api.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert status == 200 and listed["SubscriptionArn"].encode() in body
    attributes = sns.api.get_subscription_attributes(SubscriptionArn=listed["SubscriptionArn"])["Attributes"]
    assert (attributes["PendingConfirmation"], attributes["ConfirmationWasAuthenticated"]) == ("false", "false")
    counts = sns.api.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert (counts["SubscriptionsConfirmed"], counts["SubscriptionsPending"]) == ("1", "0")


@rule("SNS-8")
def test_links_work_in_every_region(sns: Sns) -> None:
    far = sns.transport.client("sns", Scope("210987654321", "eu-west-3"))
    topic, subscriber = far.create_topic(Name="alerts")["TopicArn"], sns.deliverer.subscriber(URL)
    far.subscribe(TopicArn=topic, Protocol="http", Endpoint=URL)
    sns.wait()
    assert follow(sns, json.loads(subscriber.received[0].body)["SubscribeURL"])[0] == 200
    assert far.list_subscriptions()["Subscriptions"][0]["SubscriptionArn"].startswith(topic)


@pytest.mark.parametrize(
    ("token", "text"),
    [("nonsense", "Invalid token"), ("0" * 224, "Invalid parameter: Token")],
)
def test_an_unknown_token_confirms_nothing(sns: Sns, token: str, text: str) -> None:
    topic = sns.topic()
    sns.api.subscribe(TopicArn=topic, Protocol="http", Endpoint=URL)
    assert error_of(sns.api.confirm_subscription, TopicArn=topic, Token=token) == (400, "InvalidParameter", text)
    assert sns.api.list_subscriptions()["Subscriptions"][0]["SubscriptionArn"] == "PendingConfirmation"


@rule("SNS-3")
def test_a_token_is_valid_for_two_days_and_a_pending_subscription_is_kept_for_three(sns: Sns) -> None:
    topic, subscriber = sns.topic(), sns.deliverer.subscriber(URL)
    sns.api.subscribe(TopicArn=topic, Protocol="http", Endpoint=URL)
    sns.wait()
    token = json.loads(subscriber.received[0].body)["Token"]
    sns.engine.run_until(sns.clock.now() + timedelta(days=2))
    assert error_of(sns.api.confirm_subscription, TopicArn=topic, Token=token)[2] == "Invalid parameter: Token"
    assert len(sns.api.list_subscriptions()["Subscriptions"]) == 1
    sns.engine.run_until(sns.clock.now() + timedelta(days=1))
    assert sns.api.list_subscriptions()["Subscriptions"] == []
    assert len(sns.events("SNS Subscription Removed")) == 1


def test_subscribing_again_sends_another_token_and_creates_no_second_subscription(sns: Sns) -> None:
    topic, subscriber = sns.topic(), sns.deliverer.subscriber(URL)
    for _ in range(2):
        sns.api.subscribe(TopicArn=topic, Protocol="http", Endpoint=URL)
        sns.wait()
    tokens = [json.loads(each.body)["Token"] for each in subscriber.received]
    assert len(set(tokens)) == 2
    arns = {sns.api.confirm_subscription(TopicArn=topic, Token=token)["SubscriptionArn"] for token in tokens}
    assert len(arns) == len(sns.api.list_subscriptions()["Subscriptions"]) == 1


@pytest.mark.parametrize(
    ("protocol", "endpoint", "text"),
    [
        ("pigeon", "x", "Invalid parameter: Amazon SNS does not support this protocol string: pigeon"),
        ("http", "https://127.0.0.1/", "Invalid parameter: Endpoint must match the specified protocol"),
        ("http", "http://", "Invalid parameter: Endpoint Reason: Please provide a valid HTTP endpoint"),
        ("http", "http://[bad/", "Invalid parameter: Endpoint Reason: Please provide a valid HTTP endpoint"),
        ("email", "nobody", "Invalid parameter: Email address"),
        ("sms", "555-ABC", "Invalid SMS endpoint: 555-ABC"),
        ("sqs", "my-queue", "Invalid parameter: SQS endpoint ARN"),
    ],
)
def test_an_invalid_endpoint_is_refused(sns: Sns, protocol: str, endpoint: str, text: str) -> None:
    found = error_of(sns.api.subscribe, TopicArn=sns.topic(), Protocol=protocol, Endpoint=endpoint)
    assert found == (400, "InvalidParameter", text)
    assert sns.api.list_subscriptions()["Subscriptions"] == []


@pytest.mark.parametrize(
    ("endpoint", "reached"),
    [
        ("http://127.0.0.1:4566/", "127.0.0.1:4566"),
        ("http://127.0.0.1:4566/_sandbox/reset", "127.0.0.1:4566"),
        ("https://127.0.0.1:4566/moto-api/reset", "127.0.0.1:4566"),
        ("http://localhost:4566/", "localhost:4566"),
        ("http://sns.localhost:4566/", "sns.localhost:4566"),
        ("http://user@LOCALHOST.:4566/", "localhost.:4566"),
        ("http://[::ffff:127.0.0.1]:4566/", "::ffff:127.0.0.1:4566"),
        ("http://0.0.0.0:4566/", "0.0.0.0:4566"),
        ("http://2130706433:4566/", "2130706433:4566"),
    ],
)
def test_the_sandbox_s_own_api_cannot_subscribe(sns: Sns, endpoint: str, reached: str) -> None:
    found = error_of(sns.api.subscribe, TopicArn=sns.topic(), Protocol=endpoint.partition(":")[0], Endpoint=endpoint)
    why = f"{reached} is the sandbox's API (SANDBOX_PORT); use a port on which your own program listens"
    assert found == (400, "InvalidParameter", f"Invalid parameter: Endpoint Reason: {why}")
    assert sns.api.list_subscriptions()["Subscriptions"] == []
    sns.wait()
    assert sns.events("SNS Delivery Attempt Failed") == []


@rule("SNS-3")
@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:8080/alarms", "http://127.0.0.1:8081/alarms", "http://127.0.0.2:4566/"])
def test_an_application_behind_a_load_balancer_may_subscribe(sns: Sns, endpoint: str) -> None:
    topic, subscriber = sns.topic(), sns.deliverer.subscriber(endpoint)
    sns.api.subscribe(TopicArn=topic, Protocol="http", Endpoint=endpoint)
    sns.wait()
    assert [json.loads(each.body)["Type"] for each in subscriber.received] == ["SubscriptionConfirmation"]


@rule("SNS-2")
@pytest.mark.parametrize("protocol", ["lambda", "firehose"])
def test_protocols_that_the_sandbox_does_not_support(sns: Sns, protocol: str) -> None:
    status, code, text = error_of(sns.api.subscribe, TopicArn=sns.topic(), Protocol=protocol, Endpoint="arn:aws:x:us-east-1:123456789012:y")
    assert (status, code) == (501, "NotImplemented")
    assert f"protocol {protocol}" in text


@pytest.mark.parametrize(
    ("attributes", "text"),
    [
        ({"RawMessageDelivery": "wrongvalue"}, "RawMessageDelivery: Invalid value [wrongvalue]. Must be true or false."),
        ({"FilterPolicy": '{"a":[{"x":1}]}'}, "FilterPolicy: Unrecognized match type x"),
        ({"FilterPolicyScope": "Header"}, "FilterPolicyScope: Invalid value [Header]. Please use either MessageBody or MessageAttributes"),
        ({"RedrivePolicy": '{"deadLetterTargetArn":"fake"}'}, "RedrivePolicy: deadLetterTargetArn is an invalid arn"),
        ({"Colour": "red"}, "AttributeName"),
    ],
)
def test_attributes_of_a_subscription_are_validated(sns: Sns, attributes: dict[str, str], text: str) -> None:
    topic = sns.topic()
    found = error_of(sns.api.subscribe, TopicArn=topic, Protocol="http", Endpoint=URL, Attributes=attributes)
    assert found == (400, "InvalidParameter", f"Invalid parameter: Attributes Reason: {text}")
    _, arn = sns.subscriber(topic)
    ((name, value),) = attributes.items()
    later = error_of(sns.api.set_subscription_attributes, SubscriptionArn=arn, AttributeName=name, AttributeValue=value)
    assert later == (400, "InvalidParameter", f"Invalid parameter: {text}")


def test_the_same_subscription_with_other_attributes_is_refused(sns: Sns) -> None:
    topic = sns.topic()
    _, arn = sns.subscriber(topic, RawMessageDelivery="true")
    again = sns.api.subscribe(TopicArn=topic, Protocol="http", Endpoint=URL, Attributes={"RawMessageDelivery": "true"})
    assert again["SubscriptionArn"] == arn
    text = "Invalid parameter: Attributes Reason: Subscription already exists with different attributes"
    other = {"RawMessageDelivery": "false"}
    found = error_of(sns.api.subscribe, TopicArn=topic, Protocol="http", Endpoint=URL, Attributes=other)
    assert found == (400, "InvalidParameter", text)


@pytest.mark.parametrize(
    ("call", "parameters", "expected"),
    [
        ("get_topic_attributes", {"TopicArn": ARN}, (404, "NotFound", "Topic does not exist")),
        ("publish", {"TopicArn": ARN, "Message": "m"}, (404, "NotFound", "Topic does not exist")),
        ("subscribe", {"TopicArn": ARN, "Protocol": "email", "Endpoint": "a@b"}, (404, "NotFound", "Topic does not exist")),
        (
            "get_topic_attributes",
            {"TopicArn": "alerts"},
            (400, "InvalidParameter", "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1"),
        ),
        ("get_subscription_attributes", {"SubscriptionArn": f"{ARN}:x"}, (404, "NotFound", "Subscription does not exist")),
        (
            "set_subscription_attributes",
            {"SubscriptionArn": f"{ARN}:x", "AttributeName": "RawMessageDelivery", "AttributeValue": "true"},
            (404, "NotFound", "Subscription does not exist"),
        ),
        (
            "unsubscribe",
            {"SubscriptionArn": "PendingConfirmation"},
            (400, "InvalidParameter", "Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, not 1"),
        ),
    ],
)
@rule("SNS-5")
def test_missing_resources(sns: Sns, call: str, parameters: dict[str, str], expected: tuple[int, str, str]) -> None:
    assert error_of(getattr(sns.api, call), **parameters) == expected


def test_unsubscribing_twice_is_no_error(sns: Sns) -> None:
    topic = sns.topic()
    _, arn = sns.subscriber(topic)
    for _ in range(2):
        sns.api.unsubscribe(SubscriptionArn=arn)
    counts = sns.api.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert (counts["SubscriptionsConfirmed"], counts["SubscriptionsDeleted"]) == ("0", "1")


def test_the_link_unsubscribes_and_the_subscriber_can_restore_the_subscription(sns: Sns) -> None:
    topic = sns.topic()
    subscriber, arn = sns.subscriber(topic)
    sns.api.publish(TopicArn=topic, Message="one")
    sns.wait()
    assert follow(sns, json.loads(subscriber.received.pop().body)["UnsubscribeURL"])[0] == 200
    sns.wait()
    assert sns.api.list_subscriptions()["Subscriptions"] == []
    notice = json.loads(subscriber.received[-1].body)
    assert notice["Type"] == "UnsubscribeConfirmation"
    assert header(subscriber.received[-1], "x-amz-sns-subscription-arn") == arn
    assert follow(sns, notice["SubscribeURL"])[0] == 200
    assert sns.api.list_subscriptions()["Subscriptions"][0]["SubscriptionArn"] == arn


def test_a_link_cannot_remove_a_subscription_that_was_confirmed_with_authentication(sns: Sns) -> None:
    topic, subscriber = sns.topic(), sns.deliverer.subscriber(URL)
    sns.api.subscribe(TopicArn=topic, Protocol="http", Endpoint=URL)
    sns.wait()
    token = json.loads(subscriber.received[0].body)["Token"]
    confirmed = sns.api.confirm_subscription(TopicArn=topic, Token=token, AuthenticateOnUnsubscribe="true")
    status, body = follow(sns, f"http://127.0.0.1:4566/?Action=Unsubscribe&SubscriptionArn={confirmed['SubscriptionArn']}")
    assert status == 403 and b"AuthorizationError" in body
    sns.api.unsubscribe(SubscriptionArn=confirmed["SubscriptionArn"])
    assert sns.api.list_subscriptions()["Subscriptions"] == []


# ---- Publish -----------------------------------------------------------------------------------------------------------------------------


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


# ---- what subscribers receive ------------------------------------------------------------------------------------------------------------


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


# ---- failures and retries ----------------------------------------------------------------------------------------------------------------


@rule("SNS-9")
@pytest.mark.parametrize(
    ("behaviour", "status", "moments"),
    [
        (Behaviour.ANSWERS, 200, [0]),
        (Behaviour.ANSWERS, 302, [0]),
        (Behaviour.ANSWERS, 404, [0]),  # any status below 500 means delivered
        (Behaviour.ANSWERS, 500, [0, 20, 40, 60]),
        (Behaviour.ANSWERS, 503, [0, 20, 40, 60]),
        (Behaviour.SILENT, 0, [0, 35, 70, 105]),  # 15 s of waiting each
    ],
)
def test_when_a_delivery_is_attempted(sns: Sns, behaviour: Behaviour, status: int, moments: list[int]) -> None:
    topic = sns.topic()
    subscriber, _ = sns.subscriber(topic)
    subscriber.behaviour, subscriber.status_code = behaviour, status
    began, seen = sns.clock.now(), []
    start = sns.deliverer.start
    sns.deliverer.start = lambda request: (seen.append((sns.clock.now() - began).total_seconds()), start(request))[1]  # type: ignore[method-assign, func-returns-value]
    sns.api.publish(TopicArn=topic, Message="m")
    sns.wait(600)
    assert [round(at) for at in seen] == moments
    recorded = [
        event.detail_type for event in sns.journal.events() if event.source == "aws.sns" and event.detail.get("type") == "Notification"
    ]
    outcome = DELIVERED if moments == [0] else NOT_DELIVERED
    assert recorded == [ATTEMPT_FAILED] * (len(moments) - 1) + [outcome]


@rule("SNS-9")
def test_a_retry_sends_the_same_bytes(sns: Sns) -> None:
    topic = sns.topic()
    subscriber, _ = sns.subscriber(topic)
    subscriber.status_code = 503
    sns.api.publish(TopicArn=topic, Message="m")
    sns.wait(10)
    subscriber.status_code = 200
    sns.wait(60)
    first, second = subscriber.received
    assert first.body == second.body
    assert [event.detail["attempts"] for event in sns.events(DELIVERED)][-1] == 2


def test_the_outcome_of_a_delivery_is_explained_by_its_causes(sns: Sns) -> None:
    topic = sns.topic()
    sns.subscriber(topic)[0].behaviour = Behaviour.DOWN
    message_id = sns.api.publish(TopicArn=topic, Message="m")["MessageId"]
    sns.wait(120)
    last = sns.journal.about(message_id)[-1]
    assert last.summary == f"the notification from alerts to {URL} is discarded after 4 attempts: connection refused"
    assert [each.detail_type for each in sns.journal.chain(last)] == [
        "AWS API Call via CloudTrail", "SNS Message Published", NOT_DELIVERED
    ]  # fmt: skip


@rule("SNS-9")
def test_delivery_policies_of_topic_and_subscription(sns: Sns) -> None:
    retry = {"minDelayTarget": 1, "maxDelayTarget": 1, "numRetries": 5}
    topic = sns.topic(DeliveryPolicy=json.dumps({"http": {"defaultHealthyRetryPolicy": retry}}))
    subscriber, arn = sns.subscriber(topic)
    subscriber.status_code = 500
    sns.api.publish(TopicArn=topic, Message="m")
    sns.wait(30)
    assert len(subscriber.received) == 6
    own = json.dumps({"healthyRetryPolicy": {**retry, "numRetries": 0}, "requestPolicy": {"headerContentType": "application/json"}})
    sns.api.set_subscription_attributes(SubscriptionArn=arn, AttributeName="DeliveryPolicy", AttributeValue=own)
    sns.api.publish(TopicArn=topic, Message="m")
    sns.wait(30)
    assert len(subscriber.received) == 7
    assert header(subscriber.received[-1], "content-type") == "application/json"
    effective = json.loads(sns.api.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]["EffectiveDeliveryPolicy"])
    assert effective["healthyRetryPolicy"]["numRetries"] == 0
    closed = {"http": {"defaultHealthyRetryPolicy": retry, "disableSubscriptionOverrides": True}}
    sns.api.set_topic_attributes(TopicArn=topic, AttributeName="DeliveryPolicy", AttributeValue=json.dumps(closed))
    sns.api.publish(TopicArn=topic, Message="m")
    sns.wait(30)
    assert len(subscriber.received) == 13


@rule("SNS-9")
def test_deliveries_are_throttled_to_max_receives_per_second(sns: Sns) -> None:
    topic = sns.topic()
    subscriber, _ = sns.subscriber(topic, DeliveryPolicy='{"throttlePolicy": {"maxReceivesPerSecond": 2}}')
    for _ in range(6):
        sns.api.publish(TopicArn=topic, Message="m")
    for expected in (2, 4, 6):
        sns.wait(0.99 if expected == 2 else 1)
        assert len(subscriber.received) == expected


@rule("SNS-9")
def test_an_undeliverable_message_is_moved_to_the_dead_letter_queue(sns: Sns) -> None:
    topic, (inbox, queue_arn) = sns.topic(), sns.queue("dead")
    subscriber, _ = sns.subscriber(topic, RedrivePolicy=json.dumps({"deadLetterTargetArn": queue_arn}))
    subscriber.status_code = 500
    sns.api.publish(TopicArn=topic, Message="keep me")
    sns.wait(59)
    assert sns.in_queue(inbox) == []
    sns.wait(2)
    (moved,) = sns.in_queue(inbox)
    assert json.loads(moved["Body"])["Message"] == "keep me"
    assert len(sns.events("SNS Notification Moved To Dead-Letter Queue")) == 1


def test_a_missing_dead_letter_queue_is_reported(sns: Sns) -> None:
    topic = sns.topic()
    gone = json.dumps({"deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:gone"})
    sns.subscriber(topic, RedrivePolicy=gone)[0].behaviour = Behaviour.DOWN
    sns.api.publish(TopicArn=topic, Message="m")
    sns.wait(120)
    assert "lost: sending it to the dead-letter queue gone failed" in sns.events(NOT_DELIVERED)[-1].summary


def test_a_missing_queue_is_not_retried(sns: Sns) -> None:
    topic, (inbox, dead) = sns.topic(), sns.queue("dead")
    redrive = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": dead})}
    sns.api.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:gone", Attributes=redrive)
    sns.api.publish(TopicArn=topic, Message="m")
    sns.wait(1)
    assert len(sns.in_queue(inbox)) == 1
    assert [event.detail["attempts"] for event in sns.events(NOT_DELIVERED)] == [1]


def test_a_subscriber_that_never_responds_delays_no_other(sns: Sns) -> None:
    topic = sns.topic()
    sns.subscriber(topic, "http://127.0.0.1:1/silent")[0].behaviour = Behaviour.SILENT
    subscriber, _ = sns.subscriber(topic)
    for _ in range(50):
        sns.api.publish(TopicArn=topic, Message="m")
    sns.wait(1)
    assert len(subscriber.received) == 50


def test_a_removed_subscription_receives_no_retry(sns: Sns) -> None:
    topic = sns.topic()
    subscriber, arn = sns.subscriber(topic)
    subscriber.status_code = 500
    sns.api.publish(TopicArn=topic, Message="m")
    sns.wait(1)
    sns.api.unsubscribe(SubscriptionArn=arn)
    sns.wait(120)
    assert [header(each, "x-amz-sns-message-type") for each in subscriber.received].count("Notification") == 1
    assert "the subscription was removed before the next attempt" in sns.events(NOT_DELIVERED)[0].summary


@pytest.mark.parametrize("during", ["attempt", "wait"])
def test_pending_deliveries_survive_a_restart(sns: Sns, tmp_path: Any, during: str) -> None:
    from sandbox.services.sns.controller import SnsController

    topic = sns.topic()
    subscriber, _ = sns.subscriber(topic)
    subscriber.behaviour, subscriber.status_code = (Behaviour.SILENT if during == "attempt" else Behaviour.ANSWERS), 503
    sns.api.publish(TopicArn=topic, Message="m")
    sns.wait(5)
    state.save(tmp_path / "state")
    state.load(tmp_path / "state")
    subscriber.behaviour, subscriber.status_code = Behaviour.ANSWERS, 200
    sns.deliverer._results.__init__()  # type: ignore[misc] - a new process has no results
    again = SnsController(sns.journal, sns.transport, sns.deliverer)
    sns.engine.add([again])
    sns.engine.wake()
    sns.wait(30)
    assert len(subscriber.received) == 2
    assert subscriber.received[0].body == subscriber.received[1].body
    assert [event.detail["attempts"] for event in sns.events(DELIVERED)][-1] == (1 if during == "attempt" else 2)
    assert follow(sns, json.loads(subscriber.received[1].body)["SigningCertURL"])[0] == 200


def test_the_same_seed_gives_the_same_journal() -> None:
    def story() -> list[tuple[str, str, str | None]]:
        with staged() as sns:
            topic = sns.topic()
            sns.subscriber(topic)[0].status_code = 500
            sns.api.publish(TopicArn=topic, Message="m")
            sns.wait(120)
            return [(event.id, event.summary, event.cause) for event in sns.journal.events()]

    assert story() == story()
