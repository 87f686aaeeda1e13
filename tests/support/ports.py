"""Ports for tests that need no whole sandbox: what a test does not give is a fake that does nothing, or that fails when it is used."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import sandbox.services.arc.api.assembly
import sandbox.services.autoscaling.api.assembly
import sandbox.services.cloudformation.api.assembly
import sandbox.services.cloudwatch.api.responses
import sandbox.services.ec2.api.assembly
import sandbox.services.elbv2.api.assembly
import sandbox.services.fis.api.assembly
import sandbox.services.instance_connect.api.assembly
import sandbox.services.sns.api.assembly
import sandbox.services.sqs.api.assembly
import sandbox.services.ssm.api.assembly  # noqa: F401 - their seams, which wiring declares for a whole sandbox
from sandbox.aws.active_faults import ActiveFaults, AnnouncedEvent, AnswerFault, ApiCall, Hosted, LaunchAttempt
from sandbox.aws.context import context, use
from sandbox.aws.ports import Ports
from sandbox.core.channels.protocols import ChannelKind, ChannelRequest, ChannelSeen, DataChannels
from sandbox.core.clock import Clock
from sandbox.core.control import Scope
from sandbox.core.errors import ApiError, UserError
from sandbox.core.journal import Journal
from sandbox.core.ports import (
    Clients,
    ExecutePolicy,
    ExperimentShift,
    ExperimentShifts,
    FaultRequest,
    InjectFaults,
    Machines,
    RunScript,
    ScriptOutcome,
    ZonalShifts,
)
from sandbox.settings import Settings


class NoClients:
    def client(self, service: str, scope: Scope, caller: str | None = None) -> Any:
        raise AssertionError(f"this test has no clients, and {service} was asked for")


@dataclass
class FakeImages:
    refusal: str | None = None

    def cannot_create(self) -> str | None:
        return self.refusal


@dataclass
class FakeMachines:
    """`overlaps`: what check_cidr returns for a CIDR block."""

    images: FakeImages = field(default_factory=FakeImages)

    name: str = "simulated"
    consoles: dict[str, bytes] = field(default_factory=dict)
    overlaps: Callable[[str], str | None] = lambda cidr: None
    silent: set[str] = field(default_factory=set)  # instances whose network stack does not answer

    def reachable(self, instance_id: str) -> bool | None:
        return instance_id not in self.silent

    def console_output(self, instance_id: str) -> bytes:
        return self.consoles[instance_id]

    def endpoint(self, private_ip_address: str, port: int) -> tuple[str, int]:
        return private_ip_address, port

    def check_cidr(self, cidr: str) -> str | None:
        return self.overlaps(cidr)


@dataclass
class FakeScripts:
    """`ran`: instance id and words of each script. `outcome`: what all of them come to. Instances of `silent` do not answer."""

    ran: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    outcome: ScriptOutcome = field(default_factory=lambda: ScriptOutcome(code=0, told=""))
    silent: set[str] = field(default_factory=set)

    def __call__(self, instance_id: str, argv: tuple[str, ...], seconds: float) -> ScriptOutcome:
        if instance_id in self.silent:
            raise KeyError(instance_id)
        self.ran.append((instance_id, argv))
        return self.outcome


@dataclass
class FakeChannels:
    """`opened`: the requests, by session id; `told`: what the client was told at the end. `why_not`: what sessions are refused with."""

    opened: dict[str, ChannelRequest] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)
    why_not: str | None = None
    tokens: int = 0

    def refusal(self, kind: ChannelKind) -> str | None:
        return self.why_not

    def open(self, request: ChannelRequest) -> str:
        self.opened[request.session_id] = request
        return self._token()

    def renew(self, session_id: str) -> str | None:
        return self._token() if self.seen(session_id) else None

    def seen(self, session_id: str) -> ChannelSeen | None:
        going_on = session_id in self.opened and session_id not in self.told
        return ChannelSeen(attached=False, used=False, quiet=timedelta(0)) if going_on else None

    def end(self, session_id: str, told: str) -> None:
        self.told[session_id] = told

    def on_change(self, callback: Callable[[str], None]) -> None:
        """Nothing ends by itself."""

    def close(self) -> None: ...

    def _token(self) -> str:
        self.tokens += 1
        return f"token-{self.tokens}"


@dataclass
class FakeFaults:
    """Faults in force, as functions and values that a test replaces. The gateway asks `on_call` before each call."""

    on_call: Callable[[str, str], ApiError | None] = lambda service, operation: None
    delay: timedelta = timedelta(0)  # of each call
    capacity: Callable[[str, str], str | None] = lambda zone, instance_type: None
    slow: dict[str, timedelta] = field(default_factory=dict)  # zone → how much longer a launch takes
    unreachable: set[str] = field(default_factory=set)
    just_failed: set[str] = field(default_factory=set)  # hosts whose failure AWS has not noticed yet
    spoiled: dict[str, AnswerFault] = field(default_factory=dict)
    networkless: set[str] = field(default_factory=set)
    failing: dict[str, set[str]] = field(default_factory=dict)  # instance id → status checks
    announced: dict[str, list[AnnouncedEvent]] = field(default_factory=dict)  # instance id → scheduled events
    impaired: dict[str, datetime] = field(default_factory=dict)
    interruptions: dict[str, datetime] = field(default_factory=dict)  # of Spot Instances
    not_applied: frozenset[str] = frozenset()  # operations of elbv2
    calls: list[ApiCall] = field(default_factory=list)
    attempts: list[LaunchAttempt] = field(default_factory=list)
    dark_zones: set[str] = field(default_factory=set)

    def api_error(self, call: ApiCall) -> ApiError | None:
        self.calls.append(call)
        return self.on_call(call.service, call.operation)

    def api_delay(self, call: ApiCall) -> timedelta:
        return self.delay

    def no_capacity(self, attempt: LaunchAttempt) -> str | None:
        self.attempts.append(attempt)
        return self.capacity(attempt.zone, attempt.instance_type)

    def launch_delay(self, zone: str) -> timedelta:
        return self.slow.get(zone, timedelta(0))

    def unreachable_zones(self) -> frozenset[str]:
        return frozenset(self.dark_zones)

    def answer_faults(self) -> Mapping[str, AnswerFault]:
        return dict(self.spoiled)

    def host_unreachable(self, instance: Hosted) -> bool:
        return instance.instance_id in self.unreachable

    def unnoticed(self, instance: Hosted) -> bool:
        return instance.instance_id in self.just_failed

    def without_network(self, instance: Hosted) -> bool:
        return instance.instance_id in self.networkless

    def failed_checks(self, instance: Hosted) -> frozenset[str]:
        return frozenset(self.failing.get(instance.instance_id, ()))

    def interrupted_at(self, instance: Hosted) -> datetime | None:
        return self.interruptions.get(instance.instance_id)

    def scheduled_events(self, instance: Hosted) -> tuple[AnnouncedEvent, ...]:
        return tuple(self.announced.get(instance.instance_id, ()))

    def impaired_zones(self) -> Mapping[str, datetime]:
        return dict(self.impaired)

    def stale(self, service: str) -> frozenset[str]:
        return self.not_applied if service == "elbv2" else frozenset()


@dataclass
class FakeInjections:
    """`injected`: the requests, by fault id; `active`: the ids of those that were not cleared. `refuse`: raised instead."""

    injected: dict[str, FaultRequest] = field(default_factory=dict)
    active: set[str] = field(default_factory=set)
    refuse: UserError | None = None

    def inject(self, request: FaultRequest) -> str:
        if self.refuse:
            raise self.refuse
        fault_id = f"fault-{len(self.injected) + 1}"
        self.injected[fault_id] = request
        self.active.add(fault_id)
        return fault_id

    def clear(self, fault_id: str) -> None:
        self.active.discard(fault_id)

    def is_active(self, fault_id: str) -> bool:
        return fault_id in self.active


@dataclass
class FakePolicies:
    """Auto Scaling's entry for alarms. `executed`: what it was called with, one mapping for each call."""

    executed: list[dict[str, Any]] = field(default_factory=list)
    execute: Callable[..., None] | None = None  # None: it succeeds

    def __call__(self, **given: Any) -> None:
        self.executed.append(given)
        if self.execute is not None:
            self.execute(**given)


@dataclass
class FakeShifts:
    """ARC, as the other services see it. `shifted`: ARN → names of zones; `started`: what experiments asked for, by the shift's id."""

    shifted: dict[str, frozenset[str]] = field(default_factory=dict)
    started: dict[str, ExperimentShift] = field(default_factory=dict)

    def shifted_zones(self, resource_arn: str) -> frozenset[str]:
        return self.shifted.get(resource_arn, frozenset())

    def start(self, shift: ExperimentShift) -> str:
        shift_id = f"shift-{len(self.started) + 1}"
        self.started[shift_id] = shift
        return shift_id

    def end(self, shift_id: str) -> None:
        self.started.pop(shift_id, None)

    def is_active(self, shift_id: str) -> bool:
        return shift_id in self.started


def use_ports(
    clock: Clock,
    journal: Journal,
    wake: Callable[..., None],
    *,
    settings: Settings | None = None,
    seed: int = 0,
    clients: Clients | None = None,
    machines: Machines | None = None,
    run_script: RunScript | None = None,
    channels: DataChannels | None = None,
    faults: ActiveFaults | None = None,
    inject_faults: InjectFaults | None = None,
    execute_policy: ExecutePolicy | None = None,
    zonal_shifts: ZonalShifts | None = None,
    experiment_shifts: ExperimentShifts | None = None,
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
        run_script=run_script or FakeScripts(),
        channels=channels or FakeChannels(),
        faults=faults or FakeFaults(),
        inject_faults=inject_faults or FakeInjections(),
        execute_policy=execute_policy or FakePolicies(),
        zonal_shifts=zonal_shifts or FakeShifts(),
        experiment_shifts=experiment_shifts or FakeShifts(),
    )
    use(made)
    return made


def change_settings(**changes: Any) -> None:
    """Gives the Ports of the process other settings."""
    use(replace(context(), settings=replace(context().settings, **changes)))
