"""How instance refreshes decide: bounds, progress, batches, status, as tables of observed groups."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sandbox.core.errors import IllegalTransition
from sandbox.services.autoscaling.actions import LaunchInstances, MoveMember, RequestReplacement, UpdateRefresh
from sandbox.services.autoscaling.decide.replacement.bounds import Bounds, bounds, is_ready
from sandbox.services.autoscaling.decide.replacement.progress import progress
from sandbox.services.autoscaling.lifecycle_model import LifecycleState, Move
from sandbox.services.autoscaling.model import Group, Health, Member, Process, Purpose
from sandbox.services.autoscaling.refresh_model import (
    ObservedRefresh,
    Preferences,
    ProtectedInstances,
    Refresh,
    RefreshMove,
    RefreshStatus,
    Rollback,
    StandbyInstances,
)
from tests.support import rule
from tests.support.services.groups import NOW, TG, actions, decided, group, member, pending, seconds

HOUR = timedelta(hours=1)


def refresh(*outdated: str, status: RefreshStatus = RefreshStatus.IN_PROGRESS, **more: Any) -> Refresh:
    """One that began a minute ago."""
    preferences = Preferences(**more.pop("preferences", {}))
    given: dict[str, Any] = {"start": NOW - seconds(60), "progress_at": NOW - seconds(60), "to_update": len(outdated)}
    return Refresh(id="r", status=status, preferences=preferences, outdated=outdated, **(given | more))


def refreshed(running: Refresh, *members: Member, alarms: dict[str, str] | None = None, **more: Any) -> Group:
    return group(*members, refresh=ObservedRefresh(refresh=running, alarms=alarms or {}), **more)


def old(*ids: str, **more: Any) -> list[Member]:
    return [member(f"i-{each}", **more) for each in ids]


def out(observed: Group) -> list[str]:
    return [a.instance_id for a in actions(observed) if isinstance(a, MoveMember) and a.move is Move.TAKE_OUT]


def launched(observed: Group) -> int:
    return sum(a.count for a in actions(observed) if isinstance(a, LaunchInstances))


def updated(observed: Group) -> Refresh:
    [found] = [a.refresh for a in actions(observed) if isinstance(a, UpdateRefresh)]
    return found


# ---- bounds ------------------------------------------------------------------------------------------------------------------------------


@rule("ASG-102")
@pytest.mark.parametrize(
    ("desired", "low", "high", "expected"),
    [
        (10, 90, None, (9, 10, False)),
        (6, 90, None, (5, 6, False)),  # one at least
        (1, 90, None, (0, 1, False)),
        (10, 50, 100, (5, 10, False)),
        (10, 0, 100, (0, 10, False)),
        (10, 90, 100, (9, 10, False)),
        (6, 90, 100, (6, 7, True)),  # the bounds are impossible: launch first
        (10, 100, 100, (10, 11, True)),
        (10, 100, None, (10, 11, True)),
        (10, 100, 150, (10, 15, True)),
        (10, 90, 120, (9, 12, True)),
        (3, 90, 110, (3, 4, True)),
        (0, 90, None, (-1, 0, False)),
    ],
)
def test_how_many_instances_may_be_missing_and_how_many_more_there_may_be(
    desired: int, low: int, high: int | None, expected: tuple[int, int, bool]
) -> None:
    minimum, maximum, launch_first = expected
    assert bounds(desired, low, high) == Bounds(minimum=minimum, maximum=maximum, launch_first=launch_first)


@rule("ASG-102")
@pytest.mark.parametrize(
    ("changes", "ready"),
    [
        ({}, True),
        ({"in_service_since": NOW - seconds(29)}, False),
        ({"in_service_since": NOW - seconds(30)}, True),
        ({"health": Health.UNHEALTHY}, False),
        ({"instance_state": "stopped"}, False),
        ({"lifecycle": LifecycleState.PENDING, "in_service_since": None}, False),
        ({"targets": {TG: "initial"}}, False),
        ({"targets": {TG: "unhealthy"}}, False),
        ({"targets": {TG: "healthy"}}, True),
    ],
)
def test_an_instance_is_ready_when_it_is_in_service_healthy_and_warm(changes: dict[str, Any], ready: bool) -> None:
    observed = group(member("i-1", **changes), health_check_types=frozenset({"EC2", "ELB"}))
    assert is_ready(observed, observed.members[0], seconds(30), NOW) is ready


def test_without_elb_checks_the_state_of_the_target_does_not_matter() -> None:
    observed = group(member("i-1", targets={TG: "unhealthy"}))
    assert is_ready(observed, observed.members[0], seconds(0), NOW)


# ---- progress ----------------------------------------------------------------------------------------------------------------------------


@rule("ASG-102")
@pytest.mark.parametrize(
    ("members", "desired", "shown"),
    [
        (old("1", "2", "3", "4"), 4, (0, 4)),
        (old("1", "2", "3"), 4, (0, 3)),
        ([*old("1", "2", "3"), pending("n-1")], 4, (0, 3)),
        ([*old("1", "2", "3"), member("n-1")], 4, (25, 3)),
        ([*old("1", "2", "3", "4"), member("n-1")], 4, (0, 4)),  # launched first, and nothing terminated yet
        ([*old("1", "2"), member("n-1"), pending("n-2")], 4, (25, 2)),
        ([member(f"n-{n}") for n in range(3)] + [pending("n-3")], 4, (75, 0)),
        ([member(f"n-{n}") for n in range(4)], 4, (100, 0)),
        ([], 0, (100, 0)),
    ],
)
def test_per_cent_and_instances_to_update(members: list[Member], desired: int, shown: tuple[int, int]) -> None:
    here = progress(group(*members, desired_capacity=desired), refresh("i-1", "i-2", "i-3", "i-4"), NOW)
    assert (here.percent, len(here.outdated)) == shown


@rule("ASG-101")
@pytest.mark.parametrize(
    ("protected", "outdated", "replaceable"),
    [
        (ProtectedInstances.WAIT, 2, 1),
        (ProtectedInstances.REFRESH, 2, 2),
        (ProtectedInstances.IGNORE, 1, 1),
    ],
)
def test_protected_instances_are_waited_for_replaced_or_ignored(protected: ProtectedInstances, outdated: int, replaceable: int) -> None:
    running = refresh("i-1", "i-2", preferences={"protected": protected})
    here = progress(group(*old("1", protected=True), *old("2")), running, NOW)
    assert (len(here.outdated), len(here.replaceable)) == (outdated, replaceable)


# ---- batches -----------------------------------------------------------------------------------------------------------------------------

SIX = ("i-1", "i-2", "i-3", "i-4", "i-5", "i-6")


def six(**more: Any) -> list[Member]:
    return [member(each, **more) for each in SIX]


@rule("ASG-102")
@pytest.mark.parametrize(
    ("preferences", "leaving", "more"),
    [
        ({}, 1, 0),
        ({"min_healthy": 50}, 3, 0),
        ({"min_healthy": 0}, 6, 0),
        ({"min_healthy": 100}, 0, 1),
        ({"min_healthy": 100, "max_healthy": 150}, 0, 3),
        ({"min_healthy": 50, "max_healthy": 150}, 3, 3),
        ({"checkpoints": (17,), "min_healthy": 0}, 2, 0),
        ({"checkpoints": (17,), "min_healthy": 100, "max_healthy": 200}, 0, 2),
    ],
)
def test_how_many_leave_and_how_many_more_are_launched(preferences: dict[str, Any], leaving: int, more: int) -> None:
    observed = refreshed(refresh(*SIX, preferences=preferences), *six())
    assert (len(out(observed)), launched(observed)) == (leaving, more)


@rule("ASG-102")
def test_an_instance_that_leaves_is_replaced_at_the_same_time() -> None:
    found = actions(refreshed(refresh(*SIX), *six()))
    [request] = [a for a in found if isinstance(a, RequestReplacement)]
    assert request.refresh


@rule("ASG-102")
def test_an_instance_whose_successor_is_there_leaves_without_another() -> None:
    running = refresh(*SIX, preferences={"min_healthy": 100, "max_healthy": 120})
    observed = refreshed(running, *six(), member("n-1", purpose=Purpose.REFRESH), desired_capacity=6)
    assert len(out(observed)) == 1 and not any(isinstance(a, RequestReplacement) for a in actions(observed))


@rule("ASG-102")
@pytest.mark.parametrize(
    "members",
    [
        [*six()[1:], pending("n-1")],
        [*six()[1:], member("n-1", in_service_since=NOW - seconds(5))],
        six()[1:],
        [replace(six()[0], health=Health.UNHEALTHY, lifecycle=LifecycleState.STANDBY), *six()[1:]],
    ],
)
def test_nothing_leaves_while_another_is_not_ready(members: list[Member]) -> None:
    running = refresh(*SIX, preferences={"warmup": seconds(30)})
    assert out(refreshed(running, *members, desired_capacity=6)) == []


@rule("ASG-102")
def test_outdated_instances_that_are_not_ready_leave_when_enough_others_are() -> None:
    broken = replace(six()[0], targets={TG: "unhealthy"})
    elb = {"health_check_types": frozenset({"EC2", "ELB"})}
    assert out(refreshed(refresh(*SIX), broken, *six()[1:], **elb)) == ["i-1"]
    assert out(refreshed(refresh(*SIX), broken, replace(six()[1], targets={TG: "initial"}), *six()[2:], **elb)) == []


@rule("ASG-95")
@pytest.mark.parametrize("process", [Process.INSTANCE_REFRESH, Process.LAUNCH, Process.TERMINATE])
def test_a_suspended_process_stops_it(process: Process) -> None:
    observed = refreshed(refresh(*SIX), *six(), suspended=frozenset({process}))
    assert out(observed) == [] and updated(observed).reason == f"Waiting for the process {process.value} to be resumed."


def test_the_surplus_of_a_refresh_is_not_scaled_in() -> None:
    running = refresh(*SIX, preferences={"min_healthy": 100, "max_healthy": 150, "warmup": seconds(30)})
    warming = member("n-1", in_service_since=NOW)
    assert out(refreshed(running, *six(), warming, desired_capacity=6)) == []
    assert len(out(group(*six(), warming, desired_capacity=6))) == 1


def test_a_new_instance_that_is_not_warm_is_named_in_the_reason() -> None:
    running = refresh(*SIX, preferences={"warmup": seconds(30)})
    observed = refreshed(running, *six()[1:], member("n-1", in_service_since=NOW), desired_capacity=6)
    assert updated(observed).reason == "Waiting for instances to warm up before continuing. For example: n-1 is warming up."


# ---- status ------------------------------------------------------------------------------------------------------------------------------


def new(count: int = 2) -> list[Member]:
    return [member(f"n-{n}") for n in range(count)]


@rule("ASG-100", "ASG-103", "ASG-104")
@pytest.mark.parametrize(
    ("running", "members", "alarms", "status"),
    [
        (refresh("i-1", status=RefreshStatus.PENDING), old("1"), {}, RefreshStatus.IN_PROGRESS),
        (refresh("i-1"), new(), {}, RefreshStatus.SUCCESSFUL),
        (refresh("i-1", preferences={"bake_time": HOUR}), new(), {}, RefreshStatus.BAKING),
        (refresh("i-1", status=RefreshStatus.BAKING, baking_until=NOW), new(), {}, RefreshStatus.SUCCESSFUL),
        (refresh("i-1", preferences={"alarms": ("a",)}), old("1"), {"a": "ALARM"}, RefreshStatus.FAILED),
        (refresh("i-1", preferences={"alarms": ("a",), "auto_rollback": True}), new(), {"a": "ALARM"}, RefreshStatus.ROLLBACK_IN_PROGRESS),
        (refresh("i-1", status=RefreshStatus.BAKING, baking_until=NOW + HOUR), new(), {"a": "ALARM"}, RefreshStatus.FAILED),
        (refresh("i-1", progress_at=NOW - HOUR), old("1", protected=True), {}, RefreshStatus.FAILED),
        (refresh("i-1", start=NOW - timedelta(days=14)), old("1"), {}, RefreshStatus.FAILED),
        (refresh("i-1", status=RefreshStatus.CANCELLING), old("1"), {}, RefreshStatus.CANCELLED),
        (refresh("i-1", status=RefreshStatus.CANCELLING, wait=False), [pending("n-1")], {}, RefreshStatus.CANCELLED),
    ],
)
def test_what_changes_the_status(running: Refresh, members: list[Member], alarms: dict[str, str], status: RefreshStatus) -> None:
    assert updated(refreshed(running, *members, alarms=alarms)).status is status


@pytest.mark.parametrize(
    ("running", "members", "alarms"),
    [
        (refresh("i-1", status=RefreshStatus.CANCELLING), [pending("n-1")], {}),
        (refresh("i-1", status=RefreshStatus.BAKING, baking_until=NOW + seconds(1)), new(), {"a": "INSUFFICIENT_DATA"}),
        (refresh("i-1", paused_until=NOW + seconds(1)), old("1"), {}),
    ],
)
def test_what_is_waited_for(running: Refresh, members: list[Member], alarms: dict[str, str]) -> None:
    assert not any(isinstance(a, UpdateRefresh) for a in actions(refreshed(running, *members, alarms=alarms)))


@rule("ASG-103")
@pytest.mark.parametrize(
    ("preferences", "passed", "fails"),
    [
        ({}, HOUR - seconds(1), False),
        ({}, HOUR, True),
        ({"warmup": seconds(300)}, HOUR, False),
        ({"warmup": seconds(300)}, HOUR + seconds(300), True),
    ],
)
def test_an_hour_without_a_further_instance_fails_the_refresh(preferences: dict[str, Any], passed: timedelta, fails: bool) -> None:
    running = refresh("i-1", progress_at=NOW - passed, start=NOW - 2 * HOUR, preferences=preferences, reason="x")
    assert (updated(refreshed(running, *old("1", protected=True))).status is RefreshStatus.FAILED) is fails


@rule("ASG-103")
def test_a_wait_for_hooks_is_the_users_own_time() -> None:
    running = refresh("i-1", "i-2", progress_at=NOW - HOUR, start=NOW - 2 * HOUR)
    waiting = pending("n-1", lifecycle=LifecycleState.PENDING_WAIT, instance_state="running")
    kept = updated(refreshed(running, *old("1"), waiting))
    assert (kept.status, kept.progress_at) == (RefreshStatus.IN_PROGRESS, NOW)


@rule("ASG-112")
def test_during_a_zonal_shift_the_hour_does_not_count() -> None:
    running = refresh("i-1", progress_at=NOW - HOUR, start=NOW - 2 * HOUR)
    kept = updated(refreshed(running, *old("1", protected=True), shifted_zones=frozenset({"b"})))
    assert (kept.status, kept.progress_at) == (RefreshStatus.IN_PROGRESS, NOW)


@rule("ASG-101")
def test_an_alarm_without_data_stops_replacements_and_fails_nothing() -> None:
    running = refresh("i-1", preferences={"alarms": ("a",)})
    observed = refreshed(running, *old("1"), alarms={"a": "INSUFFICIENT_DATA"})
    assert out(observed) == [] and updated(observed).status is RefreshStatus.IN_PROGRESS


@rule("ASG-103")
@pytest.mark.parametrize(
    ("checkpoints", "replaced", "reached"),
    [((10, 40, 100), 1, 40), ((20, 50), 1, 50), ((50, 100), 1, 50), ((60, 100), 1, None)],
)
def test_the_highest_checkpoint_that_is_reached_counts(checkpoints: tuple[int, ...], replaced: int, reached: int | None) -> None:
    members = [*old("1", "2")[replaced:], *new(replaced)]
    running = refresh("i-1", "i-2", preferences={"checkpoints": checkpoints})
    found = updated(refreshed(running, *members))
    assert (found.checkpoint or None) == reached
    assert (found.paused_until is not None) == (reached is not None and reached != checkpoints[-1])


@rule("ASG-104")
def test_a_rollback_replaces_what_the_refresh_launched_and_nothing_else() -> None:
    running = refresh("i-1", "i-2", kept=("i-3",), preferences={"auto_rollback": True, "alarms": ("a",)})
    back = updated(refreshed(running, *old("2", "3"), member("n-1"), alarms={"a": "ALARM"}))
    assert back.outdated == ("n-1",) and back.rollback is not None and not back.launches_desired
    assert out(refreshed(back, *old("2", "3"), member("n-1"))) == ["n-1"]


@rule("ASG-104")
def test_a_rollback_goes_back_to_nothing_or_fails_after_an_hour() -> None:
    rollback = Rollback(reason="because", start=NOW - 2 * HOUR, percent=50, to_update=1)
    running = refresh("n-1", status=RefreshStatus.ROLLBACK_IN_PROGRESS, rollback=rollback, percent=50)
    ended = updated(refreshed(running, *old("2", "3")))
    assert (ended.status, ended.percent, ended.to_update) == (RefreshStatus.ROLLBACK_SUCCESSFUL, 0, 1)
    stuck = replace(running, progress_at=NOW - HOUR)
    assert updated(refreshed(stuck, *old("2"), member("n-1", protected=True))).status is RefreshStatus.ROLLBACK_FAILED


def test_a_refresh_that_has_ended_does_not_change() -> None:
    with pytest.raises(IllegalTransition):
        refresh("i-1", status=RefreshStatus.SUCCESSFUL).moved(RefreshMove.CANCEL)


@rule("ASG-93")
def test_the_end_of_a_refresh_is_told_with_awss_words() -> None:
    [action] = [a for a in decided(refreshed(refresh("i-1"), *new())).actions if isinstance(a, UpdateRefresh)]
    assert action.event is not None and action.event.detail_type == "EC2 Auto Scaling Instance Refresh Succeeded"
    assert action.event.detail == {"AutoScalingGroupName": "web", "InstanceRefreshId": "r"}


@rule("ASG-101")
@pytest.mark.parametrize(("choice", "leaves"), [(StandbyInstances.TERMINATE, ["i-1"]), (StandbyInstances.WAIT, [])])
def test_standby_instances_are_terminated_when_asked(choice: StandbyInstances, leaves: list[str]) -> None:
    running = refresh("i-1", preferences={"standby": choice})
    assert out(refreshed(running, member("i-1", lifecycle=LifecycleState.STANDBY), *new(1))) == leaves
