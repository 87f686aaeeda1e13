"""The AWS account that operations act on: one Region of a virtual sandbox, what is in it now, and the means to pick from it."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from sandbox.aws.context import context, use
from sandbox.drivers.delivery.simulated import Subscriber
from sandbox.drivers.proxy.simulated import Response
from sandbox.drivers.world import Machine, World
from sandbox.faults.hooks import FaultHooks
from sandbox.faults.registry import FaultRegistry
from tests.support.fleet import Fleet
from tests.support.virtual import VirtualSandbox

T = TypeVar("T")
SUBSCRIBER = "http://127.0.0.1:9999/alarms"
TURNS = 6
ALIVE = ("pending", "running", "stopping", "stopped")


class NothingThere(Exception):
    """The operation has nothing to act on now; its step does nothing."""


class Account:
    """Begins with one fleet, `web`, whose launch configuration is never deleted. `saved`: where a restart keeps the state."""

    def __init__(self, on: VirtualSandbox, saved: Path) -> None:
        self.on, self.saved = on, saved
        self.fleet = Fleet(on)
        self.taken_out: set[str] = set()  # instances that a user detached or launched: no group's business
        self.refused = self.accepted = 0  # requests
        self.watch_faults()

    # ---- clients

    @property
    def autoscaling(self) -> Any:
        return self.on.client("autoscaling")

    @property
    def ec2(self) -> Any:
        return self.on.client("ec2")

    @property
    def elbv2(self) -> Any:
        return self.on.client("elbv2")

    @property
    def cloudwatch(self) -> Any:
        return self.on.client("cloudwatch")

    @property
    def sns(self) -> Any:
        return self.on.client("sns")

    # ---- the simulated world

    @property
    def world(self) -> World:
        return self.on.world

    def subscriber(self) -> Subscriber:
        """The one that listens at SUBSCRIBER."""
        return self.on.sandbox.simulated.deliverer.subscriber(SUBSCRIBER)

    def send(self, listener: str, path: str = "/") -> Response | None:
        """One request of a client. None: the listener is not configured yet, so its port does not answer."""
        try:
            return self.on.sandbox.simulated.proxy.request(listener, path=path)
        except KeyError:
            return None

    def send_some(self, listener: str) -> list[Response]:
        """One request for each target that there may be: they are chosen in turn."""
        return [found for found in (self.send(listener) for _ in range(TURNS)) if found]

    def watch_faults(self) -> None:
        """The services ask this account's registry of faults."""
        sandbox = self.on.sandbox
        self.faults = FaultRegistry(sandbox.clock, sandbox.journal, sandbox.engine.at)
        use(replace(context(), faults=FaultHooks(self.faults)))

    def machine(self, pick: random.Random) -> Machine:
        """One that runs."""
        return one_of(pick, [machine for machine in self.world.machines.values() if machine.running])

    def restart(self) -> None:
        """The control plane ends after its last save, and another one takes up what it left."""
        self.on = self.on.restart(self.saved)
        self.fleet = self.fleet.after(self.on)
        self.watch_faults()

    # ---- what is there, described by the API

    def groups(self) -> list[dict[str, Any]]:
        return list(self.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"])

    def group(self, pick: random.Random) -> dict[str, Any]:
        """One that is not being deleted."""
        return one_of(pick, [group for group in self.groups() if "Status" not in group])

    def member(self, pick: random.Random, state: str | None = None) -> tuple[dict[str, Any], str]:
        """A group and the id of one of its members: of those in a lifecycle state, or (None) of all."""
        groups = self.groups()
        members = [(group, i["InstanceId"]) for group in groups for i in group["Instances"] if state in (None, i["LifecycleState"])]
        return one_of(pick, members)

    def instances(self) -> list[dict[str, Any]]:
        pages = self.ec2.get_paginator("describe_instances").paginate()
        return [i for page in pages for reservation in page["Reservations"] for i in reservation["Instances"]]

    def instance(self, pick: random.Random, *states: str) -> str:
        """The id of an instance in one of the states (none given: of those not terminated)."""
        return str(one_of(pick, [i["InstanceId"] for i in self.instances() if i["State"]["Name"] in (states or ALIVE)]))

    def target_groups(self) -> list[dict[str, Any]]:
        return list(self.elbv2.describe_target_groups()["TargetGroups"])

    def target_group(self, pick: random.Random) -> str:
        return str(one_of(pick, self.target_groups())["TargetGroupArn"])

    def load_balancer(self, pick: random.Random) -> str:
        return str(one_of(pick, self.elbv2.describe_load_balancers()["LoadBalancers"])["LoadBalancerArn"])

    def listeners(self) -> list[str]:
        balancers = self.elbv2.describe_load_balancers()["LoadBalancers"]
        found = [self.elbv2.describe_listeners(LoadBalancerArn=b["LoadBalancerArn"])["Listeners"] for b in balancers]
        return [listener["ListenerArn"] for listeners in found for listener in listeners]

    def listener(self, pick: random.Random) -> str:
        return one_of(pick, self.listeners())

    def topics(self) -> list[str]:
        return [topic["TopicArn"] for topic in self.sns.list_topics()["Topics"]]

    def subnets(self, pick: random.Random) -> list[str]:
        """Of one to three zones."""
        found = self.fleet.subnets(3)
        return pick.sample(found, pick.randint(1, len(found)))

    @contextmanager
    def request(self) -> Iterator[None]:
        """A request may be refused, as on AWS; only an answer of 500 and above is wrong."""
        try:
            yield
            self.accepted += 1
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            assert status < 500, f"{error.operation_name} answered {status}: {error}"
            self.refused += 1


def one_of(pick: random.Random, things: Sequence[T]) -> T:
    """NothingThere when there is none."""
    if not things:
        raise NothingThere
    return pick.choice(things)


def some_of(pick: random.Random, choices: dict[str, Any]) -> dict[str, Any]:
    """A few of the given fields, at least one."""
    names = pick.sample(sorted(choices), pick.randint(1, min(3, len(choices))))
    return {name: choices[name] for name in names}
