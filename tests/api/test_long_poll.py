"""SQS long polls on a running clock: they hold no lock, and end when there is something to receive."""

import random
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from sandbox.aws import context as aws_context
from sandbox.aws import long_poll, moto_time
from sandbox.core.clock import WallClock
from sandbox.drivers.delivery.simulated import SimulatedDeliverer
from sandbox.drivers.world import World
from sandbox.engine import Engine
from sandbox.services.sns.controller import SnsController
from tests.support.aws import Aws


@pytest.fixture
def running(aws: Aws) -> Iterator[Aws]:
    """A clock that runs 20 times as fast: a poll of 20 seconds is one real second."""
    clock = WallClock(speed=20)
    moto_time.install(clock)
    aws_context.use(replace(aws_context.context(), clock=clock))
    yield aws


def poll(aws: Aws, queue: str, **more: Any) -> tuple[threading.Thread, list[str]]:
    """Starts to receive in a thread and returns when it waits."""
    bodies: list[str] = []

    def receive() -> None:
        answer = aws("sqs").receive_message(QueueUrl=queue, **more)
        bodies.extend(m["Body"] for m in answer.get("Messages", []))

    thread = threading.Thread(target=receive)
    thread.start()
    return thread, bodies


def waiting() -> bool:
    return bool(long_poll._changed._waiters)  # type: ignore[attr-defined]


def wait_until_it_waits(thread: threading.Thread) -> None:
    while thread.is_alive() and not waiting():
        thread.join(0.005)
    assert waiting()


def test_a_message_ends_the_poll_and_other_calls_go_on_meanwhile(running: Aws) -> None:
    queue = running("sqs").create_queue(QueueName="q")["QueueUrl"]
    running("ec2").describe_vpcs()
    thread, bodies = poll(running, queue, WaitTimeSeconds=20)
    wait_until_it_waits(thread)
    running("ec2").create_vpc(CidrBlock="10.0.0.0/16")
    running("sqs").send_message(QueueUrl=queue, MessageBody="hello")
    thread.join(10)
    assert bodies == ["hello"]


@pytest.fixture
def delivering(running: Aws) -> Iterator[Aws]:
    """SNS's loop runs, and takes messages to queues."""
    clock = aws_context.context().clock
    engine = Engine(clock, running.journal, aws_context.LOCK)
    deliverer = SimulatedDeliverer(World(clock=clock, at=engine.at, random=random.Random(7)))
    engine.add([SnsController(running.journal, running.transport, deliverer)])
    aws_context.use(replace(aws_context.context(), wake=engine.wake))
    engine.start()
    yield running
    engine.stop()


def test_a_topics_message_ends_the_poll_too(delivering: Aws) -> None:
    running = delivering
    queue = running("sqs").create_queue(QueueName="q")["QueueUrl"]
    topic = running("sns").create_topic(Name="t")["TopicArn"]
    running("sns").subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:q", Attributes={"RawMessageDelivery": "true"}
    )
    thread, bodies = poll(running, queue, WaitTimeSeconds=20)
    wait_until_it_waits(thread)
    running("sns").publish(TopicArn=topic, Message="from the topic")
    thread.join(10)
    assert bodies == ["from the topic"]


def test_a_delayed_message_ends_the_poll_when_it_shows(running: Aws) -> None:
    queue = running("sqs").create_queue(QueueName="q")["QueueUrl"]
    running("sqs").send_message(QueueUrl=queue, MessageBody="later", DelaySeconds=2)
    thread, bodies = poll(running, queue, WaitTimeSeconds=20)
    thread.join(10)
    assert bodies == ["later"]


def test_a_poll_without_messages_ends_with_its_time(running: Aws) -> None:
    queue = running("sqs").create_queue(QueueName="q")["QueueUrl"]
    before = aws_context.context().clock.now()
    thread, bodies = poll(running, queue, WaitTimeSeconds=3)
    thread.join(10)
    assert (bodies, (aws_context.context().clock.now() - before).total_seconds() >= 3) == ([], True)
