"""`Look`: everything that is read for one rendering of the page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sandbox.control.health import Part as HealthPart
from sandbox.control.observed.model import Observed, Point
from sandbox.control.rates import RateKey
from sandbox.dashboard.shown.load import RunningLoad
from sandbox.dashboard.shown.runs import ScenarioRun
from sandbox.dashboard.shown.timeline import Timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Injected:
    """A fault in force."""

    id: str
    kind: str
    targets: tuple[str, ...]
    instances: tuple[str, ...]
    summary: str
    since: datetime
    until: datetime | None  # None: until it is cleared


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    at: str
    to: str
    subject: str
    body: str
    protocol: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    now: datetime
    speed: float
    name: str
    runtime: str
    region: str
    health: tuple[HealthPart, ...]
    observed: Observed
    urls: Mapping[str, str]  # where listeners answer on this machine, by their ARN
    faults: tuple[Injected, ...]
    mails: tuple[Mail, ...]  # the newest first
    points: Mapping[str, Sequence[Point]]  # of alarms, by name
    per_second: Mapping[RateKey, tuple[float, float]]  # requests, errors
    cpu: Mapping[str, float]  # percent, by instance id
    timeline: Timeline
    runs: tuple[ScenarioRun, ...]  # the newest first
    load: RunningLoad | None = None  # None: the page has not started any

    @property
    def simulated(self) -> bool:
        """Whether only simulated clients get answers of load balancers: nothing listens on this machine."""
        return self.runtime == "simulated" and not self.urls
