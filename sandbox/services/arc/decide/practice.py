"""Practice runs: whether one may start now, and how one in progress ends. Pure (ARC-7)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.core.errors import ApiError
from sandbox.services.arc import errors
from sandbox.services.arc.decide import calendar, capacity
from sandbox.services.arc.model import Capacity, PracticeConfiguration, PracticeOutcome, ResourceSettings, ShiftMove, ZonalShift

WEEK = timedelta(weeks=1)
RETRY = timedelta(hours=1)  # after an alarm or a shift kept a scheduled run from starting (U)

ALARM = "ALARM"
Alarms = Mapping[str, str] | None
"""ARN → state. An alarm that does not exist is missing. None: CloudWatch does not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a practice run ends now."""

    move: ShiftMove
    outcome: PracticeOutcome
    why: str
    comment: str | None = None  # replaces the shift's comment


def obstacle(practice: PracticeConfiguration, alarms: Alarms, now: datetime) -> ApiError | None:
    """Why no practice run may start now, as the error of StartPracticeRun; None: it may."""
    if calendar.in_blocked_date(practice, now):
        return errors.practice_blocked("PracticeInBlockedDates", "today is one of the blocked dates")
    if calendar.in_blocked_window(practice, now):
        return errors.practice_blocked("PracticeInBlockedWindows", "now is in a blocked window")
    if calendar.outside_allowed_windows(practice, now):
        return errors.practice_blocked("PracticeOutsideAllowedWindows", "now is outside the allowed windows")
    if alarms is None:
        return errors.alarms_unreadable()
    if lost := [arn for arn in practice.outcome_alarms if arn not in alarms]:
        return errors.unknown_alarm(lost[0])
    if red := _red(practice.blocking_alarms, alarms):
        return errors.practice_blocked("PracticeBlockingAlarmsRed", f"the blocking alarm {red} is in the state ALARM")
    if red := _red(practice.outcome_alarms, alarms):
        return errors.practice_blocked("PracticeOutcomeAlarmsRed", f"the outcome alarm {red} is in the state ALARM")
    return None


def verdict(shift: ZonalShift, practice: PracticeConfiguration | None, alarms: Alarms, now: datetime) -> Verdict | None:
    """None: the run goes on. The alarms are looked at before the time: an alarm at the last moment counts."""
    if practice is None:
        return _interrupted("its configuration was deleted")
    if alarms is None:
        return _interrupted("its outcome alarms cannot be read") if now >= shift.expiry else None
    if red := _red(practice.outcome_alarms, alarms):
        return Verdict(move=ShiftMove.CANCEL, outcome=PracticeOutcome.FAILED, why=f"the outcome alarm {red} is in the state ALARM")
    if red := _red(practice.blocking_alarms, alarms):
        return _interrupted(f"the blocking alarm {red} is in the state ALARM")
    if lost := [arn for arn in practice.outcome_alarms if arn not in alarms]:
        return _interrupted(f"the outcome alarm {lost[0]} no longer exists")  # then nothing tells whether it succeeds (U)
    if now >= shift.expiry:
        return Verdict(move=ShiftMove.EXPIRE, outcome=PracticeOutcome.SUCCEEDED, why="its time is over and no outcome alarm was raised")
    return None


def capacity_verdict(found: Capacity) -> Verdict | None:
    """ARC-8. None: the check passes, and the traffic shifts."""
    missing = capacity.shortfall(found)
    if missing is None:
        return None
    comment = f"Practice run failed its capacity check. {missing}"[:128]
    outcome = PracticeOutcome.CAPACITY_CHECK_FAILED
    return Verdict(move=ShiftMove.CANCEL, outcome=outcome, why=f"capacity check failed: {missing}", comment=comment)


def due(settings: ResourceSettings) -> datetime | None:
    """When the next weekly run of the resource is due; None: it has no practice runs."""
    since = settings.practiced or settings.configured
    return since + WEEK if settings.practice is not None and since is not None else None


def next_zone(zone_ids: Iterable[str], last: str | None) -> str:
    """The zones take turns (U)."""
    ordered = sorted(zone_ids)
    return ordered[(ordered.index(last) + 1) % len(ordered)] if last in ordered else ordered[0]


def _interrupted(why: str) -> Verdict:
    return Verdict(move=ShiftMove.CANCEL, outcome=PracticeOutcome.INTERRUPTED, why=why)


def _red(arns: Iterable[str], alarms: Mapping[str, str]) -> str | None:
    return next((arn.rsplit(":", 1)[-1] for arn in arns if alarms.get(arn) == ALARM), None)
