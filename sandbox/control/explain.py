"""`sandbox explain`: what happened to a thing and why, as a story. Pure: events in, lines out.

An event is told under the event that caused it. Told are the events about the thing, what led to them, and what they led to at once (who
replaced it). A chain goes on at the same depth; only where one event led to several does the story indent.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sandbox.core.events import Event

STORIES = 40  # the newest beginnings that are told


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    depth: int
    event: Event
    consequence: bool  # of the line above it at the same or lesser depth; False: a story begins
    about: bool  # it is about the thing itself, not only part of the chain


def candidates(resource: str, events: Sequence[Event]) -> tuple[str, ...]:
    """Names in the events that the text may mean: itself, else those that begin with it, or an ARN that ends with it."""
    names = dict.fromkeys(name for event in events for name in event.resources)
    if resource in names:
        return (resource,)
    return tuple(
        sorted(name for name in names if name.startswith(resource) or name.endswith(f"/{resource}") or name.endswith(f":{resource}"))
    )


def story(resource: str, events: Sequence[Event], stories: int = STORIES) -> tuple[Line, ...]:
    """Empty when nothing is known of the resource. `events` in the order of the journal."""
    by_id = {event.id: event for event in events}
    about = {event.id for event in events if resource in event.resources}
    told = set(about)
    for event_id in about:
        told |= _causes(event_id, by_id)
    told |= {event.id for event in events if event.cause in about}
    children: dict[str | None, list[Event]] = defaultdict(list)
    beginnings: list[Event] = []
    for event in events:
        if event.id in told:
            (children[event.cause] if event.cause in told else beginnings).append(event)
    return tuple(line for beginning in beginnings[-stories:] for line in _tell(beginning, 0, children, about))


def _causes(event_id: str, by_id: dict[str, Event]) -> set[str]:
    found: set[str] = set()
    cause = by_id[event_id].cause
    while cause in by_id and cause not in found:
        found.add(cause)
        cause = by_id[cause].cause
    return found


def _tell(event: Event, depth: int, children: dict[str | None, list[Event]], about: set[str]) -> Iterator[Line]:
    """Depth first, without recursion: a chain may be thousands of events long."""
    waiting = [(event, depth, False)]
    while waiting:
        current, level, consequence = waiting.pop()
        yield Line(depth=level, event=current, consequence=consequence, about=current.id in about)
        next_events = children[current.id]
        deeper = level + 1 if len(next_events) > 1 or not consequence else level
        waiting += [(child, deeper, True) for child in reversed(next_events)]


def tell(resource: str, lines: Sequence[Line]) -> list[str]:
    """The story as text, one line an event, with sandbox times (UTC)."""
    if not lines:
        return [f"Nothing is known of {resource}."]
    text = []
    day = None
    for line in lines:
        if not line.consequence and line.event.at.date() != day:
            day = line.event.at.date()
            text.append(f"{day:%Y-%m-%d} (sandbox time, UTC)")
        arrow = "→ " if line.consequence else ""
        text.append(f"{line.event.at:%H:%M:%S}  {'  ' * line.depth}{arrow}{line.event.summary}")
    return text
