"""What SNS's decisions may answer with. controller.py carries them out, in order."""

from dataclasses import dataclass
from datetime import timedelta

from sandbox.core.control import Action
from sandbox.services.sns.model import ATTEMPT_TIMEOUT, Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt(Action):
    delivery: Delivery  # with the attempt counted
    timeout: timedelta = ATTEMPT_TIMEOUT


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep(Action):
    """The delivery as it is now."""

    delivery: Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish(Action):
    """The delivery has ended and its outcome is recorded: it is removed."""

    delivery: Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveToDeadLetterQueue(Action):
    delivery: Delivery
    queue_arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveSubscription(Action):
    arn: str
