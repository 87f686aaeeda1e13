"""What happens next with one delivery, or with one subscription that waits to be confirmed. Pure.

A delivery is tried until the subscriber takes it or its policy has no retry left (SNS-9); each failed attempt and each fate is an event.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from sandbox.core.control import Action, Decision
from sandbox.core.events import Event
from sandbox.core.machine import move
from sandbox.core.text import plural
from sandbox.services.sns.actions import Attempt, Finish, Keep, MoveToDeadLetterQueue, RemoveSubscription
from sandbox.services.sns.model import (
    ATTEMPT_TIMEOUT,
    PENDING_LIFE,
    TRANSITIONS,
    Delivery,
    DeliveryEvent,
    DeliveryState,
    Memory,
    MessageType,
    Observed,
    Pending,
    Result,
)

DELIVERED = "SNS Notification Delivered"
ATTEMPT_FAILED = "SNS Delivery Attempt Failed"
NOT_DELIVERED = "SNS Notification Not Delivered"
SUBSCRIPTION_REMOVED = "SNS Subscription Removed"
NAMES = {
    MessageType.NOTIFICATION: "notification",
    MessageType.SUBSCRIPTION_CONFIRMATION: "request to confirm the subscription",
    MessageType.UNSUBSCRIBE_CONFIRMATION: "notice of the unsubscription",
}


def decide(observed: Observed, memory: Memory | None, now: datetime) -> Decision[Memory]:
    memory = memory or Memory()
    if observed.pending is not None:
        return _expire(observed.pending, memory, now)
    assert observed.delivery is not None
    delivery = observed.delivery
    if delivery.state is DeliveryState.SENDING:
        return _settle(delivery, observed.result, memory, now)
    if delivery.due > now:
        return Decision(memory=memory, look_again=delivery.due - now)
    if not observed.subscribed and delivery.attempts > 0 and delivery.type is MessageType.NOTIFICATION:
        return _discard(delivery, memory)
    return _attempt(delivery, delivery.attempts + 1)


def _attempt(delivery: Delivery, number: int) -> Decision[Memory]:
    begun = replace(moved(delivery, DeliveryEvent.ATTEMPTED), attempts=number, result=None)
    return Decision(memory=Memory(attempt=number), actions=(Attempt(delivery=begun),), look_again=timedelta(0))


def _settle(delivery: Delivery, result: Result | None, memory: Memory, now: datetime) -> Decision[Memory]:
    if result is None or result.number != delivery.attempts:
        if memory.attempt == delivery.attempts:
            return Decision(memory=memory, look_again=ATTEMPT_TIMEOUT)  # the driver wakes us; this is for the wake that is missed
        return _attempt(delivery, delivery.attempts)  # begun by a process that is gone: what came of it is not known
    if result.accepted:
        return _end(moved(delivery, DeliveryEvent.ACCEPTED), result, memory)
    wait = None if result.final else delivery.policy.delay(delivery.attempts)
    if wait is None or _too_late(delivery, now + wait):
        return _give_up(moved(delivery, DeliveryEvent.GIVEN_UP), result, memory)
    waiting = replace(moved(delivery, DeliveryEvent.FAILED), due=now + wait)
    summary = f"{_about(delivery)} failed at attempt {delivery.attempts} ({result.detail}); the next is in {wait.total_seconds():g} s"
    event = _event(delivery, ATTEMPT_FAILED, summary, result)
    return Decision(memory=memory, actions=(Keep(delivery=waiting),), events=(event,), look_again=wait)


def _too_late(delivery: Delivery, when: datetime) -> bool:
    """SNS-9: HTTP retries end 3600 s after the first attempt."""
    return delivery.policy.longest is not None and when - delivery.created_at > delivery.policy.longest


def _end(delivery: Delivery, result: Result, memory: Memory) -> Decision[Memory]:
    again = f" at attempt {delivery.attempts}" if delivery.attempts > 1 else ""
    event = _event(delivery, DELIVERED, f"{_about(delivery)} was delivered{again} ({result.detail})", result)
    return Decision(memory=memory, actions=(Finish(delivery=delivery),), events=(event,))


def _give_up(delivery: Delivery, result: Result, memory: Memory) -> Decision[Memory]:
    fate = "goes to the dead-letter queue" if delivery.dead_letter_arn else "is discarded"
    summary = f"{_about(delivery)} {fate} after {plural(delivery.attempts, 'attempt')}: {result.detail}"
    event = _event(delivery, NOT_DELIVERED, summary, result)
    action: Action = Finish(delivery=delivery)
    if delivery.dead_letter_arn:
        action = MoveToDeadLetterQueue(delivery=delivery, queue_arn=delivery.dead_letter_arn)
    return Decision(memory=memory, actions=(action,), events=(event,))


def _discard(delivery: Delivery, memory: Memory) -> Decision[Memory]:
    gone = moved(delivery, DeliveryEvent.UNSUBSCRIBED)
    event = _event(gone, NOT_DELIVERED, f"{_about(gone)} is discarded: the subscription was removed before the next attempt", None)
    return Decision(memory=memory, actions=(Finish(delivery=gone),), events=(event,))


def _expire(pending: Pending, memory: Memory, now: datetime) -> Decision[Memory]:
    """SNS-3: removed by SNS when nobody confirmed it within three days."""
    left = pending.since + PENDING_LIFE - now
    if left > timedelta(0):
        return Decision(memory=memory, look_again=left)
    event = Event(
        source="aws.sns",
        detail_type=SUBSCRIPTION_REMOVED,
        summary=f"the subscription of {pending.endpoint} was removed: nobody confirmed it within {PENDING_LIFE.days} days",
        resources=(pending.arn,),
        cause=pending.cause,
    )
    return Decision(memory=memory, actions=(RemoveSubscription(arn=pending.arn),), events=(event,))


def moved(delivery: Delivery, event: DeliveryEvent) -> Delivery:
    return replace(delivery, state=move(TRANSITIONS, f"delivery {delivery.id}", delivery.state, event))


def _about(delivery: Delivery) -> str:
    topic = delivery.topic_arn.rpartition(":")[2]
    return f"the {NAMES[delivery.type]} of {topic or 'SNS'} to {delivery.endpoint}"


def _event(delivery: Delivery, detail_type: str, summary: str, result: Result | None) -> Event:
    about = (delivery.message_id, delivery.topic_arn, delivery.topic_arn.rpartition(":")[2], delivery.subscription_arn)
    return Event(
        source="aws.sns",
        detail_type=detail_type,
        summary=summary,
        resources=tuple(dict.fromkeys(name for name in about if name)),
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
