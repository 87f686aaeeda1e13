"""Validates the parameters of Publish (SNS-4). Each function raises BadParameter, whose text follows `Invalid parameter: `."""

import re

from sandbox.services.sns.decide import publications
from sandbox.services.sns.errors import BadParameter
from sandbox.services.sns.model import LONGEST_MESSAGE, Publication

LARGEST_MESSAGE_LIMIT = 1_048_576  # the largest MaximumMessageSize of a topic (SNS-4)
LONGEST_SUBJECT = 100
LONGEST_SMS = 1600
SUBJECT = re.compile(r"[!-~][ -~]*")  # ASCII, no control characters, begins with a letter, number or punctuation mark


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
