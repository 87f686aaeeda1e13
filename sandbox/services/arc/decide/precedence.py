"""Which of the shifts of a resource applies, and what happens to the others when one starts. Pure (ARC-5)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from sandbox.services.arc.model import ShiftType, ZonalShift

RANK: Mapping[ShiftType, int] = {
    ShiftType.ZONAL_SHIFT: 0,
    ShiftType.ZONAL_AUTOSHIFT: 1,
    ShiftType.FIS_EXPERIMENT: 2,
    ShiftType.PRACTICE_RUN: 2,
}
"""The lowest applies."""


class Meeting(Enum):
    """What becomes of a shift that starts, and of the one that is active."""

    REFUSED = "the new one does not start"
    CANCELS = "the active one is canceled"
    BOTH = "both are active; the rank tells which one applies"


MEETINGS: Mapping[tuple[ShiftType, ShiftType], Meeting] = {
    (ShiftType.ZONAL_SHIFT, ShiftType.ZONAL_SHIFT): Meeting.REFUSED,
    (ShiftType.ZONAL_SHIFT, ShiftType.ZONAL_AUTOSHIFT): Meeting.BOTH,
    (ShiftType.ZONAL_SHIFT, ShiftType.FIS_EXPERIMENT): Meeting.CANCELS,
    (ShiftType.ZONAL_SHIFT, ShiftType.PRACTICE_RUN): Meeting.CANCELS,
    (ShiftType.ZONAL_AUTOSHIFT, ShiftType.ZONAL_SHIFT): Meeting.BOTH,
    (ShiftType.ZONAL_AUTOSHIFT, ShiftType.ZONAL_AUTOSHIFT): Meeting.BOTH,
    (ShiftType.ZONAL_AUTOSHIFT, ShiftType.FIS_EXPERIMENT): Meeting.CANCELS,
    (ShiftType.ZONAL_AUTOSHIFT, ShiftType.PRACTICE_RUN): Meeting.CANCELS,
    (ShiftType.FIS_EXPERIMENT, ShiftType.ZONAL_SHIFT): Meeting.REFUSED,
    (ShiftType.FIS_EXPERIMENT, ShiftType.ZONAL_AUTOSHIFT): Meeting.REFUSED,
    (ShiftType.FIS_EXPERIMENT, ShiftType.FIS_EXPERIMENT): Meeting.REFUSED,
    (ShiftType.FIS_EXPERIMENT, ShiftType.PRACTICE_RUN): Meeting.CANCELS,
    (ShiftType.PRACTICE_RUN, ShiftType.ZONAL_SHIFT): Meeting.REFUSED,
    (ShiftType.PRACTICE_RUN, ShiftType.ZONAL_AUTOSHIFT): Meeting.REFUSED,
    (ShiftType.PRACTICE_RUN, ShiftType.FIS_EXPERIMENT): Meeting.REFUSED,
    (ShiftType.PRACTICE_RUN, ShiftType.PRACTICE_RUN): Meeting.REFUSED,
}
"""(the one that starts, the one that is active) → what happens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An active shift of a resource, of whatever type."""

    type: ShiftType
    away_from: str  # zone id
    start: datetime
    shift: ZonalShift | None = None  # None: an autoshift


def applied(candidates: Iterable[Candidate]) -> Candidate | None:
    """The one that moves traffic; of two of one rank the older. None: there is none."""
    moving = (each for each in candidates if each.shift is None or each.shift.moves_traffic)
    return min(moving, key=lambda each: (RANK[each.type], each.start), default=None)


def refusing(starting: ShiftType, active: Iterable[Candidate]) -> Candidate | None:
    """The active shift because of which a new one cannot start; None: it can."""
    return next((each for each in active if MEETINGS[starting, each.type] is Meeting.REFUSED), None)


def canceled_by(starting: ShiftType, active: Iterable[Candidate]) -> tuple[ZonalShift, ...]:
    """The shifts that end because a new one starts."""
    return tuple(each.shift for each in active if each.shift is not None and MEETINGS[starting, each.type] is Meeting.CANCELS)
