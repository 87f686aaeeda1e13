"""The actions that SNS's decisions return. controller.py performs them in order."""

from dataclasses import dataclass
from datetime import timedelta

from sandbox.core.control import Action
from sandbox.services.sns.model import ATTEMPT_TIMEOUT, Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptDelivery(Action):
    delivery: Delivery  # `attempts` includes this one
    timeout: timedelta = ATTEMPT_TIMEOUT


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveDelivery(Action):
    """Stores the delivery's new state."""

    delivery: Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveDelivery(Action):
    """The delivery has ended, and its outcome is recorded."""

    delivery: Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveToDeadLetterQueue(Action):
    delivery: Delivery
    queue_arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveSubscription(Action):
    arn: str
