"""Deliveries that fail: attempts, policies, dead-letter queues and restarts."""

import json
from typing import Any

import pytest

from sandbox.aws import state
from sandbox.drivers.delivery.simulated import Behaviour
from sandbox.services.sns.decide.deliveries import ATTEMPT_FAILED, DELIVERED, NOT_DELIVERED
from tests.support import rule
from tests.support.api.sns_links import follow
from tests.support.services.sns_stage import URL, Sns, header, staged


@rule("SNS-9")
@pytest.mark.parametrize(
    ("behaviour", "status", "moments"),
    [
        (Behaviour.ANSWERS, 200, [0]),
        (Behaviour.ANSWERS, 302, [0]),
        (Behaviour.ANSWERS, 404, [0]),  # any status below 500 means delivered
        (Behaviour.ANSWERS, 500, [0, 20, 40, 60]),
        (Behaviour.ANSWERS, 503, [0, 20, 40, 60]),
        (Behaviour.SILENT, 0, [0, 35, 70, 105]),  # 15 s of waiting each
    ],
)
def test_when_a_delivery_is_attempted(sns: Sns, behaviour: Behaviour, status: int, moments: list[int]) -> None:
    topic = sns.topic()
    subscriber, _ = sns.subscriber(topic)
    subscriber.behaviour, subscriber.status_code = behaviour, status
    began, seen = sns.clock.now(), []
    start = sns.deliverer.start
    sns.deliverer.start = lambda request: (seen.append((sns.clock.now() - began).total_seconds()), start(request))[1]  # type: ignore[method-assign, func-returns-value]
    sns.api.publish(TopicArn=topic, Message="m")
    sns.wait(600)
    assert [round(at) for at in seen] == moments
    recorded = [
        event.detail_type for event in sns.journal.events() if event.source == "aws.sns" and event.detail.get("type") == "Notification"
    ]
    outcome = DELIVERED if moments == [0] else NOT_DELIVERED
    assert recorded == [ATTEMPT_FAILED] * (len(moments) - 1) + [outcome]


@rule("SNS-9")
def test_a_retry_sends_the_same_bytes(sns: Sns) -> None:
    topic = sns.topic()
    subscriber, _ = sns.subscriber(topic)
    subscriber.status_code = 503
    sns.api.publish(TopicArn=topic, Message="m")
    sns.wait(10)
    subscriber.status_code = 200
    sns.wait(60)
    first, second = subscriber.received
    assert first.body == second.body
    assert [event.detail["attempts"] for event in sns.events(DELIVERED)][-1] == 2


def test_the_outcome_of_a_delivery_is_explained_by_its_causes(sns: Sns) -> None:
    topic = sns.topic()
    sns.subscriber(topic)[0].behaviour = Behaviour.DOWN
    message_id = sns.api.publish(TopicArn=topic, Message="m")["MessageId"]
    sns.wait(120)
    last = sns.journal.about(message_id)[-1]
    assert last.summary == f"the notification from alerts to {URL} is discarded after 4 attempts: connection refused"
    assert [each.detail_type for each in sns.journal.chain(last)] == [
        "AWS API Call via CloudTrail", "SNS Message Published", NOT_DELIVERED
    ]  # fmt: skip


@rule("SNS-9")
def test_delivery_policies_of_topic_and_subscription(sns: Sns) -> None:
    retry = {"minDelayTarget": 1, "maxDelayTarget": 1, "numRetries": 5}
    topic = sns.topic(DeliveryPolicy=json.dumps({"http": {"defaultHealthyRetryPolicy": retry}}))
    subscriber, arn = sns.subscriber(topic)
    subscriber.status_code = 500
    sns.api.publish(TopicArn=topic, Message="m")
    sns.wait(30)
    assert len(subscriber.received) == 6
    own = json.dumps({"healthyRetryPolicy": {**retry, "numRetries": 0}, "requestPolicy": {"headerContentType": "application/json"}})
    sns.api.set_subscription_attributes(SubscriptionArn=arn, AttributeName="DeliveryPolicy", AttributeValue=own)
    sns.api.publish(TopicArn=topic, Message="m")
    sns.wait(30)
    assert len(subscriber.received) == 7
    assert header(subscriber.received[-1], "content-type") == "application/json"
    effective = json.loads(sns.api.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]["EffectiveDeliveryPolicy"])
    assert effective["healthyRetryPolicy"]["numRetries"] == 0
    closed = {"http": {"defaultHealthyRetryPolicy": retry, "disableSubscriptionOverrides": True}}
    sns.api.set_topic_attributes(TopicArn=topic, AttributeName="DeliveryPolicy", AttributeValue=json.dumps(closed))
    sns.api.publish(TopicArn=topic, Message="m")
    sns.wait(30)
    assert len(subscriber.received) == 13


@rule("SNS-9")
def test_deliveries_are_throttled_to_max_receives_per_second(sns: Sns) -> None:
    topic = sns.topic()
    subscriber, _ = sns.subscriber(topic, DeliveryPolicy='{"throttlePolicy": {"maxReceivesPerSecond": 2}}')
    for _ in range(6):
        sns.api.publish(TopicArn=topic, Message="m")
    for expected in (2, 4, 6):
        sns.wait(0.99 if expected == 2 else 1)
        assert len(subscriber.received) == expected


@rule("SNS-9")
def test_an_undeliverable_message_is_moved_to_the_dead_letter_queue(sns: Sns) -> None:
    topic, (inbox, queue_arn) = sns.topic(), sns.queue("dead")
    subscriber, _ = sns.subscriber(topic, RedrivePolicy=json.dumps({"deadLetterTargetArn": queue_arn}))
    subscriber.status_code = 500
    sns.api.publish(TopicArn=topic, Message="keep me")
    sns.wait(59)
    assert sns.in_queue(inbox) == []
    sns.wait(2)
    (moved,) = sns.in_queue(inbox)
    assert json.loads(moved["Body"])["Message"] == "keep me"
    assert len(sns.events("SNS Notification Moved To Dead-Letter Queue")) == 1


def test_a_missing_dead_letter_queue_is_reported(sns: Sns) -> None:
    topic = sns.topic()
    gone = json.dumps({"deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:gone"})
    sns.subscriber(topic, RedrivePolicy=gone)[0].behaviour = Behaviour.DOWN
    sns.api.publish(TopicArn=topic, Message="m")
    sns.wait(120)
    assert "lost: sending it to the dead-letter queue gone failed" in sns.events(NOT_DELIVERED)[-1].summary


def test_a_missing_queue_is_not_retried(sns: Sns) -> None:
    topic, (inbox, dead) = sns.topic(), sns.queue("dead")
    redrive = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": dead})}
    sns.api.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:gone", Attributes=redrive)
    sns.api.publish(TopicArn=topic, Message="m")
    sns.wait(1)
    assert len(sns.in_queue(inbox)) == 1
    assert [event.detail["attempts"] for event in sns.events(NOT_DELIVERED)] == [1]


def test_a_subscriber_that_never_responds_delays_no_other(sns: Sns) -> None:
    topic = sns.topic()
    sns.subscriber(topic, "http://127.0.0.1:1/silent")[0].behaviour = Behaviour.SILENT
    subscriber, _ = sns.subscriber(topic)
    for _ in range(50):
        sns.api.publish(TopicArn=topic, Message="m")
    sns.wait(1)
    assert len(subscriber.received) == 50


def test_a_removed_subscription_receives_no_retry(sns: Sns) -> None:
    topic = sns.topic()
    subscriber, arn = sns.subscriber(topic)
    subscriber.status_code = 500
    sns.api.publish(TopicArn=topic, Message="m")
    sns.wait(1)
    sns.api.unsubscribe(SubscriptionArn=arn)
    sns.wait(120)
    assert [header(each, "x-amz-sns-message-type") for each in subscriber.received].count("Notification") == 1
    assert "the subscription was removed before the next attempt" in sns.events(NOT_DELIVERED)[0].summary


@pytest.mark.parametrize("during", ["attempt", "wait"])
def test_pending_deliveries_survive_a_restart(sns: Sns, tmp_path: Any, during: str) -> None:
    from sandbox.services.sns.controller import SnsController

    topic = sns.topic()
    subscriber, _ = sns.subscriber(topic)
    subscriber.behaviour, subscriber.status_code = (Behaviour.SILENT if during == "attempt" else Behaviour.ANSWERS), 503
    sns.api.publish(TopicArn=topic, Message="m")
    sns.wait(5)
    state.save(tmp_path / "state")
    state.load(tmp_path / "state")
    subscriber.behaviour, subscriber.status_code = Behaviour.ANSWERS, 200
    sns.deliverer._results.__init__()  # type: ignore[misc] - a new process has no results
    again = SnsController(sns.journal, sns.transport, sns.deliverer)
    sns.engine.add([again])
    sns.engine.wake()
    sns.wait(30)
    assert len(subscriber.received) == 2
    assert subscriber.received[0].body == subscriber.received[1].body
    assert [event.detail["attempts"] for event in sns.events(DELIVERED)][-1] == (1 if during == "attempt" else 2)
    assert follow(sns, json.loads(subscriber.received[1].body)["SigningCertURL"])[0] == 200


def test_the_same_seed_gives_the_same_journal() -> None:
    def story() -> list[tuple[str, str, str | None]]:
        with staged() as sns:
            topic = sns.topic()
            sns.subscriber(topic)[0].status_code = 500
            sns.api.publish(TopicArn=topic, Message="m")
            sns.wait(120)
            return [(event.id, event.summary, event.cause) for event in sns.journal.events()]

    assert story() == story()
