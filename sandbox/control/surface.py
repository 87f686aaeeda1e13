"""What /_sandbox needs from the sandbox: values and callables, provided by build.py. app.py serves them as HTTP and JSON.

All callables may be called from any thread, without the lock; those that need the lock take it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from sandbox.control.access_log import AccessLog
from sandbox.control.endpoints import Endpoint
from sandbox.control.gameday.game import GameDay
from sandbox.control.health import Part
from sandbox.control.observed.model import Observed, Point
from sandbox.control.rates import Rates
from sandbox.core.clock import Clock
from sandbox.core.journal import Journal
from sandbox.core.ports import FaultRequest, Inventory
from sandbox.drivers.firewall.policy import Policy
from sandbox.drivers.runtime.base import Container, Shell
from sandbox.faults.model import Fault
from sandbox.settings import Settings


class SeamLike(Protocol):
    """sandbox.aws.seams.Seam: an installed change of moto."""

    @property
    def seam(self) -> str: ...
    @property
    def where(self) -> str: ...
    @property
    def by(self) -> str: ...
    @property
    def why(self) -> str: ...


class LoopLike(Protocol):
    """sandbox.engine.Loop: one key of one controller."""

    controller: str
    key: str
    due: datetime | None
    runs: int
    failures: int
    last_error: str | None
    last_run: datetime | None


class Faults(Protocol):
    """FaultRegistry, or what one account sees of it."""

    def active(self) -> tuple[Fault, ...]: ...

    def clear(self, fault_id: str) -> Fault: ...

    def clear_all(self) -> tuple[Fault, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlSurface:
    settings: Settings
    clock: Clock
    journal: Journal
    access_log: AccessLog
    rates: Rates
    health: Callable[[], Sequence[Part]]  # health.parts(...)
    loops: Callable[[], Sequence[LoopLike]]  # Engine.loops
    seams: Callable[[], Sequence[SeamLike]]  # seams.installed
    services: Callable[[], Sequence[Mapping[str, Any]]]  # listing.as_json(...)
    endpoints: Callable[[], Sequence[Endpoint]]  # endpoints.read(...)
    observed: Callable[[], Observed]  # of the settings' account and Region, by observed/read.py
    alarm_points: Callable[[Sequence[str], datetime], Mapping[str, Sequence[Point]]]  # by the alarms' names: the last ones at a moment
    terminate: Callable[[str], None]  # TerminateInstances of one instance, as a user; botocore's ClientError
    listener_address: Callable[[str], tuple[str, int] | None]  # of a listener's ARN: where it answers on this machine (Proxy.local_address)
    in_a_vpc: Callable[[str], bool]  # whether an address is one of an instance's networks
    containers: Callable[[], Mapping[str, Container]]  # Runtime.containers
    policy: Callable[[], Policy | None]  # Firewall.in_force
    console: Callable[[str], bytes]  # Runtime.console_output; KeyError: no such machine
    shell: Callable[[str], Shell | None]  # Runtime.shell
    endpoint: Callable[[str, int], tuple[str, int]]  # Runtime.endpoint
    cpu: Callable[[], Mapping[str, float]]  # rates.cpu(...)
    mailbox: Callable[[str | None], Sequence[Mapping[str, Any]]]  # emails and text messages to one address, or all; oldest first
    certificate: Callable[[], bytes | None]  # Metadata.certificate
    set_speed: Callable[[float], None]  # sets the clock's speed; ValueError: the clock does not support it
    faults: Faults
    inject: Callable[[FaultRequest], Fault]  # FaultInjector.begin
    gameday: GameDay
    inventory: Inventory  # what a fault can have as target
    reset: Callable[[], None]  # removes all AWS resources, machines included
    runtime: str  # Runtime.name
    learner_dir: Path  # the folder that has the progress of lessons
    of: Callable[[str], "ControlSurface"]  # what an AWS account sees (accounts.py)
