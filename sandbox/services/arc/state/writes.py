"""What changes the shifts of a backend. Each change is an event, which wakes the controllers of load balancers and groups."""

from dataclasses import replace
from datetime import datetime

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.moto_api._internal import mock_random

from sandbox.aws.context import context
from sandbox.core.machine import move
from sandbox.services.arc.decide import events, precedence, starting
from sandbox.services.arc.model import TRANSITIONS, Autoshift, PracticeOutcome, ShiftMove, ShiftType, Start, ZonalShift
from sandbox.services.arc.state import applied, resources
from sandbox.services.arc.state.store import ArcBackend

REPLACED = "another shift, which takes precedence, started"


def start(backend: ArcBackend, given: Start) -> ZonalShift:
    """Starts a shift. Raises ApiError if it may not start (ARC-5, TG-41); then nothing has changed."""
    resource = given.resource
    others = applied.active(backend, resource)
    starting.check_zone(resource, given.away_from)
    starting.check_others(resource.arn, given.type, others)
    now = context().clock.now()
    shift = ZonalShift(
        id=str(mock_random.uuid4()),
        resource_arn=resource.arn,
        away_from=given.away_from,
        type=given.type,
        start=now,
        expiry=now + given.duration,
        comment=given.comment,
        outcome=PracticeOutcome.PENDING if given.type is ShiftType.PRACTICE_RUN else None,
        experiment=given.experiment,
        moves_traffic=given.type is not ShiftType.PRACTICE_RUN,
    )
    event = context().journal.record(events.started(shift, resource))
    shift = replace(shift, cause=event.id)
    backend.store(shift)
    with context().journal.because(event.id):
        for other in precedence.canceled_by(given.type, others):
            end(backend, other, ShiftMove.CANCEL, REPLACED, outcome=PracticeOutcome.INTERRUPTED)
    return shift


def end(
    backend: ArcBackend, shift: ZonalShift, how: ShiftMove, why: str, *, outcome: PracticeOutcome | None = None, comment: str | None = None
) -> ZonalShift:
    """`outcome`: of a practice run. IllegalTransition if it has ended already."""
    status = move(TRANSITIONS, f"zonal shift {shift.id}", shift.status, how)
    ended = replace(shift, status=status, outcome=outcome if shift.outcome else None, comment=comment or shift.comment)
    context().journal.record(events.ended(ended, why))
    backend.store(ended)
    return ended


def change(backend: ArcBackend, shift: ZonalShift, *, expiry: datetime | None, comment: str | None) -> ZonalShift:
    changed = replace(shift, expiry=expiry or shift.expiry, comment=shift.comment if comment is None else comment)
    context().journal.record(events.updated(changed))
    backend.store(changed)
    return changed


def shift_traffic(backend: ArcBackend, shift: ZonalShift) -> None:
    """A practice run has passed its capacity check."""
    backend.store(replace(shift, moves_traffic=True))


def start_weekly_run(backend: ArcBackend, given: Start) -> None:
    arn, now = given.resource.arn, context().clock.now()
    start(backend, given)
    backend.settings[arn] = replace(backend.settings_of(arn), practiced=now, practiced_zone=given.away_from)


def start_autoshift(backend: ArcBackend, zone_id: str) -> None:
    """ARC-5: it cancels the experiments and practice runs of the resources that follow it."""
    autoshift = Autoshift(away_from=zone_id, start=context().clock.now(), cause=context().journal.current_cause)
    backend.autoshifts.append(autoshift)
    for resource in resources.of(arn for arn, settings in backend.settings.items() if settings.autoshift):
        others = applied.active(backend, resource)
        if any(each.shift is None for each in others):
            for other in precedence.canceled_by(ShiftType.ZONAL_AUTOSHIFT, others):
                end(backend, other, ShiftMove.CANCEL, REPLACED, outcome=PracticeOutcome.INTERRUPTED)


def change_autoshift(backend: ArcBackend, before: Autoshift, after: Autoshift) -> None:
    backend.autoshifts[backend.autoshifts.index(before)] = after


def forget_resource(backend: ArcBackend, arn: str) -> None:
    backend.settings.pop(arn, None)
