"""What /_sandbox needs from the sandbox: values and callables, provided by build.py. app.py serves them as HTTP and JSON.

All callables may be called from any thread, without the lock; those that need the lock take it.
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
    containers: Callable[[], Mapping[str, Container]]  # Runtime.containers
    console: Callable[[str], bytes]  # Runtime.console_output; KeyError: no such machine
    cpu: Callable[[], Mapping[str, float]]  # rates.cpu(...)
    mailbox: Callable[[str | None], Sequence[Mapping[str, Any]]]  # emails and text messages to one address, or all; oldest first
    set_speed: Callable[[float], None]  # sets the clock's speed; ValueError: the clock does not support it
    faults: FaultRegistry
    reset: Callable[[], None]  # removes all AWS resources, machines included
    runtime: str  # Runtime.name
