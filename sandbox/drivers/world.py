"""The simulated world: machines that boot, applications that answer or do not, subnets that are cut off. The simulated drivers stand on
it: what the simulated runtime starts, the simulated prober probes and the simulated proxy sends requests to.

Tests and virtual scenarios break things here: `world.machine(i).app = App.DOWN`.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from ipaddress import IPv4Address

from sandbox.core.clock import Clock
from sandbox.drivers.network.base import Ranges
from sandbox.drivers.runtime.cidr import Range


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
    ports: tuple[int, ...] = (80,)
    answers_from: datetime | None = None  # when the application answers after the current boot; None: it does not run
    impaired: bool = False  # the machine's network stack does not answer (EC2-30)
    user_data: bytes | None = None
    boots: int = 0
    started_at: datetime | None = None  # of the last boot
    cpus: float = 1.0  # cores
    cpu_percent: float = 2.0  # of its cores; the default of World.load


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
    cut_off: Ranges = frozenset()  # address ranges that no packet enters or leaves (network/simulated.py)
    other_networks: tuple[Range, ...] = ()  # of the simulated host; a VPC may not overlap them
    launch_error: Callable[[str], str | None] = lambda zone: None  # zone → why a launch in it fails; None: it succeeds
    load: Callable[[Machine, datetime], float] = lambda machine, now: machine.cpu_percent  # percent of its cores (metering/simulated.py)

    def machine(self, instance_id: str) -> Machine:
        return self.machines[instance_id]

    def at_address(self, address: str) -> Machine | None:
        return next((m for m in self.machines.values() if m.address == address), None)

    def connected(self, machine: Machine) -> bool:
        """Whether packets reach its subnet."""
        return not any(IPv4Address(machine.address) in network for network in self.cut_off)

    def started(self, machine: Machine) -> bool:
        """Whether its application has had the time to start since the last boot."""
        return machine.answers_from is not None and machine.answers_from <= self.clock.now()

    def connect(self, address: str, port: int) -> tuple[Answer, int]:
        """The outcome of a new connection, and the status code of the response (0 when there is none)."""
        machine = self.at_address(address)
        if machine is None or not machine.running or not self.connected(machine) or machine.impaired:
            return Answer.BLACKHOLE, 0
        if not self.started(machine) or machine.app is App.DOWN or port not in machine.ports:
            return Answer.REFUSED, 0
        if machine.app is App.HANGING:
            return Answer.HANG, 0
        return Answer.RESPONSE, machine.status_code
