"""What runs instances. Implementations: docker/, process/, simulated.py; one contract suite for all (tests/contract/test_runtime.py).

Every verb is idempotent and returns at once; its effect is seen in `containers()`. When that snapshot changes, `on_change` callbacks are
called with the instance id within milliseconds. So a controller can compare observed and desired state at any time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

from sandbox.drivers.runtime.commands import Cancellation, CommandResult, MachineCommand
from sandbox.drivers.runtime.images import MachineImages
from sandbox.drivers.runtime.terminals import Terminal


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
    dns_server: str | None = None  # "172.31.0.2" (DNS-3); None: names resolve as the runtime's machine does
    labels: Mapping[str, str] = field(default_factory=dict)
    image: str | None = None  # container image of an own AMI, such as "my/service:1"; None: the machine image
    command: tuple[str, ...] | None = None  # runs instead of the image's application, with PORT and HOST; None: what the image runs
    own_application: bool = False  # the application starts at each boot, also after user data, as a service of an AMI does
    port: int = 80  # at which `command` is asked to listen (PORT)
    mac_address: str | None = None  # of its network interface in the API; None: the runtime's choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Impairment:
    """What faults do to a running machine. The default is a machine that is not impaired."""

    frozen: bool = False  # none of its processes runs: new connections time out, established ones hang
    cpu_percent: float = 100.0  # of its cores that it can use
    memory_percent: float = 100.0  # of its memory that it can use

    def with_worse(self, other: "Impairment") -> "Impairment":
        """Both together: the worse of each."""
        return Impairment(
            frozen=self.frozen or other.frozen,
            cpu_percent=min(self.cpu_percent, other.cpu_percent),
            memory_percent=min(self.memory_percent, other.memory_percent),
        )


UNIMPAIRED = Impairment()


class UserDataState(Enum):
    FINISHED = "finished"
    FAILED = "failed"  # all of it was run, or tried, and something failed (UD-8)
    NOT_RUN = "not run"  # nothing of it was run (UD-4)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDataResult:
    """What became of an instance's user data in its last boot."""

    state: UserDataState
    reason: str = ""  # what failed, or why it was not run; empty when it finished
    finished: float = 0.0  # seconds since the epoch: differs in each boot


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
    image_missing: bool = False  # FAILED because the image of its LaunchSpec does not exist
    orphan: bool = False  # launched by an earlier control plane and found by its label or record
    impairment: Impairment = UNIMPAIRED  # as observed, whoever caused it
    impairing: bool = False  # the last `impair` is not carried out yet
    impairment_error: str | None = None  # why the last `impair` could not be carried out
    user_data: UserDataResult | None = None  # None: it has none, it is not over, or nothing of it was due in this boot
    oom_kills: int = 0  # processes killed for lack of memory, as far as this control plane has seen
    disk_full: int | None = None  # MiB that it had written when it was frozen for that; None: it was not
    cores: float | None = None  # its limit now, impairments included; None: none, or it does not run
    memory_mib: int | None = None  # likewise


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """How a program of the sandbox's user gets into a running machine: through Docker, or as a process beside it."""

    container: str | None = None  # its name; None: it is no container
    directory: str | None = None  # where the process runs
    environment: Mapping[str, str] = field(default_factory=dict)  # besides that of the user


class Runtime(Protocol):
    name: str  # "docker" | "process" | "simulated"

    @property
    def images(self) -> MachineImages:
        """Images that are made of instances."""
        ...

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

    def impair(self, instance_id: str, impairment: Impairment) -> None:
        """Puts a running machine under exactly this impairment; UNIMPAIRED heals it. It survives the control plane. No effect on a machine
        that does not run. Raises Misconfigured if this runtime cannot do it at all (`cannot_impair`)."""
        ...

    def cannot_impair(self, impairment: Impairment) -> str | None:
        """None when this runtime can put a machine under it, else one sentence why not. No I/O."""
        ...

    def kill_application(self, instance_id: str) -> None:
        """Kills the processes of a running machine with SIGKILL; the machine itself goes on without an application until its next boot."""
        ...

    def crash(self, instance_id: str) -> None:
        """Kills a running machine at once, as a host that fails: `containers()` then has it as EXITED, without a verb that asked for it."""
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

    def run_command(self, instance_id: str, command: MachineCommand, cancellation: Cancellation | None = None) -> CommandResult:
        """Runs a command inside the machine and waits for its end: does I/O, not called under the lock. What runs too long is killed with
        its child processes; its background processes stay when it ends by itself. Raises KeyError if the machine does not run or is
        frozen, and DriverUnavailable if the runtime does not answer."""
        ...

    def open_terminal(self, instance_id: str) -> Terminal:
        """A shell inside the machine, as root where the machine has users, in a terminal of its own. Does I/O: not called under the lock.
        Raises KeyError if the machine does not run or is frozen, Misconfigured if this runtime's machines have no shell, OSError if this
        one has none, and DriverUnavailable if the runtime does not answer."""
        ...

    def shell(self, instance_id: str) -> Shell | None:
        """None: it does not run, or its machines have no shell. No I/O but a folder that may be made."""
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
