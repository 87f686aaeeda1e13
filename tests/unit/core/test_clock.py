from datetime import UTC, datetime, timedelta

import pytest

from sandbox.core.clock import Reading, VirtualClock, WallClock

NOON = datetime(2026, 5, 7, 12, tzinfo=UTC)


def test_a_virtual_clock_stands_still_until_it_is_moved() -> None:
    clock = VirtualClock(NOON)
    assert clock.now() == clock.now() == NOON
    clock.advance_to(NOON + timedelta(hours=1))
    assert clock.now() == NOON + timedelta(hours=1)


def test_a_virtual_clock_never_goes_back() -> None:
    clock = VirtualClock(NOON)
    with pytest.raises(ValueError, match="time cannot go back"):
        clock.advance_to(NOON - timedelta(microseconds=1))


def test_a_wall_clock_at_speed_1000_runs_ahead_of_the_wall() -> None:
    clock = WallClock(speed=1000, start=NOON)
    real_start = datetime.now(UTC)
    while datetime.now(UTC) - real_start < timedelta(milliseconds=5):
        pass
    assert clock.now() - NOON >= timedelta(seconds=5)
    assert clock.real(timedelta(seconds=300)) == 0.3


def test_a_change_of_speed_does_not_make_time_jump() -> None:
    clock = WallClock(speed=1, start=NOON)
    before = clock.now()
    clock.set_speed(0.001)
    assert timedelta(0) <= clock.now() - before < timedelta(seconds=1)


@pytest.mark.parametrize("speed", [0, -1, 10_001])
def test_a_speed_that_makes_no_sense_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="invalid speed"):
        WallClock(speed)


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("speed", "at", "wall_then", "wall_now", "expected"),
    [
        (1, NOON, NOON, NOON + HOUR, NOON + HOUR),
        (60, NOON, NOON, NOON + HOUR, NOON + 60 * HOUR),
        (0.5, NOON, NOON, NOON + HOUR, NOON + HOUR / 2),
        (0.5, NOON - HOUR, NOON, NOON, NOON - HOUR),
        (60, NOON + 9 * HOUR, NOON, NOON - HOUR, NOON + 9 * HOUR),  # the machine's clock was set back
        (1, NOON - 8 * HOUR, NOON, NOON + HOUR, NOON + HOUR),  # the machine slept, and its clocks differ in that
    ],
)
def test_a_saved_clock_goes_on_while_no_control_plane_runs(
    speed: float, at: datetime, wall_then: datetime, wall_now: datetime, expected: datetime
) -> None:
    assert Reading(at=at, wall=wall_then, speed=speed, configured=1).after(wall_now) == expected


@pytest.mark.parametrize(("speed", "started_with", "starts_with", "expected"), [(10, 1, 1, 10), (10, 1, 5, 5), (1, 1, 1, 1), (1, 10, 1, 1)])
def test_a_set_speed_is_kept_unless_the_settings_have_changed(
    speed: float, started_with: float, starts_with: float, expected: float
) -> None:
    assert Reading(at=NOON, wall=NOON, speed=speed, configured=started_with).speed_after(starts_with) == expected
