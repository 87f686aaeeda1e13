"""The attributes of topics and subscriptions: what may be set, in the words of SNS's refusals, and what follows from them.

Raises `Refused` with the text after `Invalid parameter: `. Reads moto's objects, changes nothing.
"""

import json
from typing import Any

from sandbox.services.sns.api.validation import filter_policy as filter_policy_validation
from sandbox.services.sns.decide import retry_policy
from sandbox.services.sns.decide.filter_policy import ATTRIBUTES
from sandbox.services.sns.decide.publishing import LARGEST_OPTION, LONGEST_MESSAGE, Refused
from sandbox.services.sns.decide.retry_policy import BadPolicy, DeliveryPolicy
from sandbox.services.sns.model import POSTED, Protocol

OF_SUBSCRIPTIONS = (
    "DeliveryPolicy",
    "FilterPolicy",
    "FilterPolicyScope",
    "RawMessageDelivery",
    "RedrivePolicy",
    "ReplayPolicy",
    "SubscriptionRoleArn",
)
FEEDBACK = ("SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate", "FailureFeedbackRoleArn")
OF_TOPICS = (
    "ArchivePolicy",
    "ContentBasedDeduplication",
    "DeliveryPolicy",
    "DisplayName",
    "FifoThroughputScope",
    "FifoTopic",
    "KmsMasterKeyId",
    "MaximumMessageSize",
    "Policy",
    "SignatureVersion",
    "TracingConfig",
    *(f"{protocol}{name}" for protocol in ("HTTP", "SQS", "Lambda", "Firehose", "Application") for name in FEEDBACK),
)


def check_topic(name: str, value: Any) -> None:
    if name not in OF_TOPICS:
        raise Refused("AttributeName")
    match name:
        case "DeliveryPolicy" if value:
            _delivery_policy_of_topic(value)
        case "SignatureVersion" if value not in ("1", "2"):
            raise Refused("SignatureVersion")
        case "Policy":
            _object("Policy", value)
        case "MaximumMessageSize" if not (str(value).isdigit() and 1024 <= int(value) <= LARGEST_OPTION):
            raise Refused(f"MaximumMessageSize must be a whole number from 1024 to {LARGEST_OPTION}")  # (U)


def check_subscription(name: str, value: str, scope: str, protocol: Protocol) -> Any:
    """The value as it is kept. `scope`: of filter policies, as it will be."""
    if name not in OF_SUBSCRIPTIONS:
        raise Refused("AttributeName")
    match name:
        case "RawMessageDelivery":
            if value.lower() not in ("true", "false"):
                raise Refused(f"RawMessageDelivery: Invalid value [{value}]. Must be true or false.")
            return value.lower() == "true"
        case "FilterPolicyScope":
            _filter(lambda: filter_policy_validation.check_scope(value), name)
        case "FilterPolicy" if value:
            _filter(lambda: filter_policy_validation.parsed(value, scope), name)
        case "DeliveryPolicy" if value:
            _check_delivery_policy(value, protocol)
        case "RedrivePolicy" if value:
            _check_redrive(value)
    return value


def _filter(check: Any, name: str) -> None:
    try:
        check()
    except filter_policy_validation.BadFilter as error:
        raise Refused(f"{name}: {error}") from None


def _check_delivery_policy(value: str, protocol: Protocol) -> None:
    if protocol not in POSTED:
        raise Refused(f"DeliveryPolicy: protocol {protocol.value} has no delivery policy of its own")  # (U)
    try:
        retry_policy.of_subscription(_object("DeliveryPolicy", value), DeliveryPolicy())
    except BadPolicy as error:
        raise Refused(f"DeliveryPolicy: {error}") from None


def _check_redrive(value: str) -> None:
    arn = _object("RedrivePolicy", value).get("deadLetterTargetArn")
    parts = str(arn).split(":")
    if len(parts) != 6 or parts[0] != "arn" or parts[2] != "sqs":
        raise Refused("RedrivePolicy: deadLetterTargetArn is an invalid arn")


def _object(name: str, value: str) -> dict[str, Any]:
    try:
        found = json.loads(value)
    except ValueError as error:
        raise Refused(f"{name}: failed to parse JSON. {error}") from None
    if not isinstance(found, dict):
        raise Refused(f"{name}: must be a JSON object")
    return found


# ---- what follows from them --------------------------------------------------------------------------------------------------------------


def _delivery_policy_of_topic(value: str) -> tuple[DeliveryPolicy, bool]:
    try:
        return retry_policy.of_topic(_object("DeliveryPolicy", value))
    except BadPolicy as error:
        raise Refused(f"DeliveryPolicy: {error}") from None


def topic_policy(topic: Any) -> tuple[DeliveryPolicy, bool]:
    """What holds for the topic's HTTP subscribers, and whether they may say otherwise."""
    return _delivery_policy_of_topic(topic.delivery_policy) if topic.delivery_policy else (DeliveryPolicy(), True)


def delivery_policy(subscription: Any) -> DeliveryPolicy:
    of_topic, overridable = topic_policy(subscription.topic)
    own = subscription.attributes.get("DeliveryPolicy")
    return retry_policy.of_subscription(json.loads(own), of_topic) if own and overridable else of_topic


def effective_topic_policy(topic: Any) -> str:
    """EffectiveDeliveryPolicy as AWS shows it."""
    policy, overridable = topic_policy(topic)
    http: dict[str, Any] = {
        "defaultHealthyRetryPolicy": retry_policy.retry_json(policy.retry),
        "disableSubscriptionOverrides": not overridable,
        "defaultRequestPolicy": {"headerContentType": policy.content_type},
    }
    if policy.max_receives_per_second is not None:
        http["defaultThrottlePolicy"] = {"maxReceivesPerSecond": policy.max_receives_per_second}
    return json.dumps({"http": http}, separators=(",", ":"))


def filter_of(subscription: Any) -> tuple[dict[str, Any] | None, str]:
    """Filter policy and scope."""
    text = subscription.attributes.get("FilterPolicy")
    return (json.loads(text) if text else None), subscription.attributes.get("FilterPolicyScope") or ATTRIBUTES


def dead_letter_arn(subscription: Any) -> str | None:
    text = subscription.attributes.get("RedrivePolicy")
    return str(json.loads(text)["deadLetterTargetArn"]) if text else None


def longest_message(topic: Any) -> int:
    return int(getattr(topic, "maximum_message_size", None) or LONGEST_MESSAGE)
