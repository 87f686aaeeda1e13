"""Validation of practice run configurations (ARC-3, ARC-7)."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from sandbox.core.control import Scope
from sandbox.core.errors import ApiError
from sandbox.services.arc import errors
from sandbox.services.arc.decide import calendar
from sandbox.services.arc.model import PracticeConfiguration
from sandbox.services.arc.state import conditions

ONLY_TYPE = "CLOUDWATCH"


def configuration(given: Mapping[str, Any], scope: Scope, before: PracticeConfiguration | None = None) -> PracticeConfiguration:
    """`before`: what an update leaves as it was, where the request does not name it."""
    old = before or PracticeConfiguration(outcome_alarms=())
    made = PracticeConfiguration(
        outcome_alarms=_alarms(given["outcomeAlarms"]) if "outcomeAlarms" in given else old.outcome_alarms,
        blocking_alarms=_alarms(given["blockingAlarms"]) if "blockingAlarms" in given else old.blocking_alarms,
        blocked_dates=tuple(given["blockedDates"]) if "blockedDates" in given else old.blocked_dates,
        blocked_windows=tuple(given["blockedWindows"]) if "blockedWindows" in given else old.blocked_windows,
        allowed_windows=tuple(given["allowedWindows"]) if "allowedWindows" in given else old.allowed_windows,
    )
    _check(made, scope)
    return made


def _check(made: PracticeConfiguration, scope: Scope) -> None:
    if not made.outcome_alarms:
        raise errors.missing("outcomeAlarms")
    _dates(made.blocked_dates)
    _windows(made.blocked_windows, errors.invalid_blocker)
    _windows(made.allowed_windows, errors.invalid_allowed_window)
    if made.blocked_windows and made.allowed_windows:
        raise errors.both_windows()
    arns = (*made.outcome_alarms, *made.blocking_alarms)
    known = conditions.states_of(scope, arns)
    if lost := [arn for arn in arns if arn not in known]:
        raise errors.unknown_alarm(lost[0])


def _alarms(given: Iterable[Mapping[str, str]]) -> tuple[str, ...]:
    for each in given:
        if each.get("type") != ONLY_TYPE:
            raise errors.invalid_condition_type(str(each.get("type")))
    return tuple(each["alarmIdentifier"] for each in given)


def _dates(given: Iterable[str]) -> None:
    for each in given:
        try:
            date.fromisoformat(each)
        except ValueError:
            raise errors.invalid_blocker(f"{each} is not a date: write it as 2026-05-07") from None


def _windows(given: Iterable[str], refused: Callable[[str], ApiError]) -> None:
    for each in given:
        try:
            calendar.window(each)
        except ValueError as error:
            raise refused(str(error)) from None
