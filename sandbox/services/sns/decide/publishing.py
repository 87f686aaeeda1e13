"""What Publish takes: the checks of SNS-4 and which text each protocol's subscribers get. Pure; refusals are ValueErrors.

Their text follows `Invalid parameter: `; api/assembly.py makes AWS's errors of them.
"""

import json
import re
from collections.abc import Mapping

from sandbox.services.sns.model import Attributes, Protocol, Publication

LONGEST_MESSAGE = 262_144  # bytes, attributes included (SNS-4)
LARGEST_OPTION = 1_048_576  # what a topic's MaximumMessageSize may say (SNS-4)
LONGEST_SUBJECT = 100
LONGEST_SMS = 1600
E164 = re.compile(r"\+?[1-9]\d{1,14}")
SUBJECT = re.compile(r"[!-~][ -~]*")  # ASCII, begins with a letter, number or punctuation mark, no control characters


class Refused(ValueError):
    """Follows `Invalid parameter: `."""


def check(publication: Publication, structure: str | None, longest: int = LONGEST_MESSAGE) -> None:
    """Raises Refused."""
    if publication.message == "":
        raise Refused("Empty message")
    check_subject(publication.subject)
    if size(publication) > longest:
        raise Refused("Message too long")
    if structure is None:
        return
    if structure != "json":
        raise Refused("Message Structure - must be json when it is given")  # (U)
    texts(publication.message)


def size(publication: Publication) -> int:
    attributes = sum(len(part.encode()) for attribute in publication.attributes for part in attribute)
    return len(publication.message.encode()) + attributes


def check_subject(subject: str | None) -> None:
    if subject is not None and (len(subject) > LONGEST_SUBJECT or not SUBJECT.fullmatch(subject)):
        raise Refused("Subject")


def texts(message: str) -> Mapping[str, str]:
    """The texts by protocol of a structured message; members that are no strings do not count."""
    try:
        found = json.loads(message)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Refused("Message Structure - JSON message body failed to parse")
    strings = {name: text for name, text in found.items() if isinstance(text, str)}
    if "default" not in strings:
        raise Refused("Message Structure - No default entry in JSON message body")
    return strings


def text_for(publication: Publication, protocol: Protocol) -> str:
    if not publication.structured:
        return publication.message
    by_protocol = texts(publication.message)
    return by_protocol.get(protocol.value, by_protocol["default"])


NAME = re.compile(r"[A-Za-z0-9_.\-]{1,256}")


def check_attributes(attributes: Attributes) -> None:
    """Raises ValueError with the whole text of ParameterValueInvalid."""
    for name, kind, value in attributes:
        if not NAME.fullmatch(name):
            raise ValueError(f"Invalid attribute name: {name}")
        if not kind or not value:
            raise ValueError(f"The message attribute '{name}' must contain non-empty message attribute value.")
        base = kind.partition(".")[0]
        if base not in ("String", "Number", "Binary"):
            expected = "the set of supported type prefixes is Binary, Number, and String."
            raise ValueError(f"The message attribute '{name}' has an invalid message attribute type, {expected}")
        if base == "Number" and not _is_number(value):
            raise ValueError(f"Could not cast message attribute '{name}' value to number.")


def _is_number(text: str) -> bool:
    try:
        return abs(float(text)) < float("inf")
    except ValueError:
        return False
