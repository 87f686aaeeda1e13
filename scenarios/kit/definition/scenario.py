"""A scenario as one frozen value. scenarios/kit/running/loop.py runs it; scenarios/outages/ has ours.

    SCENARIO = Scenario(
        id="S01", name="instance_terminate", title="One instance is terminated",
        hypothesis="The group replaces a terminated instance, and clients notice nothing.",
        question="Does the replacement receive traffic?",
        phases=(Phase(name="terminate", title="One instance is terminated", play=terminate_one),),
        criteria=(at_least("availability", "Availability", lambda run: run.availability, 99.9, "%"), ...),
        control=Control(summary="The tutorial's group is not attached to the target group.", profile="tutorial", fails="serves"),
    )

A run: the service of the profile is built · load · steady-state gate (60 s at 99.9 %, else INTERRUPTED) · capacity check, where asked
(CAPACITY_CHECK_FAILED) · the phases in order · recovery · tail · verdict · report · clean-up. `play(run)` of a phase does something with
the `Run` (running/run.py): it injects a fault, acts as an operator, waits. What it announces becomes a mark in the report. Criteria ask the
`Evidence` (evidence/run.py). docs/scenarios.md shows a whole scenario in one file.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.report.model import Advice
from scenarios.kit.definition.criteria import Criterion
from scenarios.kit.definition.knobs import Knob
from scenarios.kit.definition.profiles import PROFILES

CAPACITY_CHECK = "capacity-check"  # named by a control that the capacity check must stop

if TYPE_CHECKING:
    from scenarios.kit.evidence.run import Evidence
    from scenarios.kit.running.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    name: str  # "power-off": one word, for the report's JSON
    title: str  # "Racks lose power in batches"
    play: Callable[["Run"], None]
    caption: str = ""  # what happened in the real event, with its real time
    invented: bool = False  # a value of this phase is not known from the real event: the caption says which


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """The negative control: the same scenario, changed so that it must fail. A checker that cannot fail proves nothing."""

    summary: str  # what is changed, and why that must be found
    fails: str  # id of the criterion that must not be met, or CAPACITY_CHECK
    profile: str | None = None  # None: the default profile
    knobs: Mapping[str, str] = field(default_factory=dict)  # as given to --knob


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Times are seconds of sandbox time."""

    id: str  # "S04"
    name: str  # "zone_outage"
    title: str
    hypothesis: str  # can be wrong
    question: str  # what its owner wants to know
    phases: tuple[Phase, ...]
    criteria: tuple[Criterion, ...]
    control: Control
    profiles: tuple[str, ...] = tuple(PROFILES)
    default_profile: str = "tuned"
    knobs: tuple[Knob, ...] = ()  # besides those of the profile (profiles.knobs)
    checks_capacity: bool = False  # ends with CAPACITY_CHECK_FAILED, without injection, if the layout cannot lose its largest zone
    recovery_timeout: float = 600.0  # the longest wait for the group after the last phase
    tail: float = 60.0  # observed after the recovery
    slo_ms: float = 500.0  # real milliseconds; a slower response is not a good one
    slo_percent: float = 99.9
    advice: Callable[["Evidence"], tuple[Advice, ...]] = lambda evidence: ()
    notes: tuple[str, ...] = ()  # what is invented or modelled

    def __post_init__(self) -> None:
        """Raises ValueError for a scenario that contradicts itself."""
        unknown = [name for name in (*self.profiles, self.default_profile, self.control.profile or "tuned") if name not in PROFILES]
        if unknown:
            raise ValueError(f"{self.name}: there is no profile {unknown[0]!r}")
        named = {criterion.id for criterion in self.criteria} | ({CAPACITY_CHECK} if self.checks_capacity else set())
        if self.control.fails not in named:
            raise ValueError(f"{self.name}: its control names the criterion {self.control.fails!r}, which it does not have")
        if not self.phases:
            raise ValueError(f"{self.name}: it has no phases")
