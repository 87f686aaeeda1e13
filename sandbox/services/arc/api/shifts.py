"""Zonal shifts: what their operations check and change (ARC-2, ARC-5)."""

from collections.abc import Mapping
from typing import Any

from sandbox.aws.context import context
from sandbox.core.control import Scope
from sandbox.services.arc import errors
from sandbox.services.arc.api.validation import requests
from sandbox.services.arc.decide import starting
from sandbox.services.arc.model import PracticeOutcome, ShiftMove, ShiftStatus, ShiftType, Start, ZonalShift
from sandbox.services.arc.state import writes
from sandbox.services.arc.state.store import ArcBackend

BY_USER = "a user canceled it"


def start(backend: ArcBackend, scope: Scope, given: Mapping[str, Any]) -> ZonalShift:
    resource = requests.resource(given["resourceIdentifier"], scope)
    starting.check_opt_in(resource)
    asked = Start(
        resource=resource,
        type=ShiftType.ZONAL_SHIFT,
        away_from=given["awayFrom"],
        duration=requests.expires_in(given["expiresIn"]),
        comment=requests.comment(given),
    )
    return writes.start(backend, asked)


def update(backend: ArcBackend, given: Mapping[str, Any]) -> ZonalShift:
    """The new time counts from now."""
    shift = _active(backend, given["zonalShiftId"])
    comment, asked = given.get("comment"), given.get("expiresIn")
    if comment is None and asked is None:
        raise errors.missing("expiresIn or comment")
    if comment is not None:
        requests.comment(given)
    duration = None if asked is None else requests.expires_in(asked)
    if duration is not None and shift.type is ShiftType.PRACTICE_RUN:
        raise errors.fixed_length(shift.id)
    expiry = None if duration is None else context().clock.now() + duration
    return writes.change(backend, shift, expiry=expiry, comment=comment)


def cancel(backend: ArcBackend, shift_id: str) -> ZonalShift:
    """Also a practice run, which then is interrupted."""
    return writes.end(backend, _active(backend, shift_id), ShiftMove.CANCEL, BY_USER, outcome=PracticeOutcome.INTERRUPTED)


def cancel_practice_run(backend: ArcBackend, shift_id: str) -> ZonalShift:
    shift = _find(backend, shift_id)
    if shift.type is not ShiftType.PRACTICE_RUN:
        raise errors.no_practice_run(shift.id, shift.type.value)
    return cancel(backend, shift_id)


def listed(backend: ArcBackend, status: ShiftStatus | None, arn: str | None) -> list[ZonalShift]:
    """The newest first."""
    known = sorted((*backend.ended.values(), *backend.active.values()), key=lambda each: each.start)
    return [each for each in known[::-1] if (status is None or each.status is status) and arn in (None, each.resource_arn)]


def _find(backend: ArcBackend, shift_id: str) -> ZonalShift:
    shift = backend.find(shift_id)
    if shift is None:
        raise errors.unknown_shift(shift_id)
    return shift


def _active(backend: ArcBackend, shift_id: str) -> ZonalShift:
    shift = _find(backend, shift_id)
    if shift.type is ShiftType.FIS_EXPERIMENT:
        raise errors.of_experiment(shift.id)
    if not shift.is_active:
        raise errors.not_active(shift.id, shift.status.value)
    return shift
