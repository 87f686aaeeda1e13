"""The text of a message for the subscribers of each protocol, and the size of a message (SNS-4). Pure."""

import hashlib
import json
from collections.abc import Mapping

from sandbox.services.sns.errors import BadParameter
from sandbox.services.sns.model import MESSAGE_GROUP, Protocol, Publication


def size(publication: Publication) -> int:
    attributes = sum(len(part.encode()) for attribute in publication.attributes for part in attribute)
    return len(publication.message.encode()) + attributes


def deduplication_id(publication: Publication) -> str:
    """SNS-45: by default the SHA-256 hash of the message without its attributes."""
    return publication.deduplication_id or hashlib.sha256(publication.message.encode()).hexdigest()


def deduplication_key(publication: Publication, scope: str) -> str:
    """Messages of a FIFO topic with the same key are duplicates. `scope`: the topic's FifoThroughputScope."""
    return f"{publication.group_id} {publication.deduplication_id}" if scope == MESSAGE_GROUP else f"{publication.deduplication_id}"


def texts(message: str) -> Mapping[str, str]:
    """Protocol → text of a structured message. Members that are not strings are ignored. Raises BadParameter."""
    try:
        found = json.loads(message)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise BadParameter("Message Structure - JSON message body failed to parse")
    strings = {name: text for name, text in found.items() if isinstance(text, str)}
    if "default" not in strings:
        raise BadParameter("Message Structure - No default entry in JSON message body")
    return strings


def text_for(publication: Publication, protocol: Protocol) -> str:
    if not publication.structured:
        return publication.message
    by_protocol = texts(publication.message)
    return by_protocol.get(protocol.value, by_protocol["default"])
