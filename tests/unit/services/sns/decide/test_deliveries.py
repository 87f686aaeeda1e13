"""One delivery at a time, without SNS around it: what happens next, by state and result."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.services.sns.actions import Attempt, Finish, Keep, MoveToDeadLetterQueue, RemoveSubscription
from sandbox.services.sns.decide.deliveries import ATTEMPT_FAILED, DELIVERED, NOT_DELIVERED, SUBSCRIPTION_REMOVED, decide
from sandbox.services.sns.model import Delivery, DeliveryState, Memory, MessageType, Observed, Pending, Protocol, Result
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


def failed(number: int = 1, final: bool = False) -> Result:
    return Result(number=number, accepted=False, detail="HTTP 503", final=final)


def test_a_delivery_that_is_due_is_attempted() -> None:
    decision = decide(Observed(delivery=delivery()), None, NOW)
    (action,) = decision.actions
    assert isinstance(action, Attempt)
    assert (action.delivery.state, action.delivery.attempts, action.timeout) == (DeliveryState.SENDING, 1, timedelta(seconds=15))
    assert decision.memory == Memory(attempt=1)


def test_a_delivery_that_is_not_due_waits() -> None:
    decision = decide(Observed(delivery=delivery(due=NOW + timedelta(seconds=7))), None, NOW)
    assert (decision.actions, decision.look_again) == ((), timedelta(seconds=7))


def test_an_attempt_under_way_is_waited_for() -> None:
    decision = decide(Observed(delivery=sending()), Memory(attempt=1), NOW)
    assert decision.actions == ()


def test_the_result_of_an_earlier_attempt_is_not_taken_for_this_ones() -> None:
    decision = decide(Observed(delivery=sending(2), result=failed(1)), Memory(attempt=2), NOW)
    assert (decision.actions, decision.events) == ((), ())


def test_an_attempt_that_a_restart_lost_is_made_again_and_not_counted_twice() -> None:
    decision = decide(Observed(delivery=sending(2)), None, NOW)
    (action,) = decision.actions
    assert isinstance(action, Attempt) and action.delivery.attempts == 2


def test_an_accepted_delivery_ends_and_is_told_with_its_cause() -> None:
    decision = decide(Observed(delivery=sending(2), result=Result(number=2, accepted=True, detail="HTTP 200")), Memory(attempt=2), NOW)
    (action,), (event,) = decision.actions, decision.events
    assert isinstance(action, Finish) and action.delivery.state is DeliveryState.DELIVERED
    assert (event.detail_type, event.cause, event.detail["attempts"]) == (DELIVERED, "e000001", 2)
    assert event.summary == "the notification of alerts to http://127.0.0.1/ was delivered at attempt 2 (HTTP 200)"
    assert event.resources == ("m", "arn:aws:sns:us-east-1:123456789012:alerts", "alerts", "arn:aws:sns:us-east-1:123456789012:alerts:s")


@rule("SNS-9")
def test_a_failed_attempt_waits_for_the_next_and_is_told() -> None:
    decision = decide(Observed(delivery=sending(), result=failed()), Memory(attempt=1), NOW + timedelta(seconds=15))
    (action,), (event,) = decision.actions, decision.events
    assert isinstance(action, Keep)
    assert (action.delivery.state, action.delivery.due) == (DeliveryState.WAITING, NOW + timedelta(seconds=35))
    assert (event.detail_type, decision.look_again) == (ATTEMPT_FAILED, timedelta(seconds=20))


@rule("SNS-9")
@pytest.mark.parametrize(("dead_letter_arn", "action"), [(None, Finish), (QUEUE, MoveToDeadLetterQueue)])
def test_after_the_last_retry_it_is_discarded_or_goes_to_the_dead_letter_queue(dead_letter_arn: str | None, action: type) -> None:
    decision = decide(Observed(delivery=sending(4, dead_letter_arn=dead_letter_arn), result=failed(4)), Memory(attempt=4), NOW)
    assert [type(each) for each in decision.actions] == [action]
    assert [(event.detail_type, event.detail["deadLetterTargetArn"]) for event in decision.events] == [(NOT_DELIVERED, dead_letter_arn)]


def test_what_no_retry_can_mend_is_given_up_at_once() -> None:
    decision = decide(Observed(delivery=sending(), result=failed(final=True)), Memory(attempt=1), NOW)
    assert [type(each) for each in decision.actions] == [Finish]


@rule("SNS-9")
def test_no_retry_later_than_an_hour_after_the_first_attempt() -> None:
    policy = RetryPolicy(min_delay_target=600, max_delay_target=600, num_retries=100)
    late = sending(3, policy=policy)
    observed = Observed(delivery=late, result=failed(3))
    assert isinstance(decide(observed, Memory(attempt=3), NOW + timedelta(seconds=3000)).actions[0], Keep)
    assert isinstance(decide(observed, Memory(attempt=3), NOW + timedelta(seconds=3001)).actions[0], Finish)


def test_a_retry_whose_subscription_is_gone_is_discarded_and_told() -> None:
    decision = decide(Observed(delivery=delivery(attempts=1), subscribed=False), None, NOW)
    assert [type(each) for each in decision.actions] == [Finish]
    assert decision.events[0].detail_type == NOT_DELIVERED


def test_what_was_published_before_an_unsubscribe_is_still_sent_once() -> None:
    decision = decide(Observed(delivery=delivery(), subscribed=False), None, NOW)
    assert [type(each) for each in decision.actions] == [Attempt]


@rule("SNS-3")
def test_a_subscription_that_nobody_confirms_is_removed_after_three_days() -> None:
    pending = Observed(pending=Pending(arn="arn:aws:sns:us-east-1:123456789012:alerts:s", endpoint="me@example.com", since=NOW))
    waiting = decide(pending, None, NOW + timedelta(days=2))
    assert (waiting.actions, waiting.look_again) == ((), timedelta(days=1))
    removed = decide(pending, None, NOW + timedelta(days=3))
    assert [type(each) for each in removed.actions] == [RemoveSubscription]
    assert removed.events[0].detail_type == SUBSCRIPTION_REMOVED
