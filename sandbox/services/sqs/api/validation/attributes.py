"""Validates the attributes of queues (SQS-1, SQS-2). Each function raises AWS's error."""

import json
from collections.abc import Mapping
from typing import Any

from sandbox.services.sqs import errors

RANGES = {
    "DelaySeconds": (0, 900),
    "KmsDataKeyReusePeriodSeconds": (60, 86_400),
    "MaximumMessageSize": (1024, 1_048_576),
    "MessageRetentionPeriod": (60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43_200),
}
BOOLEANS = ("ContentBasedDeduplication", "FifoQueue", "SqsManagedSseEnabled")
CHOICES = {"DeduplicationScope": ("queue", "messageGroup"), "FifoThroughputLimit": ("perQueue", "perMessageGroupId")}
OF_FIFO = (*CHOICES, "ContentBasedDeduplication", "FifoQueue")
DOCUMENTS = ("Policy", "RedriveAllowPolicy", "RedrivePolicy")
TEXTS = ("KmsMasterKeyId",)
KNOWN = (*RANGES, *BOOLEANS, *CHOICES, *DOCUMENTS, *TEXTS)
PERMISSIONS = ("allowAll", "denyAll", "byQueue")
MOST_RECEIVES = 1000


def check(given: Mapping[str, str], fifo: bool) -> None:
    """The attributes of a new or an existing queue. An empty value removes a document or key."""
    for name, value in given.items():
        _check_name(name, fifo)
        if name in RANGES:
            low, high = RANGES[name]
            if not value.isascii() or not value.isdecimal() or len(value) > 9 or not low <= int(value) <= high:
                raise errors.invalid_attribute(name)
        elif name in BOOLEANS:
            if value.lower() not in ("true", "false"):
                raise errors.invalid_attribute(name)
        elif name in CHOICES:
            if value not in CHOICES[name]:
                raise errors.invalid_attribute(name)
        elif name in DOCUMENTS and value:
            _check_document(name, value)


def _check_name(name: str, fifo: bool) -> None:
    if name not in KNOWN:
        raise errors.unknown_attribute(name)
    if fifo or name not in OF_FIFO:
        return
    raise errors.only_of_fifo(name) if name in CHOICES else errors.unknown_attribute(name)


def _check_document(name: str, value: str) -> None:
    found = _object(value)
    if name == "Policy":
        if found is None:
            raise errors.invalid_attribute(name)
        return
    if found is None:
        what = "Redrive policy" if name == "RedrivePolicy" else "Redrive allow policy"
        raise errors.invalid_value(value, name, f"{what} is not a valid JSON map.")
    check = _check_redrive if name == "RedrivePolicy" else _check_redrive_allow
    check(value, found)


def _check_redrive(value: str, found: Mapping[str, Any]) -> None:
    for member in ("maxReceiveCount", "deadLetterTargetArn"):
        if member not in found:
            raise errors.invalid_value(value, "RedrivePolicy", f"Redrive policy does not contain mandatory attribute: {member}.")
    count = str(found["maxReceiveCount"])
    if not count.isascii() or not count.isdecimal() or len(count) > 9 or not 1 <= int(count) <= MOST_RECEIVES:
        reason = f"Invalid value for maxReceiveCount: {count}, valid values are from 1 to {MOST_RECEIVES} both inclusive."
        raise errors.invalid_value(value, "RedrivePolicy", reason)


def _check_redrive_allow(value: str, found: Mapping[str, Any]) -> None:
    permission, sources = found.get("redrivePermission"), found.get("sourceQueueArns")
    by_queue = isinstance(sources, list) and 1 <= len(sources) <= 10
    if permission not in PERMISSIONS or (by_queue if permission != "byQueue" else not by_queue):
        reason = "redrivePermission must be allowAll, denyAll, or byQueue with 1 to 10 sourceQueueArns."
        raise errors.invalid_value(value, "RedriveAllowPolicy", reason)  # (U)


def _object(text: str) -> Mapping[str, Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
