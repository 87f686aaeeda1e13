"""Validates the parameters of Publish (SNS-4). Each function raises BadParameter, whose text follows `Invalid parameter: `."""

import re

from sandbox.services.sns.decide import publications
from sandbox.services.sns.errors import BadParameter
from sandbox.services.sns.model import LONGEST_MESSAGE, Attributes, Publication

LARGEST_MESSAGE_LIMIT = 1_048_576  # the largest MaximumMessageSize of a topic (SNS-4)
LONGEST_SUBJECT = 100
LONGEST_SMS = 1600
SUBJECT = re.compile(r"[!-~][ -~]*")  # ASCII, no control characters, begins with a letter, number or punctuation mark
NAME = re.compile(r"[A-Za-z0-9_.\-]{1,256}")


def check(publication: Publication, structure: str | None, longest: int = LONGEST_MESSAGE) -> None:
    """Raises BadParameter."""
    if publication.message == "":
        raise BadParameter("Empty message")
    check_subject(publication.subject)
    if publications.size(publication) > longest:
        raise BadParameter("Message too long")
    if structure is None:
        return
    if structure != "json":
        raise BadParameter("Message Structure - must be json when it is given")  # (U)
    publications.texts(publication.message)


def check_subject(subject: str | None) -> None:
    if subject is not None and (len(subject) > LONGEST_SUBJECT or not SUBJECT.fullmatch(subject)):
        raise BadParameter("Subject")


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
