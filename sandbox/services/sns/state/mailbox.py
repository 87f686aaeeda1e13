"""Emails and text messages that SNS sent: none leaves the sandbox. `sandbox mailbox` and /_sandbox/mailbox show them.

Stored on the SNS backend that sent them, the newest of each backend: they survive a restart, and a reset removes them.
"""

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.sns.models import sns_backends

from sandbox.aws.backends import walk
from sandbox.aws.context import LOCK
from sandbox.core.persisted import persisted
from sandbox.services.sns.decide.messages import timestamp

MAX_MAILS = 1000


@persisted("sns.Mail")
@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    at: datetime
    protocol: str  # "email", "email-json", "sms"
    sender: str
    to: str
    body: str
    message_id: str
    subject: str | None = None  # None: a text message
    topic_arn: str | None = None  # None: published to a phone number

    def as_json(self) -> dict[str, Any]:
        return {
            "at": timestamp(self.at),
            "protocol": self.protocol,
            "from": self.sender,
            "to": self.to,
            "subject": self.subject,
            "body": self.body,
            "message_id": self.message_id,
            "topic_arn": self.topic_arn,
        }


def empty() -> deque[Mail]:
    return deque(maxlen=MAX_MAILS)


class Mailbox:
    """The mails of all Regions, of all accounts or of one. Can be read from any thread."""

    def messages(self, to: str | None = None, account: str | None = None) -> tuple[Mail, ...]:
        """Oldest first. `to`: only those to this address or number. `account`: None for all."""
        with LOCK:
            boxes = [backend.sandbox_mails for scope, backend in walk(sns_backends) if account in (None, scope.account)]
            found = sorted((mail for box in boxes for mail in box), key=lambda mail: mail.at)
        return tuple(mail for mail in found if to is None or mail.to == to)
