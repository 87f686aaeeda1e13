"""An SNS service in virtual time: the API, the controller, and subscribers at URLs. Queues are moto's."""

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws import seams, state
from sandbox.aws.context import LOCK
from sandbox.aws.hosting import moto_time
from sandbox.aws.http.gateway import Gateway
from sandbox.aws.http.transport import Transport
from sandbox.core.clock import VirtualClock
from sandbox.core.control import Scope
from sandbox.core.events import Event
from sandbox.core.journal import Journal
from sandbox.drivers.delivery.base import DeliveryRequest
from sandbox.drivers.delivery.simulated import SimulatedDeliverer, Subscriber
from sandbox.drivers.world import World
from sandbox.engine import Engine
from sandbox.services.sns.controller import SnsController
from sandbox.services.sns.state.mailbox import Mailbox
from tests.support.ports import use_ports

HERE = Scope("123456789012", "us-east-1")
URL = "http://127.0.0.1:9999/alarms"


@dataclass
class Sns:
    clock: VirtualClock
    journal: Journal
    engine: Engine
    deliverer: SimulatedDeliverer
    gateway: Gateway
    transport: Transport

    @property
    def api(self) -> Any:
        return self.transport.client("sns", HERE)

    @property
    def sqs(self) -> Any:
        return self.transport.client("sqs", HERE)

    @property
    def mailbox(self) -> Mailbox:
        return Mailbox()

    def wait(self, seconds: float = 1) -> None:
        self.engine.run_until(self.clock.now() + timedelta(seconds=seconds))

    def topic(self, name: str = "alerts", **attributes: str) -> str:
        return str(self.api.create_topic(Name=name, Attributes=attributes)["TopicArn"])

    def subscriber(self, topic: str, url: str = URL, **attributes: str) -> tuple[Subscriber, str]:
        """A confirmed subscriber, without the confirmation request among what it received. Returns it and the subscription ARN."""
        subscriber = self.deliverer.subscriber(url)
        self.api.subscribe(TopicArn=topic, Protocol=url.partition(":")[0], Endpoint=url, Attributes=attributes)
        self.wait()
        request = json.loads(subscriber.received.pop().body)
        return subscriber, self.api.confirm_subscription(TopicArn=topic, Token=request["Token"])["SubscriptionArn"]

    def queue(self, name: str = "inbox") -> tuple[str, str]:
        """Returns URL and ARN."""
        url = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        return url, self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def in_queue(self, url: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]).get(
            "Messages", []
        )
        return found

    def events(self, detail_type: str) -> list[Event]:
        return [event for event in self.journal.events() if event.detail_type == detail_type]


def header(request: DeliveryRequest, name: str) -> str | None:
    return {key.lower(): value for key, value in request.headers}.get(name)


def world(clock: VirtualClock, engine: Engine) -> World:
    return World(clock=clock, at=engine.at, random=random.Random(1))


def error_of(call: Any, **parameters: Any) -> tuple[int, str, str]:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    answer = caught.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"], answer["Error"]["Message"]


@contextmanager
def staged() -> Iterator[Sns]:
    clock = VirtualClock()
    journal = Journal(clock)
    engine = Engine(clock, journal, LOCK)
    use_ports(clock, journal, engine.wake)
    moto_time.install(clock)
    state.reset(seed=3)
    seams.install()
    gateway = Gateway()
    made = Sns(clock, journal, engine, SimulatedDeliverer(world(clock, engine)), gateway, Transport(gateway))
    controller = SnsController(journal, made.transport, made.deliverer)
    engine.add([controller])
    yield made
    state.reset()
