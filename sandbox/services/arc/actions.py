"""What ARC's decisions may answer with. The controller carries them out, in order."""

from dataclasses import dataclass

from sandbox.core.control import Action
from sandbox.services.arc.model import Autoshift, PracticeOutcome, ShiftMove, Start, ZonalShift


@dataclass(frozen=True, slots=True, kw_only=True)
class EndShift(Action):
    shift: ZonalShift
    move: ShiftMove
    why: str
    outcome: PracticeOutcome | None = None
    comment: str | None = None  # replaces the shift's


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftTraffic(Action):
    """A practice run has passed its capacity check: from now on the traffic leaves the zone."""

    shift: ZonalShift


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPracticeRun(Action):
    """The weekly one."""

    start: Start


@dataclass(frozen=True, slots=True, kw_only=True)
class StartAutoshift(Action):
    away_from: str  # zone id


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeAutoshift(Action):
    """It ends, or load balancers that stayed shifted after its end return."""

    before: Autoshift
    after: Autoshift


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetResource(Action):
    """The resource no longer exists: its settings are removed."""

    arn: str
