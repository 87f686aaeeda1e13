"""What a subscription of ours keeps beside moto's: its token, since when it is pending, when the next delivery may begin."""

from dataclasses import dataclass
from datetime import datetime

from sandbox.core.persisted import persisted


@persisted("sns.SubscriptionExtra")
@dataclass
class SubscriptionExtra:
    """On moto's Subscription as `.sandbox`."""

    since: datetime
    cause: str | None
    next_slot: datetime  # before it no further delivery is begun (maxReceivesPerSecond)
    authenticate_on_unsubscribe: bool = False


@persisted("sns.Token")
@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What ConfirmSubscription is given: it confirms, or takes an Unsubscribe back."""

    subscription_arn: str
    until: datetime
