"""Ports for tests that need no whole sandbox: what a test does not give is a fake that does nothing, or that fails when it is used."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import sandbox.services.autoscaling.api.assembly
import sandbox.services.cloudformation.api.assembly
import sandbox.services.cloudwatch.api.responses
import sandbox.services.ec2.api.assembly
import sandbox.services.elbv2.api.assembly
import sandbox.services.sns.api.assembly
import sandbox.services.sqs.api.assembly  # noqa: F401 - their seams, which wiring declares for a whole sandbox
from sandbox.aws.context import context, use
from sandbox.aws.ports import Ports
from sandbox.core.clock import Clock
from sandbox.core.control import Scope
from sandbox.core.errors import ApiError
from sandbox.core.journal import Journal
from sandbox.core.ports import ActiveFaults, Clients, ExecutePolicy, Machines
from sandbox.settings import Settings


class NoClients:
    def client(self, service: str, scope: Scope, caller: str | None = None) -> Any:
        raise AssertionError(f"this test has no clients, and {service} was asked for")


@dataclass
class FakeMachines:
    """`overlaps`: what check_cidr returns for a CIDR block."""

    consoles: dict[str, bytes] = field(default_factory=dict)
    overlaps: Callable[[str], str | None] = lambda cidr: None

    def console_output(self, instance_id: str) -> bytes:
        return self.consoles[instance_id]

    def endpoint(self, private_ip_address: str, port: int) -> tuple[str, int]:
        return private_ip_address, port

    def check_cidr(self, cidr: str) -> str | None:
        return self.overlaps(cidr)


@dataclass
class FakeFaults:
    """Faults in force, as functions that a test replaces. The gateway asks `on_call` before each call."""

    on_call: Callable[[str, str], ApiError | None] = lambda service, operation: None
    capacity: Callable[[str, str], str | None] = lambda zone, instance_type: None
    unreachable: set[str] = field(default_factory=set)

    def api_error(self, service: str, operation: str) -> ApiError | None:
        return self.on_call(service, operation)

    def no_capacity(self, zone: str, instance_type: str) -> str | None:
        return self.capacity(zone, instance_type)

    def host_unreachable(self, instance_id: str) -> bool:
        return instance_id in self.unreachable


@dataclass
class FakePolicies:
    """Auto Scaling's entry for alarms. `executed`: what it was called with, one mapping for each call."""

    executed: list[dict[str, Any]] = field(default_factory=list)
    execute: Callable[..., None] | None = None  # None: it succeeds

    def __call__(self, **given: Any) -> None:
        self.executed.append(given)
        if self.execute is not None:
            self.execute(**given)


def use_ports(
    clock: Clock,
    journal: Journal,
    wake: Callable[..., None],
    *,
    settings: Settings | None = None,
    seed: int = 0,
    clients: Clients | None = None,
    machines: Machines | None = None,
    faults: ActiveFaults | None = None,
    execute_policy: ExecutePolicy | None = None,
) -> Ports:
    """Makes the Ports the process's, and returns them."""
    made = Ports(
        clock=clock,
        journal=journal,
        random=random.Random(seed),
        settings=settings or Settings(),
        wake=wake,
        clients=clients or NoClients(),
        machines=machines or FakeMachines(),
        faults=faults or FakeFaults(),
        execute_policy=execute_policy or FakePolicies(),
    )
    use(made)
    return made


def change_settings(**changes: Any) -> None:
    """Gives the Ports of the process other settings."""
    use(replace(context(), settings=replace(context().settings, **changes)))
