"""The story of a thing: what happened to it, why, and what came of it."""

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.control.explain import as_text, candidates, story
from sandbox.core.events import Event

BEGIN = datetime(2026, 5, 7, 12, 0, tzinfo=UTC)


def event(number: int, summary: str, resources: str = "", cause: int | None = None) -> Event:
    """One event a second."""
    return Event(
        id=f"e{number:06d}",
        at=BEGIN + timedelta(seconds=number),
        source="test",
        detail_type="Test",
        summary=summary,
        resources=tuple(resources.split()),
        cause=f"e{cause:06d}" if cause else None,
    )


REPLACEMENT = [
    event(1, "CreateAutoScalingGroup web", "web"),
    event(2, "the group launched i-1", "web i-1", 1),
    event(3, "the application of i-1 was killed", "i-1"),
    event(4, "i-1 failed 2 health checks in a row", "i-1 tg", 3),
    event(5, "the group web replaces i-1", "web i-1", 4),
    event(6, "i-1 is shutting-down", "i-1", 5),
    event(7, "the group launched i-2", "web i-2", 5),
    event(8, "i-2 is running", "i-2", 7),
    event(9, "i-9 is running", "i-9"),
]


def test_a_story_has_causes_and_consequences() -> None:
    assert as_text("i-1", story("i-1", REPLACEMENT)) == [
        "2026-05-07 (sandbox time, UTC)",
        "12:00:01  CreateAutoScalingGroup web",
        "12:00:02    → the group launched i-1",
        "12:00:03  the application of i-1 was killed",
        "12:00:04    → i-1 failed 2 health checks in a row",
        "12:00:05    → the group web replaces i-1",
        "12:00:06      → i-1 is shutting-down",
        "12:00:07      → the group launched i-2",
    ]


def test_the_replacement_knows_why_it_is_there() -> None:
    lines = story("i-2", REPLACEMENT)
    assert [line.event.id[-1] for line in lines] == ["3", "4", "5", "7", "8"]
    assert [line.about for line in lines] == [False, False, False, True, True]


def test_nothing_is_known_of_a_stranger() -> None:
    assert story("i-7", REPLACEMENT) == ()
    assert as_text("i-7", ()) == ["There are no events about i-7."]


def test_a_cause_that_is_no_longer_kept_begins_the_story() -> None:
    assert [line.event.id[-1] for line in story("i-2", REPLACEMENT[6:])] == ["7", "8"]


def test_only_the_newest_chains_are_shown() -> None:
    many = [event(n, f"i-1 did {n}", "i-1") for n in range(1, 101)]
    assert [line.event.summary for line in story("i-1", many, chains=2)] == ["i-1 did 99", "i-1 did 100"]


def test_a_chain_of_thousands_is_shown() -> None:
    chain = [event(n, "again", "i-1", n - 1 or None) for n in range(1, 5001)]
    lines = story("i-1", chain)
    assert len(lines) == 5000
    assert max(line.depth for line in lines) == 1


def test_a_circle_of_causes_ends() -> None:
    assert len(story("i-1", [event(1, "egg", "i-1", 2), event(2, "hen", "i-1", 1)])) == 0


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("i-1", ("i-1",)),
        ("i-", ("i-1", "i-2", "i-9")),
        ("we", ("web",)),
        ("x", ()),
    ],
)
def test_a_beginning_is_enough_when_it_is_the_only_one(asked: str, found: tuple[str, ...]) -> None:
    assert candidates(asked, REPLACEMENT) == found


def test_an_arn_is_found_by_its_end() -> None:
    arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/73e2d6bc24d8a067"
    assert candidates("73e2d6bc24d8a067", [event(1, "made", arn)]) == (arn,)


def test_the_story_of_a_fault_has_everything_that_it_led_to() -> None:
    events = [event(1, "process-kill on i-1", "fault-1 i-1"), event(2, "unrelated", "i-9")]
    events += [event(n, f"step {n}", f"x{n}", n - 1 if n > 3 else 1) for n in range(3, 9)]
    lines = as_text("fault-1", story("fault-1", events))
    assert [line[10:].strip(" →") for line in lines[1:]] == ["process-kill on i-1", *(f"step {n}" for n in range(3, 9))]
