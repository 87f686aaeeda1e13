"""SNS subscriptions: confirmed, refused, changed and removed, by the API and by the links in messages."""

import json
from datetime import timedelta

import pytest

from sandbox.core.control import Scope
from tests.support import rule
from tests.support.api.sns_links import ARN, follow
from tests.support.services.sns_stage import URL, Sns, error_of, header


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
