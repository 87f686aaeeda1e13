"""Practice run configurations, zonal autoshift, on-demand practice runs, observer notifications: answers, refusals, what changes."""

from datetime import timedelta
from typing import Any

import pytest

from sandbox.core.control import Scope
from sandbox.core.ports import ExperimentShift
from sandbox.services.arc.state import writes
from sandbox.services.arc.state.applied import AppliedShifts
from sandbox.services.arc.state.experiments import StartedByExperiments
from sandbox.services.arc.state.store import arc_backends
from tests.support import rule
from tests.support.aws import SCOPE, Aws
from tests.support.services.zones.arc import FIRST, SECOND, ShiftBench, condition, refusal, start

NO_ALARM = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:never-made"
THURSDAY = "2026-05-07"  # the clock of these tests stands at 17:00 of that day


def run(arn: str, **more: Any) -> dict[str, Any]:
    """Parameters of StartPracticeRun."""
    return {"resourceIdentifier": arn, "awayFrom": FIRST, "comment": "a try"} | more


def enable(on: ShiftBench, arn: str, status: str = "ENABLED") -> None:
    on.arc.update_zonal_autoshift_configuration(resourceIdentifier=arn, zonalAutoshiftStatus=status)


def autoshift(zone: str, scope: Scope = SCOPE) -> None:
    """As the controller starts one."""
    writes.start_autoshift(arc_backends[scope.account][scope.region], zone)


# ---- configurations ----------------------------------------------------------------------------------------------------------------------


@rule("ARC-7")
def test_a_configuration_is_kept_changed_in_parts_and_deleted(on: ShiftBench) -> None:
    arn, outcome, blocking = on.load_balancer(), on.alarm("errors"), on.alarm("deploying")
    made = on.configure(arn, outcomeAlarms=[condition(outcome)], blockedDates=["2026-12-24"], blockedWindows=["Mon:09:00-Mon:10:00"])
    assert (made["arn"], made["name"], made["zonalAutoshiftStatus"]) == (arn, "web", "DISABLED")
    on.arc.update_practice_run_configuration(resourceIdentifier=arn, blockingAlarms=[condition(blocking)], blockedDates=[])
    assert on.resource(arn)["practiceRunConfiguration"] == {
        "outcomeAlarms": [condition(outcome)],
        "blockingAlarms": [condition(blocking)],
        "blockedDates": [],
        "blockedWindows": ["Mon:09:00-Mon:10:00"],
        "allowedWindows": [],
    }
    assert on.arc.list_managed_resources()["items"][0]["practiceRunStatus"] == "ENABLED"
    on.arc.delete_practice_run_configuration(resourceIdentifier=arn)
    assert "practiceRunConfiguration" not in on.resource(arn)


@rule("ARC-3")
@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"outcomeAlarms": [condition(NO_ALARM)]}, "InvalidAlarmCondition"),
        ({"outcomeAlarms": [condition("errors-of-mine")]}, "InvalidAlarmCondition"),
        ({"outcomeAlarms": [{"type": "LAMBDA", "alarmIdentifier": NO_ALARM}]}, "InvalidConditionType"),
        ({"blockingAlarms": [condition(NO_ALARM)]}, "InvalidAlarmCondition"),
        ({"blockedDates": ["2026-02-30"]}, "InvalidPracticeBlocker"),
        ({"blockedDates": ["yesterday!"]}, "InvalidPracticeBlocker"),
        ({"blockedWindows": ["Mon:09:00-Tue:09:00"]}, "InvalidPracticeBlocker"),
        ({"blockedWindows": ["Mon:10:00-Mon:09:00"]}, "InvalidPracticeBlocker"),
        ({"blockedWindows": ["MON-09:00-10:00-UTC"]}, "InvalidPracticeBlocker"),
        ({"allowedWindows": ["Mon:09:00-Mon:24:00"]}, "InvalidPracticeAllowedWindow"),
        ({"allowedWindows": ["Mon:09:00-Mon:10:00"], "blockedWindows": ["Tue:09:00-Tue:10:00"]}, "InvalidPracticeWindows"),
    ],
)
def test_a_configuration_that_is_refused_says_why_and_is_not_kept(on: ShiftBench, given: dict[str, Any], reason: str) -> None:
    arn, alarm = on.load_balancer(), on.alarm()
    asked = {"resourceIdentifier": arn, "outcomeAlarms": [condition(alarm)]} | given
    assert refusal(on.arc.create_practice_run_configuration, **asked) == ("ValidationException", reason)
    assert "practiceRunConfiguration" not in on.resource(arn)


@rule("ARC-3")
def test_zonal_autoshift_needs_a_configuration_and_keeps_it(on: ShiftBench) -> None:
    arn = on.load_balancer()
    lacking = ("ConflictException", "PracticeConfigurationDoesNotExist")
    asked = {"resourceIdentifier": arn, "zonalAutoshiftStatus": "ENABLED"}
    assert refusal(on.arc.update_zonal_autoshift_configuration, **asked) == lacking
    assert refusal(on.arc.update_practice_run_configuration, resourceIdentifier=arn, blockedDates=[]) == lacking
    assert refusal(on.arc.delete_practice_run_configuration, resourceIdentifier=arn) == lacking
    assert refusal(on.arc.start_practice_run, **run(arn)) == lacking
    on.configure(arn)
    again = {"resourceIdentifier": arn, "outcomeAlarms": [condition(on.alarm())]}
    exists = ("ConflictException", "PracticeConfigurationAlreadyExists")
    assert refusal(on.arc.create_practice_run_configuration, **again) == exists
    enable(on, arn)
    assert refusal(on.arc.delete_practice_run_configuration, resourceIdentifier=arn) == ("ConflictException", "AutoShiftEnabled")
    assert on.resource(arn)["zonalAutoshiftStatus"] == "ENABLED"


# ---- practice runs on demand -------------------------------------------------------------------------------------------------------------


@rule("ARC-7")
def test_a_run_waits_for_its_capacity_check_before_it_moves_traffic(on: ShiftBench, aws: Aws) -> None:
    arn = on.load_balancer()
    on.configure(arn)
    made = on.arc.start_practice_run(**run(arn))
    assert made["status"] == "ACTIVE" and made["expiryTime"] == aws.clock.now() + timedelta(minutes=1)
    (found,) = on.resource(arn)["zonalShifts"]
    assert (found["shiftType"], found["practiceRunOutcome"], found["appliedStatus"]) == ("PRACTICE_RUN", "PENDING", "NOT_APPLIED")
    assert AppliedShifts().shifted_zones(arn) == frozenset()


@rule("ARC-3")
@pytest.mark.parametrize(
    ("configured", "alarms", "reason"),
    [
        ({"blockedDates": [THURSDAY]}, {}, "PracticeInBlockedDates"),
        ({"blockedWindows": ["Thu:00:00-Thu:23:59"]}, {}, "PracticeInBlockedWindows"),
        ({"allowedWindows": ["Fri:00:00-Fri:23:59"]}, {}, "PracticeOutsideAllowedWindows"),
        ({}, {"errors": "ALARM"}, "PracticeOutcomeAlarmsRed"),
        ({}, {"deploying": "ALARM"}, "PracticeBlockingAlarmsRed"),
    ],
)
def test_a_run_does_not_start_while_something_forbids_it(
    on: ShiftBench, configured: dict[str, Any], alarms: dict[str, str], reason: str
) -> None:
    arn = on.load_balancer()
    blocking = [condition(on.alarm("deploying"))]
    on.configure(arn, outcomeAlarms=[condition(on.alarm("errors"))], blockingAlarms=blocking, **configured)
    for name, state in alarms.items():
        on.set_alarm(name, state)
    assert refusal(on.arc.start_practice_run, **run(arn)) == ("ConflictException", reason)
    assert on.arc.list_zonal_shifts()["items"] == []


@rule("ARC-3")
def test_bad_practice_runs(on: ShiftBench) -> None:
    arn = on.load_balancer()
    on.configure(arn)
    assert refusal(on.arc.start_practice_run, **run(arn, awayFrom="us-east-1a")) == ("ValidationException", "InvalidAz")
    assert refusal(on.arc.start_practice_run, **run(arn, comment="")) == ("ValidationException", "MissingValue")
    on.client("cloudwatch").delete_alarms(AlarmNames=["errors"])
    assert refusal(on.arc.start_practice_run, **run(arn)) == ("ValidationException", "InvalidAlarmCondition")


@rule("ARC-5")
def test_a_run_does_not_start_during_any_shift(on: ShiftBench) -> None:
    arn = on.load_balancer()
    on.configure(arn)
    shift_id = on.shift(arn)["zonalShiftId"]
    assert refusal(on.arc.start_practice_run, **run(arn)) == ("ConflictException", "ZonalShiftAlreadyExists")
    on.arc.cancel_zonal_shift(zonalShiftId=shift_id)
    experiment = ExperimentShift(resource_arn=arn, zone=SECOND, duration=timedelta(minutes=5), experiment="EXP1")
    started = StartedByExperiments().start(experiment)
    assert refusal(on.arc.start_practice_run, **run(arn)) == ("ConflictException", "SimultaneousZonalShiftsConflict")
    StartedByExperiments().end(started)
    enable(on, arn)
    autoshift(SECOND)
    assert refusal(on.arc.start_practice_run, **run(arn)) == ("ConflictException", "ZonalAutoshiftActive")


@rule("ARC-7")
@pytest.mark.parametrize("operation", ["cancel_practice_run", "cancel_zonal_shift"])
def test_a_run_that_a_user_cancels_is_interrupted(on: ShiftBench, operation: str) -> None:
    arn = on.load_balancer()
    on.configure(arn)
    shift_id = on.arc.start_practice_run(**run(arn))["zonalShiftId"]
    assert refusal(on.arc.update_zonal_shift, zonalShiftId=shift_id, expiresIn="2h") == ("ValidationException", "InvalidExpiresIn")
    assert getattr(on.arc, operation)(zonalShiftId=shift_id)["status"] == "CANCELED"
    assert [each["practiceRunOutcome"] for each in on.arc.list_zonal_shifts()["items"]] == ["INTERRUPTED"]


# ---- autoshifts --------------------------------------------------------------------------------------------------------------------------


@rule("ARC-5")
def test_a_zonal_shift_applies_before_an_autoshift(on: ShiftBench) -> None:
    arn, other = on.load_balancer(), on.load_balancer("other")
    on.configure(arn)
    enable(on, arn)
    on.shift(arn, awayFrom=FIRST)
    autoshift(SECOND)
    assert AppliedShifts().shifted_zones(arn) == {"us-east-1a"} and AppliedShifts().shifted_zones(other) == frozenset()
    found = on.resource(arn)
    assert [(each["awayFrom"], each["appliedStatus"]) for each in found["autoshifts"]] == [(SECOND, "NOT_APPLIED")]
    assert [each["appliedStatus"] for each in found["zonalShifts"]] == ["APPLIED"]
    on.arc.cancel_zonal_shift(zonalShiftId=found["zonalShifts"][0]["zonalShiftId"])
    assert AppliedShifts().shifted_zones(arn) == {"us-east-1b"}
    assert [each["status"] for each in on.arc.list_autoshifts()["items"]] == ["ACTIVE"]


@rule("ARC-5")
def test_an_autoshift_interrupts_a_practice_run_and_keeps_an_experiment_from_starting(on: ShiftBench) -> None:
    arn = on.load_balancer()
    on.configure(arn)
    enable(on, arn)
    on.arc.start_practice_run(**run(arn))
    autoshift(SECOND)
    assert [each["practiceRunOutcome"] for each in on.arc.list_zonal_shifts()["items"]] == ["INTERRUPTED"]
    with pytest.raises(Exception, match="An autoshift is active"):
        StartedByExperiments().start(ExperimentShift(resource_arn=arn, zone=FIRST, duration=timedelta(minutes=5), experiment="EXP1"))
    on.shift(arn)


@rule("ARC-6")
def test_disabling_zonal_autoshift_ends_the_autoshift_for_the_resource(on: ShiftBench) -> None:
    arn = on.load_balancer()
    on.configure(arn)
    enable(on, arn)
    autoshift(SECOND)
    enable(on, arn, "DISABLED")
    assert AppliedShifts().shifted_zones(arn) == frozenset() and on.resource(arn)["autoshifts"] == []


def test_the_status_of_observer_notifications_is_kept(on: ShiftBench) -> None:
    assert on.arc.get_autoshift_observer_notification_status()["status"] == "DISABLED"
    assert on.arc.update_autoshift_observer_notification_status(status="ENABLED")["status"] == "ENABLED"
    assert on.arc.get_autoshift_observer_notification_status()["status"] == "ENABLED"
    assert refusal(on.arc.update_autoshift_observer_notification_status, status="SOMETIMES") == ("ValidationException", "InvalidStatus")


def test_a_shift_without_opt_in_is_refused_before_anything_else(on: ShiftBench) -> None:
    arn = on.load_balancer(opted_in=False)
    asked = {"resourceIdentifier": arn, "outcomeAlarms": [condition(NO_ALARM)]}
    assert refusal(on.arc.create_practice_run_configuration, **asked) == ("ResourceNotFoundException", "")
    assert refusal(on.arc.start_zonal_shift, **start(arn, awayFrom="nowhere")) == ("ResourceNotFoundException", "")
