"""The simulated world: machines that boot, applications that answer or do not, subnets that are cut off. The simulated drivers stand on
it: what the simulated runtime starts, the simulated prober probes and the simulated proxy sends requests to.

Tests and virtual scenarios break things here: `world.machine(i).app = App.DOWN`.
"""

import random
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from sandbox.core.clock import Clock
from sandbox.drivers.addresses import ipv4
from sandbox.drivers.firewall.policy import Policy
from sandbox.drivers.network.base import Cuts
from sandbox.drivers.runtime.cidr import Range
from sandbox.drivers.runtime.commands import MachineCommand


class App(Enum):
    """How the application of a running machine handles a request."""

    UP = "up"  # answers `status_code`
    DOWN = "down"  # does not listen: connection refused
    HANGING = "hanging"  # accepts and never answers


class Answer(Enum):
    """The outcome of a connection to a machine's port."""

    RESPONSE = "response"
    REFUSED = "refused"
    HANG = "hang"  # connected, then silence
    BLACKHOLE = "blackhole"  # no packet comes back: the machine is gone, or its subnet is cut off


@dataclass
class Machine:
    instance_id: str
    address: str
    zone: str
    running: bool = False
    app: App = App.UP
    status_code: int = 200
    ports: Collection[int] = (80,)
    answers_from: datetime | None = None  # when the application answers after the current boot; None: it does not run
    impaired: bool = False  # the machine's network stack does not answer (EC2-30)
    frozen: bool = False  # none of its processes runs
    cpu_left: float = 100.0  # percent of its cores that it can use
    user_data: bytes | None = None
    own_application: bool = False  # starts at each boot, also after user data
    boots: int = 0
    started_at: datetime | None = None  # of the last boot
    cpus: float = 1.0  # cores
    cpu_percent: float = 2.0  # of its cores; the default of World.load


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedCommand:
    """What a command inside a simulated machine does."""

    exit_code: int = 0
    stdout: bytes = b""
    stderr: bytes = b""
    duration: timedelta = timedelta(milliseconds=100)


Work = Callable[[str, str, int, datetime | None], tuple[timedelta, timedelta]]
"""(instance id, path, count, began) → how long the first and the last of `count` requests wait for the machine's CPU and use it, on top of
`request_time`. They arrive at equal distances from `began` (None: all now) until now."""


EXCHANGES = 2  # of a request on a new connection: its handshake, and the request with its response
MOST_ATTEMPTS = 6  # as Linux tries


@dataclass
class World:
    clock: Clock
    at: Callable[[datetime, Callable[[], None]], None]  # Engine.at
    random: random.Random
    boot_time: timedelta = timedelta(milliseconds=600)  # container start, as measured
    app_start_time: timedelta = timedelta(milliseconds=600)
    stop_time: timedelta = timedelta(milliseconds=300)
    request_time: timedelta = timedelta(milliseconds=5)
    machines: dict[str, Machine] = field(default_factory=dict)
    _addresses: dict[str, Machine] = field(default_factory=dict)  # machines by address, made again when one is not found there
    cut_off: Cuts = frozenset()  # address ranges that packets do not enter or leave (network/simulated.py)
    policy: Policy | None = None  # which connections are admitted (firewall/simulated.py); None: all
    other_networks: tuple[Range, ...] = ()  # of the simulated host; a VPC may not overlap them
    image_time: timedelta = timedelta(seconds=20)  # until an image of an instance is made
    images: dict[str, str | None] = field(default_factory=dict)  # AMI id → what boots it; None: it is being made
    missing_images: set[str] = field(default_factory=set)  # container images that do not exist
    launch_error: Callable[[str], str | None] = lambda zone: None  # zone → why a launch in it fails; None: it succeeds
    load: Callable[[Machine, datetime], float] = lambda machine, now: machine.cpu_percent  # percent of its cores (metering/simulated.py)
    wait: Callable[[Machine], timedelta] = lambda machine: timedelta(0)  # how long a request waits for those before it
    command: Callable[[Machine, MachineCommand], ScriptedCommand] = lambda machine, command: ScriptedCommand()
    work: Work = lambda instance_id, path, count, began: (timedelta(0), timedelta(0))

    def machine(self, instance_id: str) -> Machine:
        return self.machines[instance_id]

    def at_address(self, address: str) -> Machine | None:
        known = self._addresses.get(address)
        if known is None or known.address != address or self.machines.get(known.instance_id) is not known:
            self._addresses = {machine.address: machine for machine in reversed(self.machines.values())}  # the oldest counts
        return self._addresses.get(address)

    @property
    def lossy(self) -> bool:
        """Whether packets are lost by chance anywhere."""
        return any(cut.percent < 100 for cut in self.cut_off) if self.cut_off else False

    def varies(self, address: str) -> bool:
        """Whether chance has a part in how the machine answers, so that each request has to be asked for."""
        return self._loss(address) > 0

    def lost_time(self, address: str) -> timedelta:
        """How much later a connection's response comes because packets are lost: each exchange is repeated after a second, two, four, until
        both its packets arrive."""
        loss = self._loss(address)
        return sum((self._until_arrived(loss) for _ in range(EXCHANGES)), timedelta(0)) if loss else timedelta(0)

    def _until_arrived(self, loss: float) -> timedelta:
        attempts = 0
        while attempts < MOST_ATTEMPTS and (self.random.random() < loss or self.random.random() < loss):
            attempts += 1
        return timedelta(seconds=2**attempts - 1)

    def _loss(self, address: str) -> float:
        losses = [cut for cut in self.cut_off if cut.percent < 100] if self.cut_off else []
        return max((cut.loss(ipv4(address)) for cut in losses), default=0.0)

    def connected(self, machine: Machine) -> bool:
        """Whether the load balancer and the health checks reach its subnet."""
        return not self.cut_off or not any(cut.hides(ipv4(machine.address)) for cut in self.cut_off)

    def responsive(self, machine: Machine) -> bool:
        """Whether its network stack answers."""
        return not machine.impaired and not machine.frozen

    def started(self, machine: Machine) -> bool:
        """Whether its application has had the time to start since the last boot."""
        return machine.answers_from is not None and machine.answers_from <= self.clock.now()

    def connect(self, address: str, port: int) -> tuple[Answer, int]:
        """The outcome of a new connection, and the status code of the response (0 when there is none)."""
        machine = self.at_address(address)
        if machine is None or not machine.running or not self.connected(machine) or not self.responsive(machine):
            return Answer.BLACKHOLE, 0
        if not self.started(machine) or machine.app is App.DOWN or port not in machine.ports:
            return Answer.REFUSED, 0
        if machine.app is App.HANGING:
            return Answer.HANG, 0
        return Answer.RESPONSE, machine.status_code
