"""What AWS services need from the rest of the sandbox, as narrow Protocols. wiring connects them to real or simulated implementations;
tests use fakes. Services communicate through the AWS API. Two internal paths that AWS has too are exceptions: `ExecutePolicy` (an alarm
runs a scaling policy) and, in core/metrics.py, `PublishMetrics` (a service publishes its measurements).
"""

from typing import Any, Protocol

from sandbox.core.control import Scope
from sandbox.core.errors import ApiError


class Clients(Protocol):
    """boto3 clients of this sandbox's own API (aws/http/transport.py)."""

    def client(self, service: str, scope: Scope, caller: str | None = None) -> Any:
        """`caller`: the AWS service that the journal shows as the caller; None: a user."""
        ...


class Machines(Protocol):
    """What the AWS API needs from the runtime while it processes a request (drivers/runtime/base.py)."""

    def console_output(self, instance_id: str) -> bytes:
        """Does I/O: call it without the lock. KeyError if the instance has no machine."""
        ...

    def endpoint(self, private_ip_address: str, port: int) -> tuple[str, int]:
        """The host and port where the load balancer reaches a port of the instance with that private address."""
        ...

    def check_cidr(self, cidr: str) -> str | None:
        """None if a VPC can have this CIDR block, else one sentence that names the network it overlaps. No I/O."""
        ...


class ActiveFaults(Protocol):
    """The effects of active faults on the control plane (faults/hooks.py). Several faults on one hook combine."""

    def api_error(self, service: str, operation: str) -> ApiError | None:
        """The error to return instead of the call's result; None: no fault applies. `service` is botocore's name."""
        ...

    def no_capacity(self, zone: str, instance_type: str) -> str | None:
        """The text of InsufficientInstanceCapacity for the zone and type (EC2-15); None: there is capacity."""
        ...

    def host_unreachable(self, instance_id: str) -> bool:
        """Whether the system status check of the instance fails (EC2-30)."""
        ...


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
