"""SNS topics by the API."""

import json

import pytest

from tests.support import rule
from tests.support.api.sns_links import ARN
from tests.support.services.sns_stage import Sns, error_of


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
