"""Parses the attributes of topics and subscriptions: delivery policy, filter policy, dead-letter queue. Reads only."""

import json
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.utils import camelcase_to_underscores

from sandbox.services.sns.decide import delivery_policies
from sandbox.services.sns.decide.filter_policy import ATTRIBUTES
from sandbox.services.sns.model import LONGEST_MESSAGE, TOPIC
from sandbox.services.sns.retry_model import DeliveryPolicy, retry_json

FEEDBACK = ("SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate", "FailureFeedbackRoleArn")
STORED = (
    "MaximumMessageSize",
    "SignatureVersion",
    "TracingConfig",
    *(f"{protocol}{name}" for protocol in ("HTTP", "SQS", "Lambda", "Firehose", "Application") for name in FEEDBACK),
)


def topic_policy(topic: Any) -> tuple[DeliveryPolicy, bool]:
    """The delivery policy of the topic, and whether subscriptions may override it."""
    return delivery_policies.of_topic(json.loads(topic.delivery_policy)) if topic.delivery_policy else (DeliveryPolicy(), True)


def delivery_policy(subscription: Any) -> DeliveryPolicy:
    of_topic, overridable = topic_policy(subscription.topic)
    own = subscription.attributes.get("DeliveryPolicy")
    return delivery_policies.of_subscription(json.loads(own), of_topic) if own and overridable else of_topic


def effective_topic_policy(topic: Any) -> str:
    """EffectiveDeliveryPolicy as AWS returns it."""
    policy, overridable = topic_policy(topic)
    http: dict[str, Any] = {
        "defaultHealthyRetryPolicy": retry_json(policy.retry),
        "disableSubscriptionOverrides": not overridable,
        "defaultRequestPolicy": {"headerContentType": policy.content_type},
    }
    if policy.max_receives_per_second is not None:
        http["defaultThrottlePolicy"] = {"maxReceivesPerSecond": policy.max_receives_per_second}
    return json.dumps({"http": http}, separators=(",", ":"))


def filter_policy(subscription: Any) -> tuple[dict[str, Any] | None, str]:
    """→ filter policy (None: none is set) and scope."""
    text = subscription.attributes.get("FilterPolicy")
    return (json.loads(text) if text else None), subscription.attributes.get("FilterPolicyScope") or ATTRIBUTES


def dead_letter_arn(subscription: Any) -> str | None:
    text = subscription.attributes.get("RedrivePolicy")
    return str(json.loads(text)["deadLetterTargetArn"]) if text else None


def longest_message(topic: Any) -> int:
    """MaximumMessageSize in bytes. moto's topic has the attribute only when it was set."""
    return int(getattr(topic, "maximum_message_size", None) or LONGEST_MESSAGE)


def stored_attributes(topic: Any) -> dict[str, Any]:
    """Attributes that moto stores and does not return. moto's topic has them only when they were set."""
    found = {name: getattr(topic, camelcase_to_underscores(name), "") for name in STORED}
    if topic.fifo_topic:
        found["FifoThroughputScope"] = throughput_scope(topic)
    return {name: value for name, value in found.items() if value != ""}


def throughput_scope(topic: Any) -> str:
    """FifoThroughputScope. moto's topic has the attribute only when it was set."""
    return str(getattr(topic, "fifo_throughput_scope", TOPIC))


def signature_version(topic: Any) -> str:
    """SignatureVersion. moto's topic has the attribute only when it was set."""
    return str(getattr(topic, "signature_version", "1"))
