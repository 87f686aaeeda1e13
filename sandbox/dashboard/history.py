"""The journal as pages: the newest events, those up to some event, and the chain of causes of one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sandbox.control import explain
from sandbox.control.explain import Line
from sandbox.core.events import Event
from sandbox.core.journal import Journal

PAGE, FIRST = 100, 50  # events on one page, and on the page as it is first given
EVENT_ID = re.compile(r"e\d{1,12}")
MOST_LINES = 400  # of a chain


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    events: tuple[Event, ...]  # the newest first
    older: str | None  # id of the last one of the next page; None: there is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    title: str
    lines: tuple[Line, ...]
    left_out: int = 0  # lines that are not shown
    event: str | None = None  # the event that was asked about

    def as_json(self) -> dict[str, Any]:
        shown = [{"depth": line.depth, "about": line.about, "event": line.event.as_json()} for line in self.lines]
        return {"title": self.title, "story": shown, "left_out": self.left_out}


def page(journal: Journal, until: str | None, most: int = PAGE) -> Page:
    """`until`: the id of the newest event to show; None: the journal's newest."""
    events = journal.events()
    if until is not None:
        number = int(until[1:])
        events = tuple(event for event in events if int(event.id[1:]) <= number)
    shown, before = events[-most:], events[-most - 1 : -most]
    return Page(events=tuple(reversed(shown)), older=before[0].id if before else None)


def of_event(journal: Journal, event_id: str) -> Story | None:
    """None: the journal no longer has it."""
    event = journal.get(event_id)
    return replace(_story(event.summary, explain.story_of_event(event_id, journal.events())), event=event_id) if event else None


def of_resource(journal: Journal, name: str) -> Story | None:
    """None: no event is about it."""
    lines = explain.story(name, journal.events())
    return _story(name, lines) if lines else None


def _story(title: str, lines: Sequence[Line]) -> Story:
    """The newest lines, if there are too many."""
    return Story(title=title, lines=tuple(lines[-MOST_LINES:]), left_out=max(0, len(lines) - MOST_LINES))
