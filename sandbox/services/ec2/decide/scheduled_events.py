"""Scheduled events (EC2-34): which are announced, canceled or due now, and what they do to the instance. Pure; instances.py calls it.

Faults announce them (`Observed.announced`). The instance keeps them, because their start can be moved and they are shown after they are
over. An event that was seen once is never announced again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sandbox.core.control import Action
from sandbox.core.events import Event
from sandbox.services.ec2.actions import RebootContainer, SetScheduledEvents, SetState
from sandbox.services.ec2.events_model import STOPS, EventState, ScheduledEvent
from sandbox.services.ec2.model import SCHEDULED_STOP, InstanceEvent, Observed, event_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What is to be done, and when the next event is due. None: none is."""

    actions: tuple[Action, ...] = ()
    events: tuple[Event, ...] = ()
    look_again: timedelta | None = None


def of_running(observed: Observed, now: datetime) -> Schedule:
    kept = [*_kept(observed.scheduled, observed.announced), *_new(observed)]
    due = next((one for one in kept if one.active and one.not_before <= now), None)
    kept = [replace(one, state=EventState.COMPLETED) if one is due else one for one in kept]
    actions = _changed(observed, kept) + (_carried_out(observed, due) if due else ())
    starts = [one.not_before - now for one in kept if one.active]
    return Schedule(actions=actions, events=tuple(_events(observed, kept)), look_again=min(starts, default=None))


def of_stopped(observed: Observed) -> Schedule:
    """A stopped instance has left its host, so what was announced for it there does not happen."""
    kept = [_canceled(one) for one in observed.scheduled]
    return Schedule(actions=_changed(observed, kept), events=tuple(_events(observed, kept)))


def _kept(scheduled: Sequence[ScheduledEvent], announced: Sequence[ScheduledEvent]) -> Iterator[ScheduledEvent]:
    standing = {one.event_id for one in announced}
    return (one if one.event_id in standing else _canceled(one) for one in scheduled)


def _canceled(one: ScheduledEvent) -> ScheduledEvent:
    return replace(one, state=EventState.CANCELED) if one.active else one


def _new(observed: Observed) -> Iterator[ScheduledEvent]:
    known = {one.event_id for one in observed.scheduled}
    return (one for one in observed.announced if one.event_id not in known)


def _changed(observed: Observed, kept: Sequence[ScheduledEvent]) -> tuple[Action, ...]:
    return () if tuple(kept) == observed.scheduled else (SetScheduledEvents(events=tuple(kept)),)


def _carried_out(observed: Observed, due: ScheduledEvent) -> tuple[Action, ...]:
    if due.code in STOPS:
        why = f"its scheduled event {due.event_id} ({due.code}) is due"
        return (SetState(move=InstanceEvent.STOP, why=why, reason=SCHEDULED_STOP),)
    return (RebootContainer(boots=observed.container.boots),) if observed.container is not None else ()


def _events(observed: Observed, kept: Sequence[ScheduledEvent]) -> Iterator[Event]:
    """One for each event that is new, canceled or carried out."""
    before = {one.event_id: one.state for one in observed.scheduled}
    for one in kept:
        if before.get(one.event_id) is one.state:
            continue
        title, what = {
            EventState.ACTIVE: ("Instance Event Scheduled", f"is scheduled for {one.not_before:%Y-%m-%d %H:%M:%S}"),
            EventState.COMPLETED: ("Instance Event Completed", "is carried out"),
            EventState.CANCELED: ("Instance Event Canceled", "is canceled"),
        }[one.state]
        summary = f"the event {one.code} of {observed.instance_id} {what}: {one.text}"
        yield event_of(observed, title, summary, event=one.event_id, code=one.code)
