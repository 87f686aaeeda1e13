"""Which of several shifts of a resource applies, and what happens when one starts while another is active."""

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.services.arc.decide import precedence
from sandbox.services.arc.decide.precedence import MEETINGS, Candidate
from sandbox.services.arc.model import PracticeOutcome, ShiftType, ZonalShift
from tests.support import rule

NOW = datetime(2026, 5, 7, 17, 0, tzinfo=UTC)
MANUAL, AUTO, FIS, PRACTICE = ShiftType.ZONAL_SHIFT, ShiftType.ZONAL_AUTOSHIFT, ShiftType.FIS_EXPERIMENT, ShiftType.PRACTICE_RUN


def active(shift_type: ShiftType, away_from: str = "use1-az6", age: int = 1) -> Candidate:
    start = NOW - timedelta(minutes=age)
    if shift_type is AUTO:
        return Candidate(type=shift_type, away_from=away_from, start=start)
    shift = ZonalShift(
        id=f"{shift_type.value}-{age}",
        resource_arn="arn:aws:x",
        away_from=away_from,
        type=shift_type,
        start=start,
        expiry=NOW + timedelta(hours=1),
        comment="",
        outcome=PracticeOutcome.PENDING if shift_type is PRACTICE else None,
    )
    return Candidate(type=shift_type, away_from=away_from, start=start, shift=shift)


def test_every_meeting_of_two_types_is_in_the_table() -> None:
    assert set(MEETINGS) == {(new, old) for new in ShiftType for old in ShiftType}


@rule("ARC-5")
@pytest.mark.parametrize(
    ("types", "applies"),
    [
        ([], None),
        ([PRACTICE], PRACTICE),
        ([FIS], FIS),
        ([AUTO, PRACTICE], AUTO),
        ([AUTO, FIS], AUTO),
        ([MANUAL, AUTO], MANUAL),
        ([AUTO, MANUAL], MANUAL),
    ],
)
def test_a_manual_shift_applies_before_an_autoshift_and_that_before_experiments_and_practice(
    types: list[ShiftType], applies: ShiftType | None
) -> None:
    found = precedence.applied(active(each) for each in types)
    assert (found.type if found else None) is applies


def test_of_two_autoshifts_the_older_one_applies() -> None:
    found = precedence.applied([active(AUTO, "use1-az1", age=1), active(AUTO, "use1-az6", age=9)])
    assert found is not None and found.away_from == "use1-az6"


@rule("ARC-5")
@pytest.mark.parametrize(
    ("starting", "others", "refused_by", "canceled"),
    [
        (MANUAL, [MANUAL], MANUAL, []),
        (MANUAL, [AUTO], None, []),
        (MANUAL, [FIS], None, [FIS]),
        (MANUAL, [PRACTICE], None, [PRACTICE]),
        (AUTO, [MANUAL], None, []),
        (AUTO, [FIS], None, [FIS]),
        (AUTO, [PRACTICE], None, [PRACTICE]),
        (FIS, [MANUAL], MANUAL, []),
        (FIS, [AUTO], AUTO, []),
        (FIS, [FIS], FIS, []),
        (FIS, [PRACTICE], None, [PRACTICE]),
        (PRACTICE, [MANUAL], MANUAL, []),
        (PRACTICE, [AUTO], AUTO, []),
        (PRACTICE, [FIS], FIS, []),
        (PRACTICE, [PRACTICE], PRACTICE, []),
        (PRACTICE, [], None, []),
    ],
)
def test_a_shift_that_starts_is_refused_by_some_and_cancels_others(
    starting: ShiftType, others: list[ShiftType], refused_by: ShiftType | None, canceled: list[ShiftType]
) -> None:
    candidates = [active(each) for each in others]
    refusing = precedence.refusing(starting, candidates)
    assert (refusing.type if refusing else None) is refused_by
    assert [shift.type for shift in precedence.canceled_by(starting, candidates)] == canceled
