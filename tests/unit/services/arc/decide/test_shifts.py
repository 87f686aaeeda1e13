"""What ARC does now: expiry, practice runs in progress and due, resources that are gone."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sandbox.services.arc.actions import EndShift, ForgetResource, ShiftTraffic, StartPracticeRun
from sandbox.services.arc.decide.shifts import decide
from sandbox.services.arc.model import Observed, PracticeConfiguration, PracticeOutcome, ShiftMove, ShiftType
from tests.support import rule
from tests.support.services.zones.arc_values import (
    BALANCED,
    BLOCKING,
    GROUP,
    LB,
    NOW,
    OUTCOME,
    PRACTICE,
    QUIET,
    UNBALANCED,
    minutes,
    observed,
    resource,
    settings,
    shift,
)

RUN = ShiftType.PRACTICE_RUN
A_WEEK_AGO = NOW - timedelta(weeks=1)


def actions(given: Observed) -> list[Any]:
    return list(decide(given, None, NOW).actions)


def ended(given: Observed) -> tuple[ShiftMove, PracticeOutcome | None]:
    (action,) = actions(given)
    assert isinstance(action, EndShift)
    return action.move, action.outcome


@rule("ARC-4")
def test_a_shift_expires_at_its_time_and_not_earlier() -> None:
    early = observed(shifts=(shift(expiry=NOW + minutes(2)),))
    assert decide(early, None, NOW).actions == () and decide(early, None, NOW).look_again == minutes(2)
    assert ended(observed(shifts=(shift(expiry=NOW),))) == (ShiftMove.EXPIRE, None)


def test_a_shift_ends_when_its_resource_is_gone() -> None:
    assert ended(observed(resource(GROUP), shifts=(shift(),)))[0] is ShiftMove.CANCEL
    assert actions(Observed(gone=frozenset({LB}))) == [ForgetResource(arn=LB)]


# ---- practice runs in progress -----------------------------------------------------------------------------------------------------------


@rule("ARC-7")
@pytest.mark.parametrize(
    ("alarms", "expiry", "outcome"),
    [
        (QUIET, 20, None),
        (QUIET, 0, PracticeOutcome.SUCCEEDED),
        (QUIET | {OUTCOME: "ALARM"}, 20, PracticeOutcome.FAILED),
        (QUIET | {OUTCOME: "ALARM"}, 0, PracticeOutcome.FAILED),
        (QUIET | {OUTCOME: "INSUFFICIENT_DATA"}, 0, PracticeOutcome.SUCCEEDED),
        (QUIET | {BLOCKING: "ALARM"}, 20, PracticeOutcome.INTERRUPTED),
        (None, 20, None),
        (None, 0, PracticeOutcome.INTERRUPTED),  # CloudWatch does not answer: nothing tells that it succeeded
        ({BLOCKING: "OK"}, 20, PracticeOutcome.INTERRUPTED),  # the outcome alarm was deleted: nothing judges the run
    ],
)
def test_the_alarms_and_the_time_give_the_outcome(alarms: dict[str, str] | None, expiry: int, outcome: PracticeOutcome | None) -> None:
    run = shift(RUN, expiry=NOW + minutes(expiry))
    found = actions(observed(resource(alarms=alarms, busy=True), shifts=(run,)))
    assert [action.outcome for action in found] == ([outcome] if outcome else [])


def test_a_run_whose_configuration_is_deleted_is_interrupted() -> None:
    given = observed(resource(settings=settings(practice=None)), shifts=(shift(RUN),))
    assert ended(given) == (ShiftMove.CANCEL, PracticeOutcome.INTERRUPTED)


@rule("ARC-8")
def test_no_traffic_moves_before_the_capacity_check_has_passed() -> None:
    waiting = shift(RUN, moves_traffic=False)
    (action,) = actions(observed(resource(capacity=BALANCED), shifts=(waiting,)))
    assert isinstance(action, ShiftTraffic)
    (action,) = actions(observed(resource(capacity=UNBALANCED), shifts=(waiting,)))
    assert (action.move, action.outcome) == (ShiftMove.CANCEL, PracticeOutcome.CAPACITY_CHECK_FAILED)
    assert "not balanced" in action.comment


# ---- weekly runs -------------------------------------------------------------------------------------------------------------------------


def weekly(**more: Any) -> Observed:
    return observed(resource(settings=settings(configured=A_WEEK_AGO, **more.pop("settings", {})), **more))


@rule("ARC-7")
def test_a_run_starts_a_week_after_the_configuration_and_then_each_week() -> None:
    (action,) = actions(weekly())
    assert isinstance(action, StartPracticeRun)
    assert (action.start.duration, action.start.type) == (minutes(30), RUN)
    assert actions(observed(resource(settings=settings(configured=A_WEEK_AGO + minutes(1))))) == []
    assert actions(weekly(settings={"practiced": NOW - timedelta(days=6)})) == []


def test_the_zones_take_turns() -> None:
    zones = [actions(weekly(settings={"practiced_zone": last}))[0].start.away_from for last in (None, "use1-az1", "use1-az2", "use1-az6")]
    assert zones == ["use1-az1", "use1-az2", "use1-az6", "use1-az1"]


@rule("ARC-7")
@pytest.mark.parametrize(
    ("given", "again"),
    [
        ({"alarms": QUIET | {BLOCKING: "ALARM"}}, minutes(60)),
        ({"alarms": QUIET | {OUTCOME: "ALARM"}}, minutes(60)),
        ({"alarms": None}, minutes(60)),
        ({"busy": True}, minutes(60)),  # ARC-5: a shift is active
        ({"practice": replace(PRACTICE, blocked_dates=("2026-05-07",))}, minutes(7 * 60)),
        ({"practice": replace(PRACTICE, blocked_windows=("Thu:16:00-Thu:18:00",))}, minutes(60)),
        ({"practice": replace(PRACTICE, allowed_windows=("Thu:18:00-Thu:19:00",))}, minutes(60)),
    ],
)
def test_a_run_that_is_due_waits_while_something_forbids_it(given: dict[str, Any], again: timedelta) -> None:
    practice: PracticeConfiguration = given.pop("practice", PRACTICE)
    decision = decide(weekly(settings={"practice": practice}, **given), None, NOW)
    assert decision.actions == () and decision.look_again == again


@rule("TG-41")
def test_a_resource_in_one_zone_has_no_practice_runs() -> None:
    assert actions(weekly(zones={"use1-az6": "us-east-1a"})) == []
