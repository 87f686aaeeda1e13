from datetime import UTC, datetime, timedelta

import pytest

from sandbox.aws.caller_time import shift

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
