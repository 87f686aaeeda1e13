"""What SQS accepts as attributes of a queue. The model has them as strings by any name, and moto sets any attribute of its object.

SQS has no folder under services/, so its checks are here.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.aws.function_seams import wrap_function
from sandbox.core.errors import ApiError

NUMBERS: Mapping[str, tuple[int, int]] = {
    "DelaySeconds": (0, 900),
    "KmsDataKeyReusePeriodSeconds": (60, 86_400),
    "MaximumMessageSize": (1_024, 1_048_576),
    "MessageRetentionPeriod": (60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43_200),
}
WORDS: Mapping[str, tuple[str, ...]] = {
    "ContentBasedDeduplication": ("true", "false"),
    "DeduplicationScope": ("messageGroup", "queue"),
    "FifoQueue": ("true", "false"),
    "FifoThroughputLimit": ("perQueue", "perMessageGroupId"),
    "SqsManagedSseEnabled": ("true", "false"),
}
DOCUMENTS = ("Policy", "RedriveAllowPolicy", "RedrivePolicy")
TEXTS = ("KmsMasterKeyId",)
MOST_RECEIVES = 1_000


def check(operation: str, parameters: Mapping[str, Any]) -> None:
    """Raises ApiError. [M:sqs:CreateQueue for names and ranges]"""
    if operation in ("CreateQueue", "SetQueueAttributes"):
        for name, value in (parameters.get("Attributes") or {}).items():
            _check_attribute(name, value)


def _check_attribute(name: str, value: str) -> None:
    if name in NUMBERS:
        least, most = NUMBERS[name]
        right = value.isascii() and value.isdigit() and len(value) < 10 and least <= int(value) <= most
    elif name in WORDS:
        right = value.lower() in (word.lower() for word in WORDS[name])
    elif name in DOCUMENTS:
        _check_document(name, value)
        return
    elif name in TEXTS:
        return
    else:
        raise ApiError("InvalidAttributeName", f"Unknown Attribute {name}.")
    if not right:
        raise ApiError("InvalidAttributeValue", f"Invalid value for the parameter {name}.")


def _check_document(name: str, value: str) -> None:
    if not value:  # removes it
        return
    try:
        document = json.loads(value)
    except (ValueError, RecursionError):
        document = None
    if name != "RedrivePolicy":
        if not isinstance(document, dict):
            raise ApiError("InvalidAttributeValue", f"Invalid value for the parameter {name}.")
        return
    if not isinstance(document, dict):
        raise _redrive(value, "Redrive policy is not a valid JSON map.")
    for member in ("deadLetterTargetArn", "maxReceiveCount") if document else ():
        if member not in document:
            raise _redrive(value, f"Redrive policy does not contain mandatory attribute: {member}.")
    count = str(document.get("maxReceiveCount", 1))
    if not (count.isascii() and count.isdigit() and len(count) < 5 and 1 <= int(count) <= MOST_RECEIVES):
        raise _redrive(value, f"Invalid value for maxReceiveCount: {count}, valid values are from 1 to {MOST_RECEIVES} both inclusive.")


def _redrive(value: str, reason: str) -> ApiError:
    return ApiError("InvalidParameterValue", f"Value {value[:1000]} for parameter RedrivePolicy is invalid. Reason: {reason}")


@wrap_function("moto.sqs.models", "Queue._set_attributes", why="attributes are set one by one: those before a refused one stayed")
def set_attributes(theirs: Callable[..., None], self: Any, attributes: dict[str, Any], now: float | None = None) -> None:
    before = dict(vars(self))
    try:
        theirs(self, attributes, now)
    except BaseException:
        vars(self).clear()
        vars(self).update(before)
        raise
