"""The journal as a line of time: how many events there were in each part of it, and what stood out. Made from the journal's events."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.core.events import Event
from sandbox.faults.record import ENDED, STARTED

STEPS = 120
FAULTS = (STARTED, ENDED)
ALARM = "CloudWatch Alarm State Change"
MOST_MARKS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    step: int
    kind: str  # "fault" | "alarm"
    event_id: str
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    first: datetime | None  # None: there are no events
    last: datetime | None
    counts: tuple[int, ...] = ()  # events in each step
    newest: tuple[str, ...] = ()  # id of the last event until the end of each step
    marks: tuple[Mark, ...] = ()


def timeline(events: Sequence[Event]) -> Timeline:
    """`events`: in order."""
    if not events:
        return Timeline(first=None, last=None)
    first, last = events[0].at, max(events[-1].at, events[0].at + timedelta(seconds=1))
    counts, newest, marks, width = [0] * STEPS, [""] * STEPS, [], (last - first) / STEPS
    for event in events:
        step = min(STEPS - 1, max(0, int((event.at - first) / width)))
        counts[step] += 1
        newest[step] = event.id
        if event.detail_type in (*FAULTS, ALARM):
            marks.append(Mark(step=step, kind=_kind(event), event_id=event.id, summary=event.summary))
    return Timeline(first=first, last=last, counts=tuple(counts), newest=_filled(newest), marks=tuple(marks[-MOST_MARKS:]))


def _kind(event: Event) -> str:
    return "fault" if event.detail_type in FAULTS else "alarm"


def _filled(newest: Sequence[str]) -> tuple[str, ...]:
    """A step without events has the last one before it."""
    found: list[str] = []
    for each in newest:
        found.append(each or (found[-1] if found else ""))
    return tuple(found)
