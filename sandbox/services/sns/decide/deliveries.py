"""Decides what happens next to one delivery, or to one subscription that is pending confirmation. Pure.

A delivery is attempted until the subscriber accepts it or its policy has no retry left (SNS-9). Each failed attempt and each outcome is an
event.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from sandbox.core.control import Action, Decision
from sandbox.core.events import Event
from sandbox.core.machine import move
from sandbox.core.text import plural
from sandbox.services.sns.actions import AttemptDelivery, MoveToDeadLetterQueue, RemoveDelivery, RemoveSubscription, SaveDelivery
from sandbox.services.sns.model import (
    ATTEMPT_TIMEOUT,
    PENDING_LIFE,
    TRANSITIONS,
    AttemptResult,
    Delivery,
    DeliveryEvent,
    DeliveryState,
    Memory,
    MessageType,
    ObservedState,
    PendingSubscription,
)

DELIVERED = "SNS Notification Delivered"
ATTEMPT_FAILED = "SNS Delivery Attempt Failed"
NOT_DELIVERED = "SNS Notification Not Delivered"
SUBSCRIPTION_REMOVED = "SNS Subscription Removed"
MESSAGE_NAMES = {
    MessageType.NOTIFICATION: "notification",
    MessageType.SUBSCRIPTION_CONFIRMATION: "subscription confirmation request",
    MessageType.UNSUBSCRIBE_CONFIRMATION: "unsubscribe confirmation",
}


def decide(observed: ObservedState, memory: Memory | None, now: datetime) -> Decision[Memory]:
    memory = memory or Memory()
    if observed.pending is not None:
        return _expire(observed.pending, memory, now)
    assert observed.delivery is not None
    delivery = observed.delivery
    if delivery.state is DeliveryState.SENDING:
        return _handle_result(delivery, observed.result, memory, now)
    if delivery.due > now:
        return Decision(memory=memory, look_again=delivery.due - now)
    if not observed.subscribed and delivery.attempts > 0 and delivery.type is MessageType.NOTIFICATION:
        return _discard(delivery, memory)
    return _attempt(delivery, delivery.attempts + 1)


def _attempt(delivery: Delivery, number: int) -> Decision[Memory]:
    started = replace(transitioned(delivery, DeliveryEvent.ATTEMPTED), attempts=number, result=None)
    return Decision(memory=Memory(attempt=number), actions=(AttemptDelivery(delivery=started),), look_again=timedelta(0))


def _handle_result(delivery: Delivery, result: AttemptResult | None, memory: Memory, now: datetime) -> Decision[Memory]:
    if result is None or result.number != delivery.attempts:
        if memory.attempt == delivery.attempts:
            return Decision(memory=memory, look_again=ATTEMPT_TIMEOUT)  # the driver wakes the controller; this is for a missed wake-up
        return _attempt(delivery, delivery.attempts)  # started by an earlier process: its result is unknown
    if result.accepted:
        return _delivered(transitioned(delivery, DeliveryEvent.ACCEPTED), result, memory)
    wait = None if result.final else delivery.policy.delay(delivery.attempts)
    if wait is None or _too_late(delivery, now + wait):
        return _give_up(transitioned(delivery, DeliveryEvent.GIVEN_UP), result, memory)
    waiting = replace(transitioned(delivery, DeliveryEvent.FAILED), due=now + wait)
    summary = f"{_name(delivery)} failed on attempt {delivery.attempts} ({result.detail}); next attempt in {wait.total_seconds():g} s"
    event = _event(delivery, ATTEMPT_FAILED, summary, result)
    return Decision(memory=memory, actions=(SaveDelivery(delivery=waiting),), events=(event,), look_again=wait)


def _too_late(delivery: Delivery, when: datetime) -> bool:
    """SNS-9: HTTP retries end 3600 s after the first attempt."""
    return delivery.policy.longest is not None and when - delivery.created_at > delivery.policy.longest


def _delivered(delivery: Delivery, result: AttemptResult, memory: Memory) -> Decision[Memory]:
    attempt = f" on attempt {delivery.attempts}" if delivery.attempts > 1 else ""
    event = _event(delivery, DELIVERED, f"{_name(delivery)} was delivered{attempt} ({result.detail})", result)
    return Decision(memory=memory, actions=(RemoveDelivery(delivery=delivery),), events=(event,))


def _give_up(delivery: Delivery, result: AttemptResult, memory: Memory) -> Decision[Memory]:
    outcome = "is moved to the dead-letter queue" if delivery.dead_letter_arn else "is discarded"
    summary = f"{_name(delivery)} {outcome} after {plural(delivery.attempts, 'attempt')}: {result.detail}"
    event = _event(delivery, NOT_DELIVERED, summary, result)
    action: Action = RemoveDelivery(delivery=delivery)
    if delivery.dead_letter_arn:
        action = MoveToDeadLetterQueue(delivery=delivery, queue_arn=delivery.dead_letter_arn)
    return Decision(memory=memory, actions=(action,), events=(event,))


def _discard(delivery: Delivery, memory: Memory) -> Decision[Memory]:
    discarded = transitioned(delivery, DeliveryEvent.UNSUBSCRIBED)
    event = _event(discarded, NOT_DELIVERED, f"{_name(discarded)} is discarded: the subscription was removed before the next attempt", None)
    return Decision(memory=memory, actions=(RemoveDelivery(delivery=discarded),), events=(event,))


def _expire(pending: PendingSubscription, memory: Memory, now: datetime) -> Decision[Memory]:
    """SNS-3: SNS removes a subscription that is not confirmed within three days."""
    left = pending.since + PENDING_LIFE - now
    if left > timedelta(0):
        return Decision(memory=memory, look_again=left)
    event = Event(
        source="aws.sns",
        detail_type=SUBSCRIPTION_REMOVED,
        summary=f"the subscription of {pending.endpoint} was removed: it was not confirmed within {PENDING_LIFE.days} days",
        resources=(pending.arn,),
        cause=pending.cause,
    )
    return Decision(memory=memory, actions=(RemoveSubscription(arn=pending.arn),), events=(event,))


def transitioned(delivery: Delivery, event: DeliveryEvent) -> Delivery:
    return replace(delivery, state=move(TRANSITIONS, f"delivery {delivery.id}", delivery.state, event))


def _name(delivery: Delivery) -> str:
    topic = delivery.topic_arn.rpartition(":")[2]
    return f"the {MESSAGE_NAMES[delivery.type]} from {topic or 'SNS'} to {delivery.endpoint}"


def _event(delivery: Delivery, detail_type: str, summary: str, result: AttemptResult | None) -> Event:
    resources = (delivery.message_id, delivery.topic_arn, delivery.topic_arn.rpartition(":")[2], delivery.subscription_arn)
    return Event(
        source="aws.sns",
        detail_type=detail_type,
        summary=summary,
        resources=tuple(dict.fromkeys(name for name in resources if name)),
        detail={
            "messageId": delivery.message_id,
            "type": delivery.type.value,
            "protocol": delivery.protocol.value,
            "endpoint": delivery.endpoint,
            "attempts": delivery.attempts,
            "deadLetterTargetArn": delivery.dead_letter_arn,
            "providerResponse": result.detail if result else None,
        },
        cause=delivery.cause,
    )
