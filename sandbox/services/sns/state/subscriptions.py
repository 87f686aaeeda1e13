"""What we store for a subscription in addition to moto: its tokens, since when it is pending, when its next delivery may start."""

from dataclasses import dataclass
from datetime import datetime

from sandbox.core.persisted import persisted


@persisted("sns.SubscriptionExtra")
@dataclass
class SubscriptionExtra:
    """Stored on moto's Subscription, as `.sandbox`."""

    since: datetime
    cause: str | None
    next_slot: datetime  # the next delivery does not start earlier (maxReceivesPerSecond)
    authenticate_on_unsubscribe: bool = False


@persisted("sns.Token")
@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """The token of ConfirmSubscription: it confirms a subscription, or restores one after Unsubscribe."""

    subscription_arn: str
    until: datetime
