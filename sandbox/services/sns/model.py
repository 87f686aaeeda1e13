"""The nouns of SNS: a message for one subscriber (Delivery), its states and their table, and the observed state that decide() gets.

Frozen values only. They are kept on moto's backend objects, so a delivery that waits for its next attempt survives a restart.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from sandbox.core.persisted import persisted
from sandbox.services.sns.retry_model import RetryPolicy

ATTEMPT_TIMEOUT = timedelta(seconds=15)  # SNS-9
TOKEN_LIFE = timedelta(days=2)  # SNS-3
PENDING_LIFE = timedelta(days=3)  # SNS-3
LONGEST_MESSAGE = 262_144  # bytes, attributes included (SNS-4)
E164 = re.compile(r"\+?[1-9]\d{1,14}")


@persisted("sns.Protocol")
class Protocol(Enum):
    """SNS-2."""

    HTTP = "http"
    HTTPS = "https"
    EMAIL = "email"
    EMAIL_JSON = "email-json"
    SMS = "sms"
    SQS = "sqs"
    APPLICATION = "application"
    LAMBDA = "lambda"
    FIREHOSE = "firehose"


POSTED = frozenset({Protocol.HTTP, Protocol.HTTPS})
MAILED = frozenset({Protocol.EMAIL, Protocol.EMAIL_JSON, Protocol.SMS})
CONFIRMED_BY_THE_OWNER = frozenset({*POSTED, Protocol.EMAIL, Protocol.EMAIL_JSON})  # SNS-3
NOT_HERE = frozenset({Protocol.APPLICATION, Protocol.LAMBDA, Protocol.FIREHOSE})


@persisted("sns.MessageType")
class MessageType(Enum):
    """SNS-6."""

    NOTIFICATION = "Notification"
    SUBSCRIPTION_CONFIRMATION = "SubscriptionConfirmation"
    UNSUBSCRIBE_CONFIRMATION = "UnsubscribeConfirmation"


@persisted("sns.DeliveryState")
class DeliveryState(Enum):
    WAITING = "waiting"  # for its moment: the first attempt, or a retry
    SENDING = "sending"  # an attempt is under way
    DELIVERED = "delivered"
    EXHAUSTED = "exhausted"  # no retry is left: to the dead-letter queue, or discarded
    DISCARDED = "discarded"  # its subscription is gone


class DeliveryEvent(Enum):
    ATTEMPTED = "an attempt is begun"
    ACCEPTED = "the subscriber took it"
    FAILED = "the attempt failed, and a retry is left"
    GIVEN_UP = "the attempt failed, and no retry is left"
    UNSUBSCRIBED = "the subscription was removed meanwhile"


TRANSITIONS = {  # SNS-9
    (DeliveryState.WAITING, DeliveryEvent.ATTEMPTED): DeliveryState.SENDING,
    (DeliveryState.SENDING, DeliveryEvent.ATTEMPTED): DeliveryState.SENDING,  # once more after a restart, which lost the first one
    (DeliveryState.SENDING, DeliveryEvent.ACCEPTED): DeliveryState.DELIVERED,
    (DeliveryState.SENDING, DeliveryEvent.FAILED): DeliveryState.WAITING,
    (DeliveryState.SENDING, DeliveryEvent.GIVEN_UP): DeliveryState.EXHAUSTED,
    (DeliveryState.WAITING, DeliveryEvent.UNSUBSCRIBED): DeliveryState.DISCARDED,
}

Attributes = tuple[tuple[str, str, str], ...]
"""Message attributes: name, type ("String"), value; the value of a Binary is base64."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What Publish was asked to tell, checked."""

    message_id: str
    message: str
    subject: str | None = None
    attributes: Attributes = ()
    structured: bool = False  # MessageStructure=json: `message` holds one text for each protocol
    group_id: str | None = None
    deduplication_id: str | None = None


@persisted("sns.Delivery")
@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message to one subscriber. `body` is complete and signed: every attempt sends the same bytes."""

    id: str  # "<message id>.<subscription id>"
    type: MessageType
    protocol: Protocol
    message_id: str
    topic_arn: str
    subscription_arn: str
    endpoint: str
    body: str
    created_at: datetime
    due: datetime  # of the next attempt
    policy: RetryPolicy
    headers: tuple[tuple[str, str], ...] = ()  # HTTP
    attributes: Attributes = ()  # of an SQS message (raw delivery)
    subject: str | None = None  # of a mail
    group_id: str | None = None
    deduplication_id: str | None = None
    dead_letter_arn: str | None = None  # of a queue
    cause: str | None = None  # the event that led here
    state: DeliveryState = DeliveryState.WAITING
    attempts: int = 0  # begun
    result: "Result | None" = None  # of the last attempt, where no driver keeps it (SQS, mailbox)


@persisted("sns.Result")
@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of one attempt."""

    number: int  # of the attempt
    accepted: bool
    detail: str  # for people: "200", "no response within 15 s"
    final: bool = False  # a retry cannot help: the subscriber does not exist, or may not be spoken to


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A subscription that nobody has confirmed."""

    arn: str
    endpoint: str
    since: datetime
    cause: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """One delivery, or one subscription that waits to be confirmed."""

    delivery: Delivery | None = None
    result: Result | None = None  # of the attempt under way; None: not known yet
    subscribed: bool = True  # the delivery's subscription is still there
    pending: Pending | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    attempt: int = 0  # the attempt that this process began; 0: none. Lost with the process, as the attempt is
