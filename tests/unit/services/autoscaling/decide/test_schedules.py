"""When a scheduled action is due: cron, time zones, daylight saving, and the next run of an action."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.services.autoscaling.actions import RunScheduledAction
from sandbox.services.autoscaling.decide.schedules import decide, next_time, resized
from sandbox.services.autoscaling.schedule_model import GroupSize, Schedule, ScheduledAction
from tests.support import rule
from tests.support.services.groups import NOW


def action(name: str = "a", **more: Any) -> ScheduledAction:
    return ScheduledAction(arn=f"arn:{name}", name=name, auto_scaling_group_name="web", **({"due": NOW, "desired_capacity": 5} | more))


def schedule(**more: Any) -> Schedule:
    """Of a group of 3, between 1 and 10."""
    return Schedule(auto_scaling_group_name="web", size=size(1, 10, 3), **more)


def size(low: int, high: int, desired: int) -> GroupSize:
    return GroupSize(min_size=low, max_size=high, desired_capacity=desired)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("recurrence", "zone", "after", "expected"),
    [
        ("0 9 * * *", None, "2026-05-07T12:00", "2026-05-08T09:00"),
        ("0 9 * * *", None, "2026-05-07T09:00", "2026-05-08T09:00"),  # after, not at
        ("*/15 * * * *", None, "2026-05-07T12:01", "2026-05-07T12:15"),
        ("0 9 * * *", "Europe/Berlin", "2026-05-07T12:00", "2026-05-08T07:00"),
        ("0 9 * * *", "Europe/Berlin", "2026-01-07T12:00", "2026-01-08T08:00"),
        ("0 9 * * *", "Europe/Berlin", "2026-03-28T12:00", "2026-03-29T07:00"),  # the clocks went forward in the night
        ("0 9 * * *", "Europe/Berlin", "2026-10-24T12:00", "2026-10-25T08:00"),  # and back
        ("0 9 * * *", "Asia/Kolkata", "2026-05-07T12:00", "2026-05-08T03:30"),
        ("0 9 * * MON-FRI", None, "2026-05-08T12:00", "2026-05-11T09:00"),
        ("0 0 1 1,6,12 *", None, "2026-05-07T12:00", "2026-06-01T00:00"),
        ("0 0 29 2 *", None, "2026-05-07T12:00", "2028-02-29T00:00"),
    ],
)
@rule("ASG-108")
def test_cron_in_its_time_zone(recurrence: str, zone: str | None, after: str, expected: str) -> None:
    assert next_time(recurrence, zone, utc(after)) == utc(expected)


@pytest.mark.parametrize("recurrence", ["", "* * * *", "* * * * * *", "61 * * * *", "0 9 * * FRY", "0 0 31 2 *"])
@rule("ASG-108")
def test_an_invalid_cron_expression_or_one_that_matches_no_time_is_refused(recurrence: str) -> None:
    with pytest.raises(ValueError):
        next_time(recurrence, None, NOW)


def test_only_what_is_due_runs_the_oldest_first_and_the_loop_sleeps_until_the_next() -> None:
    late, punctual = action("late", due=NOW - timedelta(hours=5)), action("punctual")
    coming = action("coming", due=NOW + timedelta(minutes=7))
    decision = decide(schedule(actions=(coming, punctual, late)), NOW)
    assert [run.name for run in decision.actions if isinstance(run, RunScheduledAction)] == ["late", "punctual"]
    assert decision.look_again == timedelta(minutes=7)


@pytest.mark.parametrize(
    ("given", "again"),
    [
        ({}, None),
        ({"recurrence": "0 * * * *"}, NOW + timedelta(hours=1)),
        ({"recurrence": "0 * * * *", "due": NOW - timedelta(days=3)}, NOW + timedelta(hours=1)),  # missed runs are made up once
        ({"recurrence": "0 * * * *", "end": NOW + timedelta(minutes=59)}, None),
        ({"recurrence": "0 * * * *", "end": NOW + timedelta(minutes=60)}, NOW + timedelta(hours=1)),
    ],
)
@rule("ASG-108")
def test_an_action_recurs_until_its_end(given: dict[str, Any], again: datetime | None) -> None:
    (run,) = decide(schedule(actions=(action(**given),)), NOW).actions
    assert isinstance(run, RunScheduledAction)
    assert (run.next_run and run.next_run.due, run.size is None) == (again, False)


@rule("ASG-95")
def test_while_suspended_a_due_action_is_skipped() -> None:
    (run,) = decide(schedule(actions=(action(),), suspended=True), NOW).actions
    assert isinstance(run, RunScheduledAction)
    assert (run.next_run, run.size) == (None, None)
    assert run.event is not None
    assert run.event.summary == "scheduled action a of web is skipped: the process ScheduledActions is suspended"


def test_an_action_starts_from_the_size_that_the_one_before_it_left() -> None:
    first = action("first", due=NOW - timedelta(minutes=1), desired_capacity=None, max_size=20)
    runs = decide(schedule(actions=(action("second", desired_capacity=15), first)), NOW).actions
    assert [run.size for run in runs if isinstance(run, RunScheduledAction)] == [size(1, 20, 3), size(1, 20, 15)]


def test_an_action_that_contradicts_the_group_s_sizes_leaves_the_group_as_it_is() -> None:
    (run,) = decide(schedule(actions=(action(desired_capacity=11),), causes={"a": "e000007"}), NOW).actions
    assert isinstance(run, RunScheduledAction)
    assert run.size is None
    assert run.event is not None
    assert (run.event.cause, run.event.resources) == ("e000007", ("web", "a"))
    reason = "Desired capacity:11 must be between the specified min size:1 and max size:10"
    assert run.event.summary == f"scheduled action a of web failed: {reason}"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"desired_capacity": 5}, (1, 10, 5)),
        ({"min_size": 4, "desired_capacity": None}, (4, 10, 4)),  # ASG-4: desired follows
        ({"max_size": 2, "desired_capacity": None}, (1, 2, 2)),
        ({"min_size": 0, "max_size": 0, "desired_capacity": 0}, (0, 0, 0)),
    ],
)
@rule("ASG-108", "ASG-4")
def test_any_of_the_three_sizes_may_be_given(given: dict[str, Any], expected: tuple[int, int, int]) -> None:
    assert resized(action(**given), size(1, 10, 3)) == size(*expected)


@pytest.mark.parametrize("given", [{"min_size": 11, "desired_capacity": None}, {"desired_capacity": 11}, {"desired_capacity": 0}])
def test_sizes_that_contradict_those_of_the_group_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        resized(action(**given), size(1, 10, 3))
