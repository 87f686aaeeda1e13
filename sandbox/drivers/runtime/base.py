"""What runs instances. Implementations: docker/, process/, simulated.py; one contract suite for all (tests/contract/test_runtime.py).

Every verb only asks: it returns at once, is idempotent, and what came of it is seen in `containers()`. A change of that picture calls the
`on_change` callback with the instance id, within milliseconds. So a controller compares picture and wish, at any time, and is right.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol


class ContainerState(Enum):
    STARTING = "starting"  # asked for; not yet running
    RUNNING = "running"
    STOPPING = "stopping"
    EXITED = "exited"  # it is there and does not run
    FAILED = "failed"  # it could not be made or started: `error` says why
    REMOVING = "removing"


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchSpec:
    """Everything a machine needs to be. Names are EC2's."""

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
    user_data: bytes | None = None  # decoded; None: there is none
    cpu_limit: float = 1.0  # cores
    memory_mib: int = 512
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """What is known of an instance's container now."""

    instance_id: str
    state: ContainerState
    started_at: datetime | None = None  # sandbox time of the last start
    boots: int = 0  # how often it was started: a reboot adds one
    exit_code: int | None = None  # of the last run, when it is not running
    oom_killed: bool = False
    error: str | None = None  # why FAILED
    orphan: bool = False  # found by label, launched by an earlier run


class Runtime(Protocol):
    name: str  # "docker" | "process" | "simulated"

    def launch(self, spec: LaunchSpec) -> None:
        """Makes and starts it. Again with an id that exists: nothing happens."""
        ...

    def start(self, instance_id: str) -> None:
        """Starts a stopped one: same address, user data not run again."""
        ...

    def stop(self, instance_id: str, *, force: bool = False) -> None:
        """Ends its processes and keeps its disk; `force` does not wait for them."""
        ...

    def reboot(self, instance_id: str) -> None: ...

    def terminate(self, instance_id: str) -> None:
        """Removes it. When it is gone, `containers()` has no entry."""
        ...

    def containers(self) -> Mapping[str, Container]:
        """The latest picture by instance id. No I/O."""
        ...

    def endpoint(self, private_ip_address: str, port: int) -> tuple[str, int]:
        """Where the load balancer and the health checker reach a port of the instance with that address."""
        ...

    def console_output(self, instance_id: str) -> bytes:
        """Its output since the first boot, newest 64 KiB. Does I/O: not under the lock. KeyError when there is no such container."""
        ...

    def reachable(self, instance_id: str) -> bool | None:
        """The instance status check (EC2-30): does the machine's network stack answer? None: not known yet. No I/O: the latest result."""
        ...

    def on_change(self, callback: Callable[[str], None]) -> None: ...

    def check_cidr(self, cidr: str) -> str | None:
        """None when a VPC can have this CIDR block, else one sentence that names the network or route of this machine that it overlaps.
        No I/O."""
        ...

    def remove_all(self) -> tuple[str, ...]:
        """Removes every instance of this sandbox, and nothing else. → one sentence for each thing that could not be removed. Does I/O:
        called when the control plane has ended (`sandbox down`)."""
        ...

    def available(self) -> str | None:
        """None when launches can be carried out, else one sentence why not ("Docker does not answer: ...")."""
        ...

    def close(self) -> None:
        """Lets go. Instances go on running."""
        ...
