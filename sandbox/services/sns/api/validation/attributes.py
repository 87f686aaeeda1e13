"""Which attributes topics and subscriptions take, with which values. Each check raises BadParameter, whose text follows
`Invalid parameter: `.
"""

import json
from typing import Any

from sandbox.services.sns.api.validation import filter_policy as filter_policy_validation
from sandbox.services.sns.api.validation.publish import LARGEST_OPTION
from sandbox.services.sns.decide import delivery_policies
from sandbox.services.sns.decide.delivery_policies import BadPolicy
from sandbox.services.sns.errors import BadParameter
from sandbox.services.sns.model import POSTED, Protocol
from sandbox.services.sns.retry_model import DeliveryPolicy

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
        raise BadParameter("AttributeName")
    match name:
        case "DeliveryPolicy" if value:
            _check_topic_delivery_policy(value)
        case "SignatureVersion" if value not in ("1", "2"):
            raise BadParameter("SignatureVersion")
        case "Policy":
            _object("Policy", value)
        case "MaximumMessageSize" if not (str(value).isdigit() and 1024 <= int(value) <= LARGEST_OPTION):
            raise BadParameter(f"MaximumMessageSize must be a whole number from 1024 to {LARGEST_OPTION}")  # (U)


def check_subscription(name: str, value: str, scope: str, protocol: Protocol) -> Any:
    """The value as it is kept. `scope`: of filter policies, as it will be."""
    if name not in OF_SUBSCRIPTIONS:
        raise BadParameter("AttributeName")
    match name:
        case "RawMessageDelivery":
            if value.lower() not in ("true", "false"):
                raise BadParameter(f"RawMessageDelivery: Invalid value [{value}]. Must be true or false.")
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
        raise BadParameter(f"{name}: {error}") from None


def _check_delivery_policy(value: str, protocol: Protocol) -> None:
    if protocol not in POSTED:
        raise BadParameter(f"DeliveryPolicy: protocol {protocol.value} has no delivery policy of its own")  # (U)
    try:
        delivery_policies.of_subscription(_object("DeliveryPolicy", value), DeliveryPolicy())
    except BadPolicy as error:
        raise BadParameter(f"DeliveryPolicy: {error}") from None


def _check_redrive(value: str) -> None:
    arn = _object("RedrivePolicy", value).get("deadLetterTargetArn")
    parts = str(arn).split(":")
    if len(parts) != 6 or parts[0] != "arn" or parts[2] != "sqs":
        raise BadParameter("RedrivePolicy: deadLetterTargetArn is an invalid arn")


def _object(name: str, value: str) -> dict[str, Any]:
    try:
        found = json.loads(value)
    except ValueError as error:
        raise BadParameter(f"{name}: failed to parse JSON. {error}") from None
    if not isinstance(found, dict):
        raise BadParameter(f"{name}: must be a JSON object")
    return found


def _check_topic_delivery_policy(value: str) -> None:
    try:
        delivery_policies.of_topic(_object("DeliveryPolicy", value))
    except BadPolicy as error:
        raise BadParameter(f"DeliveryPolicy: {error}") from None
