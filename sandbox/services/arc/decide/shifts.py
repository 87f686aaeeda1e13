"""What ARC does now for the shifts of one account and Region: expiry, practice runs, autoshifts. Pure (ARC-2, ARC-5 to ARC-8)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sandbox.core.control import Action, Decision
from sandbox.services.arc.actions import EndShift, ForgetResource, ShiftTraffic, StartPracticeRun
from sandbox.services.arc.decide import autoshifts, calendar, events, practice
from sandbox.services.arc.decide.practice import Verdict
from sandbox.services.arc.model import (
    PRACTICE_RUN,
    Observed,
    ObservedResource,
    PracticeOutcome,
    ShiftMove,
    ShiftType,
    Start,
    ZonalShift,
)

WEEKLY = "Practice run"
"""The comment of a weekly practice run (U)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Rebuilt after a restart: its times then start again."""

    clear: Mapping[str, datetime] = field(default_factory=dict)  # zone id of an active autoshift → since when the zone is not impaired


def decide(observed: Observed, memory: Memory | None, now: datetime) -> Decision[Memory]:
    clear = autoshifts.clear_since(observed, (memory or Memory()).clear, now)
    actions: list[Action] = []
    moments = autoshifts.look_again(observed, clear, now)
    for shift in observed.shifts:
        found = _shift(observed, shift, now)
        actions += [found] if found is not None else []
        moments.append(shift.expiry if shift.moves_traffic else min(shift.expiry, now + autoshifts.CHECK))
    starting = autoshifts.starting(observed, now)
    actions += (*starting, *autoshifts.changing(observed, clear, now))
    for each in observed.resources if not starting else ():  # ARC-5: none starts during an autoshift
        run, again = _weekly_run(each, now)
        actions += [run] if run is not None else []
        moments += [again] if again is not None else []
    actions += [ForgetResource(arn=arn) for arn in sorted(observed.gone)]
    later = [moment for moment in moments if moment > now]
    return Decision(memory=Memory(clear=clear), actions=tuple(actions), look_again=min(later) - now if later else None)


def _shift(observed: Observed, shift: ZonalShift, now: datetime) -> Action | None:
    seen = observed.resource(shift.resource_arn)
    if seen is None:
        why = "its resource was deleted, or no longer allows zonal shifts"  # (U)
        return EndShift(shift=shift, move=ShiftMove.CANCEL, why=why, outcome=PracticeOutcome.INTERRUPTED)
    if shift.type is ShiftType.PRACTICE_RUN:
        return _practice_run(seen, shift, now)
    if now >= shift.expiry:
        return EndShift(shift=shift, move=ShiftMove.EXPIRE, why="its expiry time is reached")
    return None


def _practice_run(seen: ObservedResource, shift: ZonalShift, now: datetime) -> Action | None:
    found = practice.verdict(shift, seen.settings.practice, seen.alarms, now)
    if found is None and not shift.moves_traffic and seen.capacity is not None:
        found = practice.capacity_verdict(seen.capacity)
        if found is None:
            return ShiftTraffic(shift=shift, event=events.traffic_shifted(shift, seen.resource.zones[shift.away_from]))
    return None if found is None else _ended(shift, found)


def _ended(shift: ZonalShift, found: Verdict) -> EndShift:
    return EndShift(shift=shift, move=found.move, why=found.why, outcome=found.outcome, comment=found.comment)


def _weekly_run(seen: ObservedResource, now: datetime) -> tuple[Action | None, datetime | None]:
    """→ the run to start, or the time to look again."""
    due, settings = practice.due(seen.settings), seen.settings
    if due is None or settings.practice is None or len(seen.resource.zones) < 2:
        return None, None
    if now < due:
        return None, due
    if not calendar.is_open(settings.practice, now):
        return None, calendar.next_change(settings.practice, now)
    if seen.busy or practice.obstacle(settings.practice, seen.alarms, now) is not None:
        return None, now + practice.RETRY
    start = Start(
        resource=seen.resource,
        type=ShiftType.PRACTICE_RUN,
        away_from=practice.next_zone(seen.resource.zones, settings.practiced_zone),
        duration=PRACTICE_RUN,
        comment=WEEKLY,
    )
    return StartPracticeRun(start=start), None
