"""What AWS services need of the sandbox round them, as narrow Protocols. wiring connects them to real or simulated implementations; tests
use fakes. Services meet through the AWS API; the two internal paths that AWS has as well are here: `ExecutePolicy` (an alarm runs a scaling
policy) and, in core/metrics.py, `PublishMetrics` (a service publishes what it measured).
"""

from typing import Any, Protocol

from sandbox.core.control import Scope
from sandbox.core.errors import ApiError


class Clients(Protocol):
    """boto3 clients of this sandbox's own API (aws/http/transport.py)."""

    def client(self, service: str, scope: Scope, caller: str | None = None) -> Any:
        """`caller`: the AWS service that the calls are journalled as; None: a user."""
        ...


class Machines(Protocol):
    """What the AWS API asks of the runtime while it answers a request (drivers/runtime/base.py)."""

    def console_output(self, instance_id: str) -> bytes:
        """Does I/O: call it without the lock. KeyError when the instance has no machine."""
        ...

    def endpoint(self, private_ip_address: str, port: int) -> tuple[str, int]:
        """Where the load balancer reaches a port of the instance with that address."""
        ...

    def check_cidr(self, cidr: str) -> str | None:
        """None when a VPC can have this CIDR block, else one sentence that names what it overlaps. No I/O."""
        ...


class ActiveFaults(Protocol):
    """What the faults in force do to the control plane (faults/hooks.py). Several faults on one hook combine."""

    def api_error(self, service: str, operation: str) -> ApiError | None:
        """The error that a call gets in place of its result; None: no fault concerns it. `service` is botocore's name."""
        ...

    def no_capacity(self, zone: str, instance_type: str) -> str | None:
        """The text of InsufficientInstanceCapacity for the zone and type (EC2-15); None: there is capacity."""
        ...

    def host_unreachable(self, instance_id: str) -> bool:
        """Whether the system status check of the instance fails (EC2-30)."""
        ...


class ExecutePolicy(Protocol):
    """Auto Scaling's internal entry for CloudWatch: a scaling policy runs because of an alarm (SCL-4)."""

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
        """Raises an exception whose text belongs in the alarm's history when the policy cannot run (SCL-5)."""
        ...
