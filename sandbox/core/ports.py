"""What AWS services need from the rest of the sandbox, as narrow Protocols. wiring connects them to real or simulated implementations;
tests use fakes. Services communicate through the AWS API. Internal paths that AWS has too are exceptions: `ExecutePolicy` (an alarm runs a
scaling policy), `ZonalShifts` (ARC moves traffic and launches), `ExperimentShifts` (FIS starts a shift) and, in core/metrics.py,
`PublishMetrics` (a service publishes its measurements). What services ask about faults is in aws/active_faults.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from sandbox.core.control import Scope


class Clients(Protocol):
    """boto3 clients of this sandbox's own API (aws/http/transport.py)."""

    def client(self, service: str, scope: Scope, caller: str | None = None) -> Any:
        """`caller`: the AWS service that the journal shows as the caller; None: a user."""
        ...


class CanMakeImages(Protocol):
    def cannot_create(self) -> str | None:
        """None if images of instances can be made, else one sentence why not. No I/O."""
        ...


class Machines(Protocol):
    """What the AWS API needs from the runtime while it processes a request (drivers/runtime/base.py)."""

    name: str  # "docker" | "process" | "simulated"

    def console_output(self, instance_id: str) -> bytes:
        """Does I/O: call it without the lock. KeyError if the instance has no machine."""
        ...

    def endpoint(self, private_ip_address: str, port: int) -> tuple[str, int]:
        """The host and port where the load balancer reaches a port of the instance with that private address."""
        ...

    def reachable(self, instance_id: str) -> bool | None:
        """Whether the machine's network stack answers, by the latest result; None: it does not run. No I/O."""
        ...

    @property
    def images(self) -> "CanMakeImages": ...

    def check_cidr(self, cidr: str) -> str | None:
        """None if a VPC can have this CIDR block, else one sentence that names the network it overlaps. No I/O."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptOutcome:
    """`code`: the exit code; None: it did not end by itself, or never began. `told`: its error output, or why there is no exit code."""

    code: int | None
    told: str


class RunScript(Protocol):
    """Runs a short program as root inside an instance's machine and waits for its end (drivers/commands/scripts.py)."""

    def __call__(self, instance_id: str, argv: tuple[str, ...], seconds: float) -> ScriptOutcome:
        """`seconds`: real ones. Does I/O: call it without the lock. KeyError if the machine does not run or is frozen."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownInstance:
    instance_id: str
    scope: Scope
    zone: str  # its name
    state: str  # EC2's: "running"
    private_ip_address: str | None
    launched_at: datetime
    state_since: datetime
    group: str | None = None  # the Auto Scaling group that it belongs to (ASG-20)
    spot: bool = False  # a Spot Instance


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownZone:
    name: str
    zone_id: str
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSubnet:
    subnet_id: str
    zone: str  # its name
    cidr: str  # "172.31.0.0/20"


class Inventory(Protocol):
    """What exists, for those that act on it without a service of their own (faults, experiments). It is read from the state, so that a
    fault on the API does not hide what another fault acts on. All accounts and Regions. No I/O; takes the lock for microseconds."""

    def of(self, account: str) -> "Inventory":
        """What exists in one account. "": everything."""
        ...

    def instance(self, instance_id: str) -> KnownInstance | None: ...

    def instances(self) -> tuple[KnownInstance, ...]:
        """Including those that were terminated and are still shown."""
        ...

    def zone(self, name_or_id: str) -> KnownZone | None:
        """A zone of any Region: "us-east-1a" or "use1-az6"."""
        ...

    def zones(self) -> tuple[KnownZone, ...]: ...

    def subnets(self) -> tuple[KnownSubnet, ...]:
        """Of all VPCs."""
        ...

    def groups(self) -> tuple[str, ...]:
        """Names of the Auto Scaling groups."""
        ...

    def services(self) -> tuple[str, ...]:
        """botocore's names of the services that the API has."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRequest:
    """What POST /_sandbox/faults asks for. `sandbox fault kinds` lists the kinds with their targets and parameters."""

    kind: str  # "latency"
    targets: tuple[str, ...] = ()  # instance ids, zone names or ids, Auto Scaling group names, service names
    parameters: Mapping[str, object] = field(default_factory=dict)  # name → JSON value: "10s", 30
    duration: timedelta | None = None  # sandbox time; None: until it is cleared
    summary: str | None = None  # one sentence; None: the kind's own
    cause: str | None = None  # id of the event that led to it
    account: str = ""  # only what is in this AWS account breaks; "": in every account
    token: str | None = None  # the caller's: while a fault with this token is active, the same request returns that fault
    hidden: bool = False  # no event and no list tells of it (a game day); what follows from it has `cause` as cause


class InjectFaults(Protocol):
    """Breaks something on purpose (faults/injector.py). FIS and /_sandbox/faults use it."""

    def inject(self, request: FaultRequest) -> str:
        """→ the fault's id. Raises UserError, and changes nothing, if the request is not valid or cannot be carried out here.

        A fault of a momentary kind (instance-terminate) has ended when this returns."""
        ...

    def clear(self, fault_id: str) -> None:
        """Undoes the fault. No effect if it is not active."""
        ...

    def is_active(self, fault_id: str) -> bool: ...


class ExecutePolicy(Protocol):
    """Auto Scaling's internal entry point for CloudWatch: an alarm runs a scaling policy (SCL-4)."""

    def __call__(
        self,
        *,
        scope: Scope,
        policy_arn: str,
        alarm_name: str,
        alarm_state: str,
        datapoints: tuple[float, ...],
        threshold: float | None,
    ) -> None:
        """Raises an exception if the policy cannot run; the alarm's history shows its text (SCL-5)."""
        ...


class ZonalShifts(Protocol):
    """Where traffic and launches must not go now, because of ARC (services/arc/state/applied.py)."""

    def shifted_zones(self, resource_arn: str) -> frozenset[str]:
        """The names of the zones that the load balancer or Auto Scaling group with this ARN is shifted away from now: none or one (ARC-5).

        Empty for an ARN that ARC does not know. The caller holds the lock. Events of source `aws.arc-zonal-shift` tell of each change."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentShift:
    """What an experiment of FIS asks of ARC for one resource (FIS-30)."""

    resource_arn: str
    zone: str  # name or id
    duration: timedelta
    experiment: str  # its id


class ExperimentShifts(Protocol):
    """ARC's internal entry point for FIS: the action aws:arc:start-zonal-autoshift (services/arc/state/experiments.py)."""

    def start(self, shift: ExperimentShift) -> str:
        """→ the id of the zonal shift. Raises ApiError: the resource is not managed, or another shift is active (ARC-5)."""
        ...

    def end(self, shift_id: str) -> None:
        """Ends it before its duration is over. Idempotent."""
        ...

    def is_active(self, shift_id: str) -> bool:
        """False: it has ended, or a zonal shift or an autoshift canceled it (ARC-5)."""
        ...
