from datetime import UTC, datetime, timedelta

import pytest

from sandbox.aws.caller_time import moved, moved_range, shift

WALL = datetime(2026, 5, 7, 12, tzinfo=UTC)
AHEAD = WALL + timedelta(hours=3)  # the sandbox's now
SIGNED = {"X-Amz-Date": "20260507T120000Z"}


@pytest.mark.parametrize(
    ("end", "headers", "expected"),
    [
        (WALL, SIGNED, timedelta(hours=3)),
        (WALL - timedelta(minutes=4), SIGNED, timedelta(hours=3)),
        (WALL + timedelta(seconds=30), SIGNED, timedelta(hours=3)),
        (AHEAD, SIGNED, timedelta(0)),
        (WALL - timedelta(hours=1), SIGNED, timedelta(0)),
        (WALL, {}, timedelta(0)),
        (WALL, {"x-amz-date": "20260507T120000Z"}, timedelta(hours=3)),
        (WALL, {"X-Amz-Date": "yesterday"}, timedelta(0)),
    ],
    ids=["the caller's now", "rounded down", "a little later", "the sandbox's now", "in the past", "unsigned", "small letters", "nonsense"],
)
def test_a_range_that_ends_at_the_callers_now_ends_at_the_sandboxs(end: datetime, headers: dict[str, str], expected: timedelta) -> None:
    assert shift(end, headers, AHEAD) == expected


def test_a_clock_a_few_seconds_ahead_does_not_confuse_a_caller_who_knows_it() -> None:
    now = WALL + timedelta(seconds=20)
    assert shift(now, SIGNED, now) == timedelta(0)


@pytest.mark.parametrize("seconds_ahead", [0, 20, 59])
def test_while_the_clocks_hardly_differ_a_range_has_what_it_has_by_either_clock(seconds_ahead: int) -> None:
    """A value keeps its time, and a range that ends now includes it although the sandbox's now is later."""
    now, start, end = WALL + timedelta(seconds=seconds_ahead), WALL.timestamp() - 60, WALL.timestamp() + 1
    found = moved_range(start, end, SIGNED, now)
    assert moved(WALL, SIGNED, now) == WALL
    assert found[0] == start
    assert end <= found[1] <= end + seconds_ahead


def test_a_value_measured_at_the_callers_now_is_in_the_callers_last_hour() -> None:
    hour = (WALL.timestamp() - 3600, WALL.timestamp())
    start, end = moved_range(*hour, SIGNED, AHEAD)
    assert (start, end) == (hour[0] + 3 * 3600, hour[1] + 3 * 3600)
    assert start <= moved(WALL - timedelta(seconds=30), SIGNED, AHEAD).timestamp() < end
    assert moved(WALL - timedelta(days=1), SIGNED, AHEAD) == WALL - timedelta(days=1)


def test_a_range_that_goes_beyond_the_callers_now_has_what_was_measured_now() -> None:
    """`now - 600` to `now + 600`, as programs ask for what they have just put."""
    put = moved(WALL, SIGNED, AHEAD)
    start, end = moved_range((WALL - timedelta(minutes=10)).timestamp(), (WALL + timedelta(minutes=10)).timestamp(), SIGNED, AHEAD)
    assert start == (WALL - timedelta(minutes=10)).timestamp()
    assert start <= put.timestamp() < end == (AHEAD + timedelta(minutes=10)).timestamp()
