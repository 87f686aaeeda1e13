"""What AWS services ask about the faults that are active now: `ActiveFaults`. faults/hooks.py answers; tests use a fake."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from sandbox.core.errors import ApiError


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCall:
    """One call of the AWS API, as faults see it."""

    service: str  # botocore's name: "elbv2"
    operation: str  # "RunInstances"
    parameters: Mapping[str, Any] = field(default_factory=dict)  # as botocore's model has them
    role: str | None = None  # ARN of the IAM role that calls; None: no role
    internal: bool = False  # an AWS service calls, not a user


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchAttempt:
    """A launch or a start in one zone, as faults see it."""

    zone: str  # its name
    instance_type: str
    group: str | None = None  # name of the Auto Scaling group that launches
    role: str | None = None  # ARN of the IAM role that calls; of Auto Scaling: its service-linked role


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFault:
    """What is wrong with the responses of an instance, as the load balancer sees it. Durations are real time."""

    error_percent: float = 0.0
    status: int = 500
    delay: timedelta = timedelta(0)
    jitter: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosted:
    """An instance, as faults of its host see it."""

    instance_id: str
    zone: str  # its name
    launched_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncedEvent:
    """A scheduled event of one instance (EC2-34), as a fault announces it."""

    event_id: str
    code: str
    text: str
    not_before: datetime
    not_after: datetime | None = None
    deadline: datetime | None = None  # until when a user can move it; None: not at all


class ActiveFaults(Protocol):
    """The effects of active faults on the control plane. Several faults combine. The caller holds the lock."""

    def api_error(self, call: ApiCall) -> ApiError | None:
        """The error to return instead of the call's result; None: no fault applies. Asked once for each call: it may draw a random number,
        and throttling counts the calls."""
        ...

    def api_delay(self, call: ApiCall) -> timedelta:
        """By how much the answer comes late, in real time. Calls of AWS's own services are not delayed."""
        ...

    def no_capacity(self, attempt: LaunchAttempt) -> str | None:
        """The text of InsufficientInstanceCapacity (EC2-15); None: there is capacity. It may draw a random number."""
        ...

    def launch_delay(self, zone: str) -> timedelta:
        """How much longer than usual an instance stays pending in the zone, in sandbox time."""
        ...

    def answer_faults(self) -> Mapping[str, AnswerFault]:
        """By instance id."""
        ...

    def host_unreachable(self, instance: Hosted) -> bool:
        """Whether the system status check of the instance fails (EC2-30)."""
        ...

    def unreachable_zones(self) -> frozenset[str]:
        """Names of the zones that clients cannot reach: a load balancer's node in them answers nothing, open connections included."""
        ...

    def unnoticed(self, instance: Hosted) -> bool:
        """Whether the host of the instance failed so recently that AWS has not noticed yet: its status checks keep their results (AZ-7)."""
        ...

    def without_network(self, instance: Hosted) -> bool:
        """Whether the instance was launched without a network, so that its instance status check fails (EC2-30)."""
        ...

    def failed_checks(self, instance: Hosted) -> frozenset[str]:
        """Of "system" and "instance": the status checks that fail although the instance and its host are fine."""
        ...

    def scheduled_events(self, instance: Hosted) -> tuple[AnnouncedEvent, ...]:
        """What AWS announces for the instance (EC2-34), oldest fault first."""
        ...

    def interrupted_at(self, instance: Hosted) -> datetime | None:
        """When the Spot Instance is interrupted (IMDS-12); None: it is not."""
        ...

    def impaired_zones(self) -> Mapping[str, datetime]:
        """The names of the zones that AWS's telemetry would show as failed (ARC-6), and since when."""
        ...

    def stale(self, service: str) -> frozenset[str]:
        """The operations of a service (botocore's names) whose changes are accepted and not applied to the data plane."""
        ...
