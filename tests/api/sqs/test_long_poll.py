"""SQS long polls on a running clock: they hold no lock, and end when there is something to receive."""

import json
import random
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from sandbox.aws import context as aws_context
from sandbox.aws.hosting import moto_time
from sandbox.aws.http import long_poll
from sandbox.core.caller import Caller, answering
from sandbox.core.clock import WallClock
from sandbox.drivers.delivery.simulated import SimulatedDeliverer
from sandbox.drivers.world import World
from sandbox.engine import Engine
from sandbox.services.sns.controller import SnsController
from tests.support.aws import Aws
from tests.support.waiting import until


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


def received(polls: list[tuple[threading.Thread, list[str]]]) -> list[str]:
    return sorted(body for _, bodies in polls for body in bodies)


def waiting() -> int:
    """How many polls wait."""
    return sum(map(len, list(long_poll._polls.values())))


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


def test_a_message_wakes_one_poll_and_a_poll_of_another_queue_goes_on(running: Aws) -> None:
    queue, other = (running("sqs").create_queue(QueueName=name)["QueueUrl"] for name in ("q", "other"))
    polls = [poll(running, queue, WaitTimeSeconds=20) for _ in range(3)]
    elsewhere, nothing = poll(running, other, WaitTimeSeconds=20)
    until(lambda: waiting() == 4)
    for body in ("first", "second"):
        running("sqs").send_message(QueueUrl=queue, MessageBody=body)
    until(lambda: received(polls) == ["first", "second"])
    until(lambda: waiting() == 2)
    running("sqs").send_message(QueueUrl=queue, MessageBody="third")
    running("sqs").send_message(QueueUrl=other, MessageBody="fourth")
    for thread, _ in [*polls, (elsewhere, nothing)]:
        thread.join(10)
    assert received(polls) == ["first", "second", "third"]
    assert nothing == ["fourth"]


def test_polls_behind_the_first_see_a_delayed_message_when_it_shows(running: Aws) -> None:
    queue = running("sqs").create_queue(QueueName="q")["QueueUrl"]
    polls = [poll(running, queue, WaitTimeSeconds=20) for _ in range(3)]
    until(lambda: waiting() == 3)
    for seconds in (4, 2, 6):
        running("sqs").send_message(QueueUrl=queue, MessageBody=f"after {seconds}", DelaySeconds=seconds)
    for thread, _ in polls:
        thread.join(10)
    assert received(polls) == ["after 2", "after 4", "after 6"]


def test_a_message_that_is_made_visible_ends_a_poll(running: Aws) -> None:
    queue = running("sqs").create_queue(QueueName="q")["QueueUrl"]
    running("sqs").send_message(QueueUrl=queue, MessageBody="again")
    [message] = running("sqs").receive_message(QueueUrl=queue, VisibilityTimeout=600)["Messages"]
    polls = [poll(running, queue, WaitTimeSeconds=20) for _ in range(2)]
    until(lambda: waiting() == 2)
    running("sqs").change_message_visibility(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=1)
    for thread, _ in polls:
        thread.join(10)
    assert received(polls) == ["again"]


def test_the_next_message_of_a_group_ends_a_poll_when_the_one_before_it_is_deleted(running: Aws) -> None:
    queue = running("sqs").create_queue(QueueName="q.fifo", Attributes={"FifoQueue": "true", "ContentBasedDeduplication": "true"})[
        "QueueUrl"
    ]
    for body in ("first", "second"):
        running("sqs").send_message(QueueUrl=queue, MessageBody=body, MessageGroupId="g")
    [first] = running("sqs").receive_message(QueueUrl=queue, VisibilityTimeout=600)["Messages"]
    thread, bodies = poll(running, queue, WaitTimeSeconds=20)
    wait_until_it_waits(thread)
    running("sqs").delete_message(QueueUrl=queue, ReceiptHandle=first["ReceiptHandle"])
    thread.join(10)
    assert (first["Body"], bodies) == ("first", ["second"])


def test_a_message_that_moves_to_the_dead_letter_queue_ends_a_poll_there(running: Aws) -> None:
    dead = running("sqs").create_queue(QueueName="dead")["QueueUrl"]
    redrive = json.dumps({"deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:dead", "maxReceiveCount": 1})
    queue = running("sqs").create_queue(QueueName="q", Attributes={"RedrivePolicy": redrive})["QueueUrl"]
    running("sqs").send_message(QueueUrl=queue, MessageBody="poison")
    running("sqs").receive_message(QueueUrl=queue, VisibilityTimeout=0)
    thread, bodies = poll(running, dead, WaitTimeSeconds=20)
    wait_until_it_waits(thread)
    assert "Messages" not in running("sqs").receive_message(QueueUrl=queue)
    thread.join(10)
    assert bodies == ["poison"]


def test_a_poll_whose_caller_has_hung_up_takes_no_message(running: Aws) -> None:
    queue = running("sqs").create_queue(QueueName="q")["QueueUrl"]
    leaving = Caller()

    def receive() -> None:
        with answering(leaving):
            running("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=20)

    gone = threading.Thread(target=receive)
    gone.start()
    wait_until_it_waits(gone)
    leaving.hang_up()
    running("sqs").send_message(QueueUrl=queue, MessageBody="hello")
    gone.join(10)
    [message] = running("sqs").receive_message(QueueUrl=queue)["Messages"]
    assert message["Body"] == "hello"
