"""What a DeliveryPolicy may say, and what it means for a subscription (SNS-9)."""

import pytest

from sandbox.services.sns.decide.delivery_policies import BadPolicy, of_subscription, of_topic
from sandbox.services.sns.retry_model import BackoffFunction, DeliveryPolicy, RetryPolicy


def test_a_topics_policy_may_forbid_overrides_by_subscriptions() -> None:
    given = {
        "http": {
            "defaultHealthyRetryPolicy": {"minDelayTarget": 1, "maxDelayTarget": 4, "numRetries": 5, "backoffFunction": "geometric"},
            "disableSubscriptionOverrides": True,
            "defaultThrottlePolicy": {"maxReceivesPerSecond": 2},
            "defaultRequestPolicy": {"headerContentType": "application/json"},
        }
    }
    policy, overridable = of_topic(given)
    assert not overridable
    assert (policy.retry.num_retries, policy.retry.backoff_function) == (5, BackoffFunction.GEOMETRIC)
    assert (policy.max_receives_per_second, policy.content_type) == (2, "application/json")


def test_what_a_subscription_omits_comes_from_the_topic() -> None:
    of_the_topic = DeliveryPolicy(retry=RetryPolicy(num_retries=7), max_receives_per_second=3, content_type="application/json")
    found = of_subscription({"throttlePolicy": {"maxReceivesPerSecond": 9}}, of_the_topic)
    assert found == DeliveryPolicy(retry=RetryPolicy(num_retries=7), max_receives_per_second=9, content_type="application/json")


@pytest.mark.parametrize(
    ("retry", "text"),
    [
        ({"numRetries": 101}, "healthyRetryPolicy.numRetries must be less than or equal to 100"),
        ({"numRetries": -1}, "healthyRetryPolicy.numRetries must be greater than or equal to 0"),
        ({"numRetries": "3"}, "healthyRetryPolicy.numRetries must be an integer"),
        ({"minDelayTarget": 0}, "healthyRetryPolicy.minDelayTarget must be greater than or equal to 1"),
        ({"maxDelayTarget": 3601}, "healthyRetryPolicy.maxDelayTarget must be less than or equal to 3600"),
        ({"minDelayTarget": 30}, "healthyRetryPolicy.minDelayTarget must be less than or equal to maxDelayTarget"),
        ({"backoffFunction": "cubic"}, "healthyRetryPolicy.backoffFunction must be one of linear, arithmetic, geometric, exponential"),
        ({"numRetries": 1, "numNoDelayRetries": 2}, "healthyRetryPolicy.numRetries must be greater than or equal to total of"),
        ({"retries": 1}, "Unexpected JSON member: healthyRetryPolicy.retries"),
        ([], "healthyRetryPolicy must be a JSON object"),
    ],
)
def test_an_invalid_policy_is_refused(retry: object, text: str) -> None:
    with pytest.raises(BadPolicy) as caught:
        of_subscription({"healthyRetryPolicy": retry}, DeliveryPolicy())
    assert str(caught.value).startswith(text)


def test_unknown_members_of_a_topics_policy_are_refused() -> None:
    with pytest.raises(BadPolicy, match="Unexpected JSON member: throttlePolicy"):
        of_topic({"throttlePolicy": {}})
