"""What runs instances. Implementations: docker/, process/, simulated.py; one contract suite for all (tests/contract/test_runtime.py).

Every verb is idempotent and returns at once; its effect is seen in `containers()`. When that snapshot changes, `on_change` callbacks are
called with the instance id within milliseconds. So a controller can compare observed and desired state at any time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol


class ContainerState(Enum):
    STARTING = "starting"  # requested; not yet running
    RUNNING = "running"
    STOPPING = "stopping"
    EXITED = "exited"  # exists and does not run
    FAILED = "failed"  # could not be created or started: `error` says why
    REMOVING = "removing"


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchSpec:
    """Everything that is needed to create an instance's machine. Names are EC2's."""

    instance_id: str
    image_id: str
    instance_type: str
    account: str
    region: str
    availability_zone: str
    vpc_id: str
    subnet_id: str
    subnet_cidr: str  # "172.31.0.0/20"
    private_ip_address: str
    private_dns_name: str  # "ip-172-31-0-5.ec2.internal"; its first label is the machine's host name (DNS-3)
    user_data: bytes | None = None  # decoded; None: no user data
    cpu_limit: float = 1.0  # cores
    memory_mib: int = 512
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """The observed state of an instance's container."""

    instance_id: str
    state: ContainerState
    started_at: datetime | None = None  # sandbox time of the last start
    boots: int = 0  # number of starts; a reboot is one
    exit_code: int | None = None  # of the last run; None while it runs
    oom_killed: bool = False
    error: str | None = None  # why FAILED
    orphan: bool = False  # launched by an earlier control plane and found by its label or record


class Runtime(Protocol):
    name: str  # "docker" | "process" | "simulated"

    def launch(self, spec: LaunchSpec) -> None:
        """Creates and starts it. No effect when the id exists."""
        ...

    def start(self, instance_id: str) -> None:
        """Starts a stopped instance: same address, user data not run again."""
        ...

    def stop(self, instance_id: str, *, force: bool = False) -> None:
        """Ends its processes and keeps its disk; `force` kills them."""
        ...

    def reboot(self, instance_id: str) -> None: ...

    def terminate(self, instance_id: str) -> None:
        """Removes it. Afterwards `containers()` has no entry for it."""
        ...

    def containers(self) -> Mapping[str, Container]:
        """The latest snapshot, by instance id. No I/O."""
        ...

    def endpoint(self, private_ip_address: str, port: int) -> tuple[str, int]:
        """The host and port at which the load balancer and health checks reach a port of the instance with that address."""
        ...

    def console_output(self, instance_id: str) -> bytes:
        """The newest 64 KiB of its output since the first boot. Does I/O: not called under the lock. Raises KeyError when there is no such
        container."""
        ...

    def reachable(self, instance_id: str) -> bool | None:
        """The instance status check (EC2-30): whether the machine's network stack answers, by the latest result. None: unknown. No I/O."""
        ...

    def on_change(self, callback: Callable[[str], None]) -> None: ...

    def check_cidr(self, cidr: str) -> str | None:
        """None when a VPC can have this CIDR block, else one sentence that names the network or route of this machine that it overlaps.
        No I/O."""
        ...

    def remove_all(self) -> tuple[str, ...]:
        """Removes every instance of this sandbox, and nothing else. → one sentence for each thing that could not be removed. Does I/O;
        called by `sandbox down`, when no control plane runs."""
        ...

    def available(self) -> str | None:
        """None when instances can be launched, else one sentence why not ("Docker does not answer: …")."""
        ...

    def close(self) -> None:
        """Releases resources. Instances keep running."""
        ...
