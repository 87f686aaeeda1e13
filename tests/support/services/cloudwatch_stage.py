"""CloudWatch with its loop in virtual time, and what its tests ask it."""

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ClientError

import sandbox.services.cloudwatch.api.responses  # noqa: F401 - declares its seam
from sandbox.aws import seams, state
from sandbox.aws.context import LOCK
from sandbox.aws.hosting import moto_time
from sandbox.aws.http.gateway import Gateway
from sandbox.aws.http.transport import ENDPOINT, NO_RETRIES, Transport, _call
from sandbox.aws.http.wsgi import ACCOUNT
from sandbox.core.clock import VirtualClock
from sandbox.core.control import Scope
from sandbox.core.journal import Journal
from sandbox.core.metrics import Dimensions, MetricDatum, Sample
from sandbox.drivers.delivery.simulated import SimulatedDeliverer
from sandbox.drivers.world import World
from sandbox.engine import Engine
from sandbox.services.cloudwatch.controller import CloudWatchController
from sandbox.services.sns.controller import SnsController
from tests.support.ports import FakePolicies, use_ports

HERE = Scope("123456789012", "us-east-1")
POLICY = "arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:0a1b:autoScalingGroupName/web:policyName/out"
MISSING_TOPIC = "arn:aws:sns:us-east-1:123456789012:nobody"
NOON = datetime(2026, 5, 7, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


PROTOCOLS = ("query", "json", "smithy-rpc-v2-cbor")


@dataclass
class CloudWatch:
    clock: VirtualClock
    journal: Journal
    engine: Engine
    policies: FakePolicies
    transport: Transport

    @property
    def api(self) -> Any:
        return self.transport.client("cloudwatch", HERE)

    def speaking(self, protocol: str) -> Any:
        """A boto3 client that speaks this protocol."""
        with patch("botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS", (protocol,)):
            client = _new_session().client("cloudwatch", region_name=HERE.region, endpoint_url=ENDPOINT, config=NO_RETRIES)

        def send(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
            return _call(self.transport._gateway, request, {ACCOUNT: HERE.account})

        client.meta.events.register("before-send", send)
        return client

    def wait(self, span: timedelta) -> None:
        self.engine.wake()
        self.engine.run_until(self.clock.now() + span)

    def put(self, value: float, name: str = "latency", **parameters: Any) -> None:
        self.api.put_metric_data(Namespace="App", MetricData=[{"MetricName": name, "Value": value, **parameters}])

    def alarm(self, name: str = "slow", **parameters: Any) -> None:
        defaults: dict[str, Any] = {
            "AlarmName": name,
            "Namespace": "App",
            "MetricName": "latency",
            "Statistic": "Average",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 70.0,
            "ComparisonOperator": "GreaterThanThreshold",
        }
        self.api.put_metric_alarm(**{key: value for key, value in (defaults | parameters).items() if value is not None})

    def described(self, name: str = "slow") -> dict[str, Any]:
        answer = self.api.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        [found] = answer["MetricAlarms"] + answer["CompositeAlarms"]
        return dict(found)

    def state(self, name: str = "slow") -> str:
        return str(self.described(name)["StateValue"])

    def summaries(self, kind: str, name: str = "slow", **parameters: Any) -> list[str]:
        """Oldest first."""
        items = self.api.describe_alarm_history(
            AlarmName=name, HistoryItemType=kind, ScanBy="TimestampAscending", AlarmTypes=["MetricAlarm", "CompositeAlarm"], **parameters
        )["AlarmHistoryItems"]
        return [item["HistorySummary"] for item in items]


def error(refused: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    return refused.value.response["Error"]["Code"], refused.value.response["Error"]["Message"]


def statistics(cloudwatch: CloudWatch, **parameters: Any) -> list[dict[str, Any]]:
    defaults: dict[str, Any] = {
        "Namespace": "App",
        "MetricName": "latency",
        "StartTime": NOON - timedelta(minutes=10),
        "EndTime": NOON + timedelta(minutes=10),
        "Period": 60,
        "Statistics": ["Average"],
    }
    given = {key: value for key, value in (defaults | parameters).items() if value is not None}
    return list(cloudwatch.api.get_metric_statistics(**given)["Datapoints"])


def stat(name: str = "latency", id: str = "m1", stat: str = "Average", namespace: str = "App", **more: Any) -> dict[str, Any]:
    return {"Id": id, "MetricStat": {"Metric": {"Namespace": namespace, "MetricName": name}, "Period": 60, "Stat": stat}, **more}


def data(cloudwatch: CloudWatch, *queries: dict[str, Any], **parameters: Any) -> dict[str, Any]:
    defaults = {"StartTime": NOON - timedelta(minutes=10), "EndTime": NOON + timedelta(minutes=10)}
    return dict(cloudwatch.api.get_metric_data(MetricDataQueries=list(queries), **{**defaults, **parameters}))


def subscribed(cloudwatch: CloudWatch) -> tuple[str, str]:
    """A topic and a queue that gets its messages raw."""
    sns, sqs = cloudwatch.transport.client("sns", HERE), cloudwatch.transport.client("sqs", HERE)
    topic, queue = sns.create_topic(Name="coinbase-alerts")["TopicArn"], sqs.create_queue(QueueName="heard")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:heard")
    return topic, queue


def heard(cloudwatch: CloudWatch, queue: str) -> list[dict[str, Any]]:
    messages = cloudwatch.transport.client("sqs", HERE).receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(message["Body"]) for message in messages]


def datum(namespace: str, name: str, dimensions: Dimensions, sample: Sample) -> MetricDatum:
    return MetricDatum(scope=HERE, namespace=namespace, name=name, dimensions=dimensions, unit="None", at=NOON, sample=sample)


def _new_session() -> boto3.Session:
    return boto3.Session(aws_access_key_id="SANDBOX", aws_secret_access_key="SANDBOX")


@contextmanager
def cloudwatch_stage() -> Iterator[CloudWatch]:
    """On empty state."""
    state.reset(seed=7)
    seams.install()
    clock = VirtualClock(NOON)
    moto_time.install(clock)
    journal = Journal(clock)
    engine = Engine(clock, journal, LOCK)
    transport = Transport(Gateway())
    policies = FakePolicies()
    use_ports(clock, journal, engine.wake, seed=7, clients=transport, execute_policy=policies)
    deliverer = SimulatedDeliverer(World(clock=clock, at=engine.at, random=random.Random(7)))
    engine.add([CloudWatchController(journal, transport), SnsController(journal, transport, deliverer)])
    yield CloudWatch(clock, journal, engine, policies, transport)
    assert [event.summary for event in journal.events() if event.detail_type == "Reconcile failed"] == []
    state.reset()
