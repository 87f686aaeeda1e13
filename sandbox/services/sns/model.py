"""The nouns of SNS: a message for one subscriber (Delivery), its states and their table, and the observed state that decide() gets.

Frozen values only. They are stored on moto's backend objects, so a delivery that waits for its next attempt survives a restart.
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
TOPIC, MESSAGE_GROUP = "Topic", "MessageGroup"  # FifoThroughputScope: within what a message is a duplicate (SNS-45)
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


HTTP_PROTOCOLS = frozenset({Protocol.HTTP, Protocol.HTTPS})
MAILBOX_PROTOCOLS = frozenset({Protocol.EMAIL, Protocol.EMAIL_JSON, Protocol.SMS})
CONFIRMED_BY_ENDPOINT = frozenset({*HTTP_PROTOCOLS, Protocol.EMAIL, Protocol.EMAIL_JSON})  # SNS-3
UNSUPPORTED_PROTOCOLS = frozenset({Protocol.APPLICATION, Protocol.LAMBDA, Protocol.FIREHOSE})


@persisted("sns.MessageType")
class MessageType(Enum):
    """SNS-6."""

    NOTIFICATION = "Notification"
    SUBSCRIPTION_CONFIRMATION = "SubscriptionConfirmation"
    UNSUBSCRIBE_CONFIRMATION = "UnsubscribeConfirmation"


@persisted("sns.DeliveryState")
class DeliveryState(Enum):
    WAITING = "waiting"  # for the time of its first attempt, or of a retry
    SENDING = "sending"  # an attempt is in progress
    DELIVERED = "delivered"
    EXHAUSTED = "exhausted"  # no retry is left: moved to the dead-letter queue, or discarded
    DISCARDED = "discarded"  # its subscription was removed


class DeliveryEvent(Enum):
    ATTEMPTED = "an attempt starts"
    ACCEPTED = "the subscriber accepted it"
    FAILED = "the attempt failed, and a retry is left"
    GIVEN_UP = "the attempt failed, and no retry is left"
    UNSUBSCRIBED = "the subscription was removed"


TRANSITIONS = {  # SNS-9
    (DeliveryState.WAITING, DeliveryEvent.ATTEMPTED): DeliveryState.SENDING,
    (DeliveryState.SENDING, DeliveryEvent.ATTEMPTED): DeliveryState.SENDING,  # again after a restart, during which the attempt was lost
    (DeliveryState.SENDING, DeliveryEvent.ACCEPTED): DeliveryState.DELIVERED,
    (DeliveryState.SENDING, DeliveryEvent.FAILED): DeliveryState.WAITING,
    (DeliveryState.SENDING, DeliveryEvent.GIVEN_UP): DeliveryState.EXHAUSTED,
    (DeliveryState.WAITING, DeliveryEvent.UNSUBSCRIBED): DeliveryState.DISCARDED,
}

Attributes = tuple[tuple[str, str, str], ...]
"""Message attributes: name, type ("String"), value; the value of a Binary is base64."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """The validated parameters of Publish."""

    message_id: str
    message: str
    subject: str | None = None
    attributes: Attributes = ()
    structured: bool = False  # MessageStructure=json: `message` holds one text for each protocol
    group_id: str | None = None
    deduplication_id: str | None = None
    sequence_number: str | None = None  # of a FIFO topic: 20 digits


@persisted("sns.Delivery")
@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message to one subscriber. `body` is complete and signed, so every attempt sends the same bytes."""

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
    subject: str | None = None  # of an email
    group_id: str | None = None
    deduplication_id: str | None = None
    dead_letter_arn: str | None = None  # of a queue
    cause: str | None = None  # the event that led here
    state: DeliveryState = DeliveryState.WAITING
    attempts: int = 0  # started
    result: "AttemptResult | None" = None  # of the last attempt, for protocols without a driver (SQS, mailbox)


@persisted("sns.Result")
@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptResult:
    """The result of one attempt."""

    number: int  # of the attempt
    accepted: bool
    detail: str  # for people: "200", "no response within 15 s"
    final: bool = False  # a retry cannot help: the subscriber does not exist, or its address is not allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingSubscription:
    """A subscription whose endpoint has not confirmed it."""

    arn: str
    endpoint: str
    since: datetime
    cause: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedState:
    """One delivery, or one subscription that is pending confirmation."""

    delivery: Delivery | None = None
    result: AttemptResult | None = None  # of the attempt in progress; None: not known yet
    subscribed: bool = True  # the delivery's subscription still exists
    pending: PendingSubscription | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    attempt: int = 0  # the attempt that this process started; 0: none. A restart loses the attempt and this memory
