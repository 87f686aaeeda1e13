"""Validates what FIFO topics need and what only they allow (SNS-45). Each function raises BadParameter."""

import json
import re
from collections.abc import Mapping
from typing import Any

from sandbox.services.sns.errors import BadParameter
from sandbox.services.sns.model import MESSAGE_GROUP, TOPIC, Protocol, Publication

FIFO_ATTRIBUTES = ("ArchivePolicy", "ContentBasedDeduplication", "FifoThroughputScope")
SCOPES = (TOPIC, MESSAGE_GROUP)
STANDARD_NAME = re.compile(r"[A-Za-z0-9_-]{1,256}")
FIFO_NAME = re.compile(r"[A-Za-z0-9_-]{1,251}\.fifo")
ID = re.compile(r"[!-~]{1,128}")  # letters, digits and punctuation marks of ASCII


def check_name(name: str, fifo: bool) -> None:
    if not (FIFO_NAME if fifo else STANDARD_NAME).fullmatch(name):
        raise BadParameter("Topic Name")


def check_attribute(name: str, value: str, fifo: bool) -> None:
    """An attribute that only FIFO topics have: on a standard topic, it may only be empty or false."""
    if name in FIFO_ATTRIBUTES and not fifo and value.lower() not in ("", "{}", "false"):
        raise BadParameter(f"{name} can only be set for FIFO topics")  # (U)
    if name == "FifoThroughputScope" and value not in SCOPES:
        raise BadParameter(f"FifoThroughputScope: Invalid value [{value}]. Please use either Topic or MessageGroup")  # (U)


def check_publication(publication: Publication, fifo: bool, content_based: bool) -> None:
    _check_id("MessageGroupId", publication.group_id)
    _check_id("MessageDeduplicationId", publication.deduplication_id)
    if not fifo:
        if publication.deduplication_id:
            reason = "The request includes MessageDeduplicationId parameter that is not valid for this topic type"
            raise BadParameter(f"MessageDeduplicationId Reason: {reason}")
        return
    if not publication.group_id:
        raise BadParameter("The MessageGroupId parameter is required for FIFO topics")
    if not publication.deduplication_id and not content_based:
        raise BadParameter("The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")


def check_subscription(protocol: Protocol, endpoint: str, values: Mapping[str, Any], fifo_topic: bool) -> None:
    """A FIFO topic delivers only to queues; a FIFO queue receives only from FIFO topics."""
    fifo_queue = protocol is Protocol.SQS and endpoint.endswith(".fifo")
    if fifo_queue and not fifo_topic:
        reason = "Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics"
        raise BadParameter(f"Invalid parameter: {reason}")  # twice, as AWS answers
    if fifo_topic and protocol is not Protocol.SQS:
        raise BadParameter(f"Invalid parameter: Protocol Reason: {protocol.value} can not be subscribed to FIFO SNS topics")  # (U)
    check_redrive(values.get("RedrivePolicy"), endpoint, fifo_topic)


def check_redrive(policy: str | None, endpoint: str, fifo_topic: bool) -> None:
    """`policy`: a valid RedrivePolicy."""
    if not policy or not fifo_topic or not endpoint.endswith(".fifo"):
        return
    if not str(json.loads(policy)["deadLetterTargetArn"]).endswith(".fifo"):
        raise BadParameter("RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.")


def _check_id(name: str, value: str | None) -> None:
    if value and not ID.fullmatch(value):
        reason = f"{name} can only include alphanumeric and punctuation characters. 1 to 128 in length"
        raise BadParameter(f"{name} Reason: {reason}")  # (U)
