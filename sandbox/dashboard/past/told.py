"""The journal, divided at a moment: the events up to it, those after it, and the calls of the API among them that were carried out."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.aws.http.trail import CALLED, FAILED
from sandbox.core.events import Event

READS = ("Describe", "Get", "List", "Lookup", "Search")
Key = Callable[[Event], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """`at` is the event whose moment it is: the last of `before`."""

    at: Event
    before: tuple[Event, ...]  # the oldest first
    after: tuple[Event, ...]
    calls_before: tuple[Event, ...]
    calls_after: tuple[Event, ...]

    @property
    def moment(self) -> datetime:
        return self.at.at

    def changed_since(self, names: Iterable[str], *operations: str) -> Event | None:
        """The first call after the moment that names one of them. `operations`: only calls of these; without, of any that changes."""
        wanted = set(names)
        calls = (each for each in self.calls_after if not operations or operation(each) in operations)
        return next((each for each in calls if wanted & named(each)), None)


def told(events: Sequence[Event], event_id: str) -> Told | None:
    """None: the journal does not have the event (any more)."""
    place = next((n for n, event in enumerate(events) if event.id == event_id), None)
    if place is None:
        return None
    before, after = tuple(events[: place + 1]), tuple(events[place + 1 :])
    failed = {event.cause for event in events if event.detail_type == FAILED}
    return Told(
        at=events[place],
        before=before,
        after=after,
        calls_before=tuple(_carried_out(before, failed)),
        calls_after=tuple(_carried_out(after, failed)),
    )


def _carried_out(events: Iterable[Event], failed: set[str | None]) -> Iterator[Event]:
    for event in events:
        if event.detail_type == CALLED and event.id not in failed and not operation(event).startswith(READS):
            yield event


def operation(call: Event) -> str:
    return str(call.detail.get("eventName", ""))


def asked(call: Event) -> Mapping[str, Any]:
    """The parameters of a call."""
    found = call.detail.get("requestParameters")
    return found if isinstance(found, Mapping) else {}


def named(call: Event) -> set[str]:
    """What a call is about: the resources in its parameters, and the name of what it makes."""
    return {*call.resources, *(str(asked(call)[key]) for key in ("Name", "AlarmName", "AutoScalingGroupName") if key in asked(call))}


def newest(events: Iterable[Event], detail_type: str, key: str) -> dict[str, Event]:
    """By the text at `key` in the detail, the last event of this type."""
    return {str(event.detail.get(key)): event for event in events if event.detail_type == detail_type}


def first(events: Iterable[Event], detail_type: str, key: str) -> dict[str, Event]:
    found: dict[str, Event] = {}
    for event in events:
        if event.detail_type == detail_type:
            found.setdefault(str(event.detail.get(key)), event)
    return found


def clock(moment: datetime) -> str:
    return f"{moment:%H:%M:%S}"
