"""The chain of causes of a run, from the journal: each failure, and what it led to, as sentences. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sandbox.report.model import CauseLine
from scenarios.kit.evidence.journal import API_CALL, JournalEvent

FAULTS = "sandbox.faults"  # the source of events about faults
TICK = timedelta(milliseconds=1)  # events are told in milliseconds
MOST = 80  # lines


def causes(events: Sequence[JournalEvent], since: datetime, started_at: datetime) -> tuple[CauseLine, ...]:
    """Chains that begin with a fault or with a user's call at or after `since`. Moments are seconds after `started_at`."""
    children: dict[str | None, list[JournalEvent]] = defaultdict(list)
    for event in events:
        children[event.cause].append(event)
    begins = [event for event in children[None] if event.at >= since - TICK]
    first = [event for event in begins if event.source == FAULTS or (event.kind == API_CALL and children[event.id])]
    lines = [line for event in first for line in _chain(event, children, started_at)]
    return tuple(lines[:MOST])


def _chain(first: JournalEvent, children: dict[str | None, list[JournalEvent]], started_at: datetime) -> Iterator[CauseLine]:
    """Depth first, without recursion: a chain may be long."""
    waiting = [(first, 0)]
    while waiting:
        event, depth = waiting.pop()
        yield CauseLine(at=(event.at - started_at).total_seconds(), depth=depth, text=event.summary, event_id=event.id)
        waiting += [(child, depth + 1) for child in reversed(children[event.id])]
