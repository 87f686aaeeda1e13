"""Sends what changed to all open pages: one thread reads, renders once, and hands the same bytes to every page. It runs while pages are
open.

It looks after each event of the journal, and each second. A page that connects gets everything, and the events after the one that it has.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sandbox.core.events import Event
from sandbox.core.journal import Journal
from sandbox.dashboard.live import messages
from sandbox.dashboard.live.render import Rendered, Renderer
from sandbox.dashboard.shown.look import Look
from sandbox.dashboard.shown.numbers import numbers

Push = Callable[[bytes], None]
Run = Callable[[Callable[[], None]], None]
PAUSE = 0.03  # real seconds in which events are gathered
EVERY = 1.0  # real seconds between two looks without events
TICK = 5.0  # real seconds without a message, after which one is sent anyway
NEWEST = 100  # events that a page gets at once: older ones are on the timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    push: Push
    after: str | None  # the last event that the page has


class Publisher:
    def __init__(self, look: Callable[[], Look], journal: Journal, renderer: Renderer, row: Callable[[Event], str], run: Run) -> None:
        """`row`: an event as HTML. `run` starts a function in a thread of its own."""
        self._look, self._journal, self._renderer, self._row, self._run = look, journal, renderer, row, run
        self._changed = threading.Condition()
        self._joining: list[Joining] = []
        self._readers: dict[Push, None] = {}
        self._running = self._due = False
        self._shown = Rendered()
        self._numbers: Mapping[str, str] = {}
        self._last, self._sent_at = "", 0.0
        journal.on_event(self._wake)

    def subscribe(self, after: str | None, push: Push) -> Callable[[], None]:
        """Returns at once. The function that it returns ends the subscription."""
        joining = Joining(push=push, after=after)
        with self._changed:
            self._joining.append(joining)
            self._changed.notify()
            start, self._running = not self._running, True
        if start:
            self._run(self._work)
        return lambda: self._leave(joining)

    @property
    def readers(self) -> int:
        return len(self._readers)

    def _leave(self, joining: Joining) -> None:
        with self._changed:
            self._readers.pop(joining.push, None)
            if joining in self._joining:
                self._joining.remove(joining)
            self._changed.notify()

    def _wake(self, _: Event) -> None:
        if self._running:
            with self._changed:
                self._due = True
                self._changed.notify()

    def _work(self) -> None:
        while self._awaited():
            self.publish()

    def _awaited(self) -> bool:
        """Waits until there is something to do. False: nobody looks any more."""
        with self._changed:
            if not self._joining and not self._due:
                self._changed.wait_for(lambda: self._joining or self._due or not self._readers, EVERY)
            if self._due and not self._joining:
                self._changed.wait_for(lambda: bool(self._joining), PAUSE)
            self._due = False
            self._running = bool(self._joining or self._readers)
            return self._running

    def publish(self) -> None:
        """One round: what changed to all who look, and everything to those who have just come."""
        last = self._journal.newest
        fresh = self._fresh(last)
        look = self._look()
        shown, numbered = self._renderer.render(look), numbers(look)
        clock = messages.clock(look.now, look.speed)
        parts = shown.changed_since(self._shown)
        if self._readers and (parts or fresh or numbered != self._numbers):
            events = self._rows(fresh)
            found = messages.Change(parts=parts, numbers=numbered, events=events, clock=clock, last=last)
            self._send(messages.change(found))
        elif time.monotonic() - self._sent_at >= TICK:
            self._send(messages.tick(clock))
        self._shown, self._numbers, self._last = shown, numbered, last
        self._welcome(clock)

    def _fresh(self, last: str) -> tuple[Event, ...]:
        """The events that have not been sent, up to `last`: read before the state, which is at least as new."""
        if not self._readers or last == self._last:
            return ()
        return tuple(each for each in self._journal.events(self._last or None) if _number(each.id) <= _number(last))

    def _welcome(self, clock: Mapping[str, object]) -> None:
        with self._changed:
            joining, self._joining = self._joining, []
            self._readers.update(dict.fromkeys(each.push for each in joining))
        everything = {**self._shown.sections, **{n: html for n, html in self._shown.parts.items() if self._alone(n)}} if joining else {}
        for each in joining:
            events = self._rows(self._missed(each.after))
            whole = messages.Change(parts=everything, numbers=self._numbers, events=events, clock=clock, last=self._last, whole=True)
            each.push(messages.RETRY + messages.change(whole))

    def _alone(self, part: str) -> bool:
        return not any(part in members for members in self._shown.members.values())

    def _missed(self, after: str | None) -> tuple[Event, ...]:
        """The events that the page lacks, up to the last one sent. All kept ones, if it has none of this journal."""
        last = _number(self._last)
        known = after if after and _number(after) <= last else None
        return tuple(event for event in self._journal.events(known) if _number(event.id) <= last)

    def _rows(self, events: Sequence[Event]) -> list[str]:
        return [self._row(event) for event in reversed(events[-NEWEST:])]

    def _send(self, piece: bytes) -> None:
        self._sent_at = time.monotonic()
        with self._changed:
            pushes = list(self._readers)
        for push in pushes:
            push(piece)


def _number(event_id: str) -> int:
    return int(event_id[1:] or 0)
