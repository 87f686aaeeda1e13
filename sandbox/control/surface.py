"""What /_sandbox needs of the sandbox behind it: values and callables, made by wiring. app.py turns them into HTTP and JSON.

All callables may be called from any thread, without the lock; those that need it take it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sandbox.control.access_log import AccessLog
from sandbox.control.endpoints import Endpoint
from sandbox.control.health import Part
from sandbox.control.rates import Rates
from sandbox.core.clock import Clock
from sandbox.core.journal import Journal
from sandbox.drivers.runtime.base import Container
from sandbox.faults.registry import FaultRegistry
from sandbox.settings import Settings


class SeamLike(Protocol):
    """sandbox.aws.seams.Seam: a change of moto that is in force."""

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
    endpoints: Callable[[], Sequence[Endpoint]]  # endpoints.read(...)
    containers: Callable[[], Mapping[str, Container]]  # Runtime.containers
    console: Callable[[str], bytes]  # Runtime.console_output; KeyError: no such machine
    cpu: Callable[[], Mapping[str, float]]  # rates.cpu(...)
    mailbox: Callable[[str | None], Sequence[Mapping[str, Any]]]  # mails and text messages to an address, or to all; oldest first
    set_speed: Callable[[float], None]  # of the clock, and whoever has to know; ValueError: not such a speed
    faults: FaultRegistry
    reset: Callable[[], None]  # nothing of AWS is left, machines included
    runtime: str  # Runtime.name
