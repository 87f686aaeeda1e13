"""What happens next to one delivery, by state and result."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.services.sns.actions import AttemptDelivery, MoveToDeadLetterQueue, RemoveDelivery, RemoveSubscription, SaveDelivery
from sandbox.services.sns.decide.deliveries import ATTEMPT_FAILED, DELIVERED, NOT_DELIVERED, SUBSCRIPTION_REMOVED, decide
from sandbox.services.sns.model import (
    AttemptResult,
    Delivery,
    DeliveryState,
    Memory,
    MessageType,
    ObservedState,
    PendingSubscription,
    Protocol,
)
from sandbox.services.sns.retry_model import HTTP, RetryPolicy
from tests.support import rule

NOW = datetime(2026, 5, 7, 12, 0, tzinfo=UTC)
QUEUE = "arn:aws:sqs:us-east-1:123456789012:dead"


def delivery(**changes: object) -> Delivery:
    plain = Delivery(
        id="m.s",
        type=MessageType.NOTIFICATION,
        protocol=Protocol.HTTP,
        message_id="m",
        topic_arn="arn:aws:sns:us-east-1:123456789012:alerts",
        subscription_arn="arn:aws:sns:us-east-1:123456789012:alerts:s",
        endpoint="http://127.0.0.1/",
        body="{}",
        created_at=NOW,
        due=NOW,
        policy=HTTP,
        cause="e000001",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def sending(attempts: int = 1, **changes: object) -> Delivery:
    return delivery(state=DeliveryState.SENDING, attempts=attempts, **changes)


def failed(number: int = 1, final: bool = False) -> AttemptResult:
    return AttemptResult(number=number, accepted=False, detail="HTTP 503", final=final)


def test_a_delivery_that_is_due_is_attempted() -> None:
    decision = decide(ObservedState(delivery=delivery()), None, NOW)
    (action,) = decision.actions
    assert isinstance(action, AttemptDelivery)
    assert (action.delivery.state, action.delivery.attempts, action.timeout) == (DeliveryState.SENDING, 1, timedelta(seconds=15))
    assert decision.memory == Memory(attempt=1)


def test_a_delivery_that_is_not_due_waits() -> None:
    decision = decide(ObservedState(delivery=delivery(due=NOW + timedelta(seconds=7))), None, NOW)
    assert (decision.actions, decision.look_again) == ((), timedelta(seconds=7))


def test_nothing_happens_while_an_attempt_is_in_progress() -> None:
    decision = decide(ObservedState(delivery=sending()), Memory(attempt=1), NOW)
    assert decision.actions == ()


def test_the_result_of_an_earlier_attempt_is_ignored() -> None:
    decision = decide(ObservedState(delivery=sending(2), result=failed(1)), Memory(attempt=2), NOW)
    assert (decision.actions, decision.events) == ((), ())


def test_an_attempt_that_was_lost_by_a_restart_is_repeated_and_counted_once() -> None:
    decision = decide(ObservedState(delivery=sending(2)), None, NOW)
    (action,) = decision.actions
    assert isinstance(action, AttemptDelivery) and action.delivery.attempts == 2


def test_an_accepted_delivery_ends_and_is_recorded_with_its_cause() -> None:
    decision = decide(
        ObservedState(delivery=sending(2), result=AttemptResult(number=2, accepted=True, detail="HTTP 200")), Memory(attempt=2), NOW
    )
    (action,), (event,) = decision.actions, decision.events
    assert isinstance(action, RemoveDelivery) and action.delivery.state is DeliveryState.DELIVERED
    assert (event.detail_type, event.cause, event.detail["attempts"]) == (DELIVERED, "e000001", 2)
    assert event.summary == "the notification from alerts to http://127.0.0.1/ was delivered on attempt 2 (HTTP 200)"
    assert event.resources == ("m", "arn:aws:sns:us-east-1:123456789012:alerts", "alerts", "arn:aws:sns:us-east-1:123456789012:alerts:s")


@rule("SNS-9")
def test_a_failed_attempt_is_recorded_and_retried() -> None:
    decision = decide(ObservedState(delivery=sending(), result=failed()), Memory(attempt=1), NOW + timedelta(seconds=15))
    (action,), (event,) = decision.actions, decision.events
    assert isinstance(action, SaveDelivery)
    assert (action.delivery.state, action.delivery.due) == (DeliveryState.WAITING, NOW + timedelta(seconds=35))
    assert (event.detail_type, decision.look_again) == (ATTEMPT_FAILED, timedelta(seconds=20))


@rule("SNS-9")
@pytest.mark.parametrize(("dead_letter_arn", "action"), [(None, RemoveDelivery), (QUEUE, MoveToDeadLetterQueue)])
def test_after_the_last_retry_it_is_discarded_or_moved_to_the_dead_letter_queue(dead_letter_arn: str | None, action: type) -> None:
    decision = decide(ObservedState(delivery=sending(4, dead_letter_arn=dead_letter_arn), result=failed(4)), Memory(attempt=4), NOW)
    assert [type(each) for each in decision.actions] == [action]
    assert [(event.detail_type, event.detail["deadLetterTargetArn"]) for event in decision.events] == [(NOT_DELIVERED, dead_letter_arn)]


def test_a_final_failure_is_not_retried() -> None:
    decision = decide(ObservedState(delivery=sending(), result=failed(final=True)), Memory(attempt=1), NOW)
    assert [type(each) for each in decision.actions] == [RemoveDelivery]


@rule("SNS-9")
def test_no_retry_later_than_an_hour_after_the_first_attempt() -> None:
    policy = RetryPolicy(min_delay_target=600, max_delay_target=600, num_retries=100)
    late = sending(3, policy=policy)
    observed = ObservedState(delivery=late, result=failed(3))
    assert isinstance(decide(observed, Memory(attempt=3), NOW + timedelta(seconds=3000)).actions[0], SaveDelivery)
    assert isinstance(decide(observed, Memory(attempt=3), NOW + timedelta(seconds=3001)).actions[0], RemoveDelivery)


def test_a_retry_whose_subscription_was_removed_is_discarded_and_recorded() -> None:
    decision = decide(ObservedState(delivery=delivery(attempts=1), subscribed=False), None, NOW)
    assert [type(each) for each in decision.actions] == [RemoveDelivery]
    assert decision.events[0].detail_type == NOT_DELIVERED


def test_a_message_that_was_published_before_an_unsubscribe_is_attempted_once() -> None:
    decision = decide(ObservedState(delivery=delivery(), subscribed=False), None, NOW)
    assert [type(each) for each in decision.actions] == [AttemptDelivery]


@rule("SNS-3")
def test_a_subscription_that_is_not_confirmed_is_removed_after_three_days() -> None:
    pending = ObservedState(
        pending=PendingSubscription(arn="arn:aws:sns:us-east-1:123456789012:alerts:s", endpoint="me@example.com", since=NOW)
    )
    waiting = decide(pending, None, NOW + timedelta(days=2))
    assert (waiting.actions, waiting.look_again) == ((), timedelta(days=1))
    removed = decide(pending, None, NOW + timedelta(days=3))
    assert [type(each) for each in removed.actions] == [RemoveSubscription]
    assert removed.events[0].detail_type == SUBSCRIPTION_REMOVED
