"""`Report`: everything that a run of a scenario found, as one frozen value. Scenarios make it (scenarios/kit); terminal.py, html.py,
json_form.py and plot/ show it. Nothing here computes: a view that needs another number needs another field.

All moments are seconds of sandbox time since the start of the run (`Report.started_at`). Latencies are real milliseconds.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Verdict(Enum):
    """The outcomes of a practice run of a zonal shift (ARC-7), used for every scenario."""

    SUCCEEDED = "SUCCEEDED"  # every criterion was met
    FAILED = "FAILED"  # a criterion was not met
    INTERRUPTED = "INTERRUPTED"  # nothing can be said: no steady state, counts that do not agree, or stopped
    CAPACITY_CHECK_FAILED = "CAPACITY_CHECK_FAILED"  # the layout could not have carried the load; the failure was not injected


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One condition of the verdict."""

    sentence: str  # "Availability is at least 99.9 %"
    passed: bool | None  # None: it could not be measured; `measured` says why
    measured: str  # "98.71 % (216 of 16,740 requests failed)"
    required: str  # "≥ 99.9 %"
    control: bool = False  # the negative control must fail this one


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    name: str  # "Steady state"
    began: float
    ended: float
    caption: str = ""  # "T+0h28 (19:48 ET): nearly all Coinbase trading stopped"
    invented: bool = False  # a value of this phase is not known from the real event: the caption says which


class MarkKind(Enum):
    FAULT = "fault"  # a failure began or ended
    DETECTION = "detection"  # somebody noticed: a target is unhealthy, a check is impaired
    ALARM = "alarm"
    OPERATOR = "operator"  # what a person or a script did
    HEALING = "healing"  # a launch, a termination, a target in service again
    CAPTION = "caption"  # what happened in the real event at this moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One moment worth seeing. Marks are numbered in order of time."""

    at: float
    kind: MarkKind
    text: str
    zone: str | None = None
    event_id: str | None = None  # in the journal, for `sandbox explain`


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Something that lasted: a fault in force, an alarm in ALARM, a zonal shift."""

    label: str
    kind: MarkKind
    began: float
    ended: float | None  # None: until the end of the run


@dataclass(frozen=True, slots=True, kw_only=True)
class Buckets:
    """Requests in equal steps of time, by the moment of their planned send. All tuples have one value for each step."""

    width: float  # seconds of sandbox time
    began: float  # of the first step
    seconds: float  # real seconds in one step: a count divided by it is a rate
    good: tuple[int, ...]
    failed: tuple[tuple[str, tuple[int, ...]], ...]  # (outcome class, counts), the largest class first
    answered: tuple[tuple[str, tuple[int, ...]], ...]  # (zone, good requests that it answered), by name of the zone
    p50: tuple[float | None, ...]  # milliseconds; None: no request was answered
    p95: tuple[float | None, ...]
    p99: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """A value that changes in steps: from each moment to the next one it is the given value."""

    name: str  # "us-east-1a", "desired", "in service"
    points: tuple[tuple[float, float], ...]  # (moment, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One measured number, with what it means."""

    name: str  # "TTD (load balancer)"
    value: str  # "17.2 s"; "not measured" if it was not
    meaning: str  # "from the fault to the first unhealthy target"
    number: float | None = None  # the bare number of `value`, to compare runs; None: there is none


@dataclass(frozen=True, slots=True, kw_only=True)
class CountRow:
    """What two observers counted of the same requests."""

    what: str  # "HTTP 2xx"
    client: int
    load_balancer: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    rows: tuple[CountRow, ...]
    agrees: bool
    sentence: str  # "The counts differ by 0.00 %; at most 0.1 % is accepted."


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseLine:
    """One event of the chain of causes, as a sentence."""

    at: float
    depth: int  # 0: a first cause; a consequence is listed below its cause
    text: str
    event_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What to change, why, and the command that does it."""

    change: str  # "Run two more instances, so that each zone can be lost"
    because: str  # "210 % of the capacity of one zone was asked of the survivors"
    command: str  # "aws autoscaling update-auto-scaling-group ..."; may have several lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    name: str  # "client_timeout"
    value: str  # "5 s"
    default: bool  # it was not changed for this run


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Which run this is."""

    id: str  # "S04"
    name: str  # "zone_outage"
    title: str
    hypothesis: str
    profile: str
    control: bool  # it is the negative control, which must fail
    seed: int
    runtime: str  # "docker" | "process" | "simulated"
    virtual: bool
    speed: float  # sandbox seconds per real second
    settings: tuple[Setting, ...] = ()  # the knobs


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    run: Identity
    verdict: Verdict
    sentence: str  # why: "The survivors were asked for 210 % of what they can serve."
    started_at: datetime  # sandbox time
    duration: float  # seconds of sandbox time
    real_duration: float  # seconds
    criteria: tuple[Criterion, ...]
    slo_ms: float  # a slower answer is not a good one
    sent: int  # requests (intents)
    good: int
    phases: tuple[Phase, ...] = ()
    marks: tuple[Mark, ...] = ()
    spans: tuple[Span, ...] = ()
    buckets: Buckets | None = None  # None: no load was sent
    healthy: tuple[Steps, ...] = ()  # healthy targets, one for each zone
    capacity: tuple[Steps, ...] = ()  # "desired", "in service" of the group
    measures: tuple[Measure, ...] = ()
    reconciliation: Reconciliation | None = None  # None: nothing was compared
    causes: tuple[CauseLine, ...] = ()
    advice: tuple[Advice, ...] = ()
    notes: tuple[str, ...] = ()  # what is invented or modelled, and what this runtime could not do

    @property
    def availability(self) -> float | None:
        """Good requests in percent of those that were sent; None without requests."""
        return 100.0 * self.good / self.sent if self.sent else None
