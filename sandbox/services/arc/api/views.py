"""How shifts, resources and configurations look in responses."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sandbox.services.arc.decide import precedence
from sandbox.services.arc.decide.precedence import Candidate
from sandbox.services.arc.model import Autoshift, PracticeConfiguration, Resource, ResourceSettings, ShiftType, ZonalShift

RENEWED = (ShiftType.PRACTICE_RUN, ShiftType.FIS_EXPERIMENT)
"""AWS gives these an expiry of one minute and renews it until they end (FIS-30)."""
MINUTE = timedelta(minutes=1)


def shift(each: ZonalShift, now: datetime) -> dict[str, Any]:
    """ZonalShift, and ZonalShiftSummary with `shiftType` and `practiceRunOutcome`."""
    return {
        "zonalShiftId": each.id,
        "resourceIdentifier": each.resource_arn,
        "awayFrom": each.away_from,
        "expiryTime": _expiry(each, now),
        "startTime": each.start,
        "status": each.status.value,
        "comment": each.comment,
        "shiftType": each.type.value,
        "practiceRunOutcome": each.outcome.value if each.outcome else None,
    }


def autoshift(each: Autoshift) -> dict[str, Any]:
    """AutoshiftSummary."""
    status = "ACTIVE" if each.is_active else "COMPLETED"
    return {"awayFrom": each.away_from, "startTime": each.start, "endTime": each.end, "status": status}


def resource_summary(resource: Resource, settings: ResourceSettings, active: tuple[Candidate, ...], now: datetime) -> dict[str, Any]:
    """ManagedResourceSummary."""
    return {
        **_common(resource, settings, active, now),
        "availabilityZones": sorted(resource.zones),
        "practiceRunStatus": _word(settings.practice is not None),
    }


def managed_resource(resource: Resource, settings: ResourceSettings, active: tuple[Candidate, ...], now: datetime) -> dict[str, Any]:
    """GetManagedResourceResponse."""
    practice = practice_configuration(settings.practice) if settings.practice else None
    return {**_common(resource, settings, active, now), "practiceRunConfiguration": practice}


def configured(resource: Resource, settings: ResourceSettings) -> dict[str, Any]:
    """What the operations on practice run configurations return."""
    practice = {"practiceRunConfiguration": practice_configuration(settings.practice)} if settings.practice else {}
    return {"arn": resource.arn, "name": resource.name, "zonalAutoshiftStatus": _word(settings.autoshift), **practice}


def practice_configuration(practice: PracticeConfiguration) -> dict[str, Any]:
    return {
        "outcomeAlarms": _conditions(practice.outcome_alarms),
        "blockingAlarms": _conditions(practice.blocking_alarms),
        "blockedDates": list(practice.blocked_dates),
        "blockedWindows": list(practice.blocked_windows),
        "allowedWindows": list(practice.allowed_windows),
    }


def _common(resource: Resource, settings: ResourceSettings, active: tuple[Candidate, ...], now: datetime) -> dict[str, Any]:
    applied = precedence.applied(active)
    away = applied.away_from if applied else None
    return {
        "arn": resource.arn,
        "name": resource.name,
        "appliedWeights": {zone_id: 0.0 if zone_id == away else 1.0 for zone_id in sorted(resource.zones)},
        "zonalShifts": [_in_resource(each.shift, each is applied, now) for each in active if each.shift is not None],
        "autoshifts": [_autoshift_in_resource(each, each is applied) for each in active if each.shift is None],
        "zonalAutoshiftStatus": _word(settings.autoshift),
    }


def _in_resource(each: ZonalShift, applied: bool, now: datetime) -> dict[str, Any]:
    return {**shift(each, now), "appliedStatus": _applied(applied)}


def _autoshift_in_resource(each: Candidate, applied: bool) -> dict[str, Any]:
    return {"appliedStatus": _applied(applied), "awayFrom": each.away_from, "startTime": each.start}


def _expiry(each: ZonalShift, now: datetime) -> datetime:
    if each.type not in RENEWED or not each.is_active:
        return each.expiry
    return min(each.start + ((now - each.start) // MINUTE + 1) * MINUTE, each.expiry)


def _conditions(arns: tuple[str, ...]) -> list[Mapping[str, str]]:
    return [{"type": "CLOUDWATCH", "alarmIdentifier": arn} for arn in arns]


def _word(enabled: bool) -> str:
    return "ENABLED" if enabled else "DISABLED"


def _applied(applied: bool) -> str:
    return "APPLIED" if applied else "NOT_APPLIED"
