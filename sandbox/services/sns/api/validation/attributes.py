"""Validates the attributes of topics and subscriptions. Each function raises BadParameter, whose text follows `Invalid parameter: `."""

import json
from typing import Any

from sandbox.services.sns.api.validation import fifo as fifo_validation
from sandbox.services.sns.api.validation import filter_policy as filter_policy_validation
from sandbox.services.sns.api.validation.publish import LARGEST_MESSAGE_LIMIT
from sandbox.services.sns.decide import delivery_policies
from sandbox.services.sns.decide.delivery_policies import BadPolicy
from sandbox.services.sns.errors import BadParameter
from sandbox.services.sns.model import HTTP_PROTOCOLS, Protocol
from sandbox.services.sns.retry_model import DeliveryPolicy
from sandbox.services.sns.state.attributes import STORED

SUBSCRIPTION_ATTRIBUTES = (
    "DeliveryPolicy",
    "FilterPolicy",
    "FilterPolicyScope",
    "RawMessageDelivery",
    "RedrivePolicy",
    "ReplayPolicy",
    "SubscriptionRoleArn",
)
TOPIC_ATTRIBUTES = (
    "ArchivePolicy",
    "ContentBasedDeduplication",
    "DeliveryPolicy",
    "DisplayName",
    "FifoThroughputScope",
    "FifoTopic",
    "KmsMasterKeyId",
    "Policy",
    *STORED,
)


BOOLEANS = ("ContentBasedDeduplication", "FifoTopic")
LONGEST_DISPLAY_NAME = 100
TRACING = ("PassThrough", "Active")


def check_topic(name: str, value: str, fifo: bool) -> Any:
    """Returns the value to store. `fifo`: whether it is a FIFO topic. An empty value removes an attribute."""
    if name not in TOPIC_ATTRIBUTES:
        raise BadParameter("AttributeName")
    fifo_validation.check_attribute(name, value, fifo)
    if name in BOOLEANS:
        return _boolean(name, value)
    if value or name == "Policy":
        _check_topic_value(name, value)
    return value


def _check_topic_value(name: str, value: str) -> None:
    match name:
        case "DeliveryPolicy":
            _check_topic_delivery_policy(value)
        case "DisplayName" if len(value) > LONGEST_DISPLAY_NAME:
            raise BadParameter("DisplayName")  # (U)
        case "TracingConfig" if value not in TRACING:
            raise BadParameter("TracingConfig")  # (U)
        case _ if name.endswith("SampleRate") and not _is_number(value, 0, 100):
            raise BadParameter(f"{name} must be a whole number from 0 to 100")  # (U)
        case "SignatureVersion" if value not in ("1", "2"):
            raise BadParameter("SignatureVersion")
        case "Policy":
            _object("Policy", value)
        case "MaximumMessageSize" if not _is_number(value, 1024, LARGEST_MESSAGE_LIMIT):
            raise BadParameter(f"MaximumMessageSize must be a whole number from 1024 to {LARGEST_MESSAGE_LIMIT}")  # (U)


def check_subscription(name: str, value: str, scope: str, protocol: Protocol) -> Any:
    """Returns the value to store. `scope`: of filter policies, after the request."""
    if name not in SUBSCRIPTION_ATTRIBUTES:
        raise BadParameter("AttributeName")
    match name:
        case "RawMessageDelivery":
            return _boolean(name, value)
        case "FilterPolicyScope":
            _filter(lambda: filter_policy_validation.check_scope(value), name)
        case "FilterPolicy" if value:
            _filter(lambda: filter_policy_validation.parsed(value, scope), name)
            return value if json.loads(value) else ""  # SNS-42: an empty policy removes it
        case "DeliveryPolicy" if value:
            _check_delivery_policy(value, protocol)
        case "RedrivePolicy" if value:
            _check_redrive(value)
    return value


def _boolean(name: str, value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise BadParameter(f"{name}: Invalid value [{value}]. Must be true or false.")
    return value.lower() == "true"


def _is_number(value: str, low: int, high: int) -> bool:
    return value.isascii() and value.isdecimal() and len(value) < 10 and low <= int(value) <= high


def _filter(check: Any, name: str) -> None:
    try:
        check()
    except filter_policy_validation.NestedFilter as error:
        raise BadParameter(str(error)) from None
    except filter_policy_validation.BadFilter as error:
        raise BadParameter(f"{name}: {error}") from None


def _check_delivery_policy(value: str, protocol: Protocol) -> None:
    if protocol not in HTTP_PROTOCOLS:
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
    except (ValueError, RecursionError) as error:
        raise BadParameter(f"{name}: failed to parse JSON. {error}") from None
    if not isinstance(found, dict):
        raise BadParameter(f"{name}: must be a JSON object")
    return found


def _check_topic_delivery_policy(value: str) -> None:
    try:
        delivery_policies.of_topic(_object("DeliveryPolicy", value))
    except BadPolicy as error:
        raise BadParameter(f"DeliveryPolicy: {error}") from None
