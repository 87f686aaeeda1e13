"""`sandbox explain`: what happened to a resource, and why. Pure: events in, lines out.

Each event is listed below the event that caused it. The list has the events about the resource, their causes, and their direct consequences
(such as the launch of a replacement); for a fault, everything that it led to. A chain continues at the same depth; the list is indented
only where one event caused several.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sandbox.core.events import Event

FAULT = "fault-"  # the ids of faults begin so
CHAINS = 40  # the newest chains that are shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    depth: int
    event: Event
    consequence: bool  # of the line above it at the same or a lower depth; False: the first event of a chain
    about: bool  # the event is about the resource itself, not only part of the chain


def candidates(resource: str, events: Sequence[Event]) -> tuple[str, ...]:
    """Resources in the events that match the text: the same name, else names that start with it and ARNs that end with it."""
    names = dict.fromkeys(name for event in events for name in event.resources)
    if resource in names:
        return (resource,)
    return tuple(
        sorted(name for name in names if name.startswith(resource) or name.endswith(f"/{resource}") or name.endswith(f":{resource}"))
    )


def story(resource: str, events: Sequence[Event], chains: int = CHAINS) -> tuple[Line, ...]:
    """Empty if no event is about the resource. `events`: in the order of the journal. For a fault, all that followed from it."""
    about = {event.id for event in events if resource in event.resources}
    return _told(about, events, chains, whole=resource.startswith(FAULT))


def story_of_event(event_id: str, events: Sequence[Event]) -> tuple[Line, ...]:
    """Its causes, itself, and all that followed from it. Empty if the journal no longer has it."""
    return _told({event.id for event in events if event.id == event_id}, events, 1, whole=True)


def _told(about: set[str], events: Sequence[Event], chains: int, *, whole: bool) -> tuple[Line, ...]:
    """`whole`: with all consequences, instead of the direct ones."""
    by_id = {event.id: event for event in events}
    shown = set(about)
    for event_id in about:
        shown |= _causes(event_id, by_id)
    shown |= _consequences(about, events) if whole else {event.id for event in events if event.cause in about}
    children: dict[str | None, list[Event]] = defaultdict(list)
    first_causes: list[Event] = []
    for event in events:
        if event.id in shown:
            (children[event.cause] if event.cause in shown else first_causes).append(event)
    return tuple(line for event in first_causes[-chains:] for line in _lines(event, 0, children, about))


def _consequences(about: set[str], events: Sequence[Event]) -> set[str]:
    """All of them: a cause is always before what it caused."""
    found = set(about)
    for event in events:
        if event.cause in found:
            found.add(event.id)
    return found


def _causes(event_id: str, by_id: dict[str, Event]) -> set[str]:
    found: set[str] = set()
    cause = by_id[event_id].cause
    while cause in by_id and cause not in found:
        found.add(cause)
        cause = by_id[cause].cause
    return found


def _lines(event: Event, depth: int, children: dict[str | None, list[Event]], about: set[str]) -> Iterator[Line]:
    """Depth first, without recursion: a chain may be thousands of events long."""
    waiting = [(event, depth, False)]
    while waiting:
        current, level, consequence = waiting.pop()
        yield Line(depth=level, event=current, consequence=consequence, about=current.id in about)
        next_events = children[current.id]
        deeper = level + 1 if len(next_events) > 1 or not consequence else level
        waiting += [(child, deeper, True) for child in reversed(next_events)]


def as_text(resource: str, lines: Sequence[Line]) -> list[str]:
    """One line per event, with the date and time of the sandbox (UTC)."""
    if not lines:
        return [f"There are no events about {resource}."]
    text = []
    day = None
    for line in lines:
        if not line.consequence and line.event.at.date() != day:
            day = line.event.at.date()
            text.append(f"{day:%Y-%m-%d} (sandbox time, UTC)")
        arrow = "→ " if line.consequence else ""
        text.append(f"{line.event.at:%H:%M:%S}  {'  ' * line.depth}{arrow}{line.event.summary}")
    return text
