"""Blocked dates, blocked windows and allowed windows of practice runs."""

from datetime import UTC, datetime, time

import pytest

from sandbox.services.arc.decide import calendar
from sandbox.services.arc.model import PracticeConfiguration
from tests.support import rule
from tests.support.services.zones.arc_values import NOW, OUTCOME


def practice(**given: tuple[str, ...]) -> PracticeConfiguration:
    return PracticeConfiguration(outcome_alarms=(OUTCOME,), **given)


@rule("ARC-7")
@pytest.mark.parametrize(
    ("given", "is_open"),
    [
        ({}, True),
        ({"blocked_dates": ("2026-05-07",)}, False),
        ({"blocked_dates": ("2026-05-08",)}, True),
        ({"blocked_windows": ("Thu:16:00-Thu:17:01",)}, False),
        ({"blocked_windows": ("Thu:16:00-Thu:17:00",)}, True),  # the end is outside
        ({"blocked_windows": ("Wed:16:00-Wed:18:00",)}, True),
        ({"allowed_windows": ("Thu:17:00-Thu:18:00",)}, True),
        ({"allowed_windows": ("Fri:17:00-Fri:18:00", "Mon:00:00-Mon:23:59")}, False),
        ({"allowed_windows": ("Thu:17:00-Thu:18:00",), "blocked_dates": ("2026-05-07",)}, False),
    ],
)
def test_a_run_may_start_unless_a_date_or_a_window_forbids_it(given: dict[str, tuple[str, ...]], is_open: bool) -> None:
    assert calendar.is_open(practice(**given), NOW) is is_open


@pytest.mark.parametrize(
    ("given", "then"),
    [
        ({}, datetime(2026, 5, 8, tzinfo=UTC)),
        ({"blocked_windows": ("Thu:16:00-Thu:17:30",)}, datetime(2026, 5, 7, 17, 30, tzinfo=UTC)),
        ({"allowed_windows": ("Thu:09:00-Thu:10:00",)}, datetime(2026, 5, 8, tzinfo=UTC)),
    ],
)
def test_the_next_change_is_the_edge_of_a_window_or_midnight(given: dict[str, tuple[str, ...]], then: datetime) -> None:
    assert calendar.next_change(practice(**given), NOW) == then


def test_a_window_is_a_day_with_a_start_and_an_end() -> None:
    assert calendar.window("Sun:00:00-Sun:23:59") == calendar.Window(6, time(0, 0), time(23, 59))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Mon:09:00-Tue:10:00", "must start and end on the same day"),
        ("Mon:10:00-Mon:09:00", "must end after its start"),
        ("Mon:10:00-Mon:10:00", "must end after its start"),
        ("Mon:24:00-Mon:25:00", "has a time that does not exist"),
        ("Mon:09:60-Mon:10:00", "has a time that does not exist"),
        ("Day:09:00-Day:10:00", "is not a window"),
        ("whenever", "is not a window"),
    ],
)
def test_a_window_that_is_none_says_why(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        calendar.window(text)
