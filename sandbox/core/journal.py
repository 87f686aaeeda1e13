"""The journal: every event in order, in memory and (through a sink) in a file. The CLI, reports and tests read it.

`because()` links events to their cause without passing ids through moto: while an API request or an action runs, the event that caused it
is the current cause, and every event recorded meanwhile refers to it.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from itertools import takewhile

from sandbox.core import caller
from sandbox.core.clock import Clock
from sandbox.core.events import Event
from sandbox.core.identity import owner
from sandbox.core.waiting import PACE, Waiters

_CAUSE: ContextVar[str | None] = ContextVar("cause", default=None)


class Journal:
    """Thread-safe. Keeps the newest `keep` events in memory; the sink is called with every event, in order."""

    def __init__(self, clock: Clock, sink: Callable[[Event], None] | None = None, keep: int = 20_000) -> None:
        self._clock, self._sink, self._keep = clock, sink, keep
        self._events: deque[Event] = deque()
        self._by_id: dict[str, Event] = {}
        self._latest: dict[tuple[str, str], str] = {}  # by account and resource: two accounts may use one name
        self._newest: dict[str, str] = {}  # by resource
        self._owners: dict[str, set[str]] = {}  # resource → accounts with events about it
        self._number = 0
        self._lock = threading.RLock()
        self._followers = Waiters(self._lock)
        self._to_wake = 0  # followers that waited when the newest event came and were not woken since
        self._waking = False
        self._listeners: list[Callable[[Event], None]] = []

    def load(self, events: Iterable[Event]) -> None:
        """Adds the events of an earlier run, so that chains of causes survive a restart."""
        with self._lock:
            for event in events:
                self._keep_event(event)

    def record(self, event: Event) -> Event:
        """Assigns the id, the time and, if the event has none, the current cause and the account: that for which the thread works, else
        that of the ARNs in its resources, else its cause's. → the recorded event."""
        with self._lock:
            cause = event.cause or _CAUSE.get()
            kept = replace(
                event,
                id=f"e{self._number + 1:06d}",
                at=self._clock.now(),
                cause=cause,
                account=event.account or owner.account() or owner.account_of_arns(event.resources) or self._account_of(cause),
            )
            self._keep_event(kept)
            if self._sink:
                self._sink(kept)
            self._wake_followers()
        for listener in self._listeners:
            listener(kept)
        return kept

    def _account_of(self, event_id: str | None) -> str:
        found = self._by_id.get(event_id) if event_id else None
        return found.account if found else owner.NOBODY

    def _keep_event(self, event: Event) -> None:
        self._number = max(self._number, int(event.id[1:]))
        self._events.append(event)
        self._by_id[event.id] = event
        for resource in event.resources:
            self._latest[event.account, resource] = self._newest[resource] = event.id
            self._owners.setdefault(resource, set()).add(event.account)
        while len(self._events) > self._keep:
            gone = self._events.popleft()
            self._by_id.pop(gone.id, None)

    def on_event(self, listener: Callable[[Event], None]) -> None:
        """`listener` is called after each event, in the recording thread: it must return quickly and must not record events."""
        self._listeners.append(listener)

    @contextmanager
    def because(self, cause: str | None) -> Iterator[None]:
        """While the context is open, events that this thread records without a cause get this one."""
        token = _CAUSE.set(cause)
        try:
            yield
        finally:
            _CAUSE.reset(token)

    @property
    def current_cause(self) -> str | None:
        return _CAUSE.get()

    def latest(self, resource: str) -> str | None:
        """Id of the newest event about the resource, of the account for which this thread works or of the whole sandbox; None if there is
        none. A thread that works for no account finds the event of any."""
        if (account := owner.account()) == owner.NOBODY:
            return self._newest.get(resource)
        own, common = self._latest.get((account, resource)), self._latest.get((owner.NOBODY, resource))
        if own is None or common is None:
            return own or common
        return max(own, common, key=_number)

    @property
    def newest(self) -> str:
        """Id of the last event; "" before the first."""
        return f"e{self._number:06d}" if self._number else ""

    def get(self, event_id: str) -> Event | None:
        return self._by_id.get(event_id)

    def events(self, after: str | None = None) -> tuple[Event, ...]:
        """All kept events, or those after the event with that id."""
        with self._lock:
            if after is None:
                return tuple(self._events)
            number = int(after[1:])
            newer = tuple(takewhile(lambda event: int(event.id[1:]) > number, reversed(self._events)))
        return newer[::-1]

    @contextmanager
    def following(self, after: str | None, timeout: float) -> Iterator[tuple[Event, ...]]:
        """Like `events`, but waits up to `timeout` real seconds for a new event (the long poll of `sandbox events --follow`).

        Followers are woken one after the other: the next one when this block ends. A caller that hangs up receives nothing.
        """
        number, end, woken = int(after[1:]) if after else 0, time.monotonic() + timeout, False
        with self._lock:
            while self._number <= number and caller.current().patient and (left := end - time.monotonic()) > 0:
                if woken:  # by an event that this follower already has
                    self._wake_next()
                woken = self._followers.wait(left)
        try:
            yield self.events(after)
        finally:
            if woken:
                if self._to_wake:
                    time.sleep(PACE)
                with self._lock:
                    self._wake_next()

    def _wake_followers(self) -> None:
        """Wakes the first waiting follower, or extends the round in progress to all that wait now."""
        self._to_wake = len(self._followers)
        if not self._waking:
            self._wake_next()

    def _wake_next(self) -> None:
        self._waking = self._to_wake > 0 and len(self._followers) > 0
        if self._waking:
            self._to_wake -= 1
            self._followers.wake_one()

    def of(self, account: str) -> "AccountJournal":
        """What an account sees of it."""
        return AccountJournal(self, account)

    def shown_to(self, event: Event, account: str) -> Event | None:
        """The event as the account sees it. None: it belongs to another account. One of the whole sandbox does not name what is theirs."""
        if event.account != owner.NOBODY:
            return event if event.account == account else None
        kept = tuple(each for each in event.resources if not self._is_of_others(each, account))
        return event if len(kept) == len(event.resources) else replace(event, resources=kept, detail={})

    def _is_of_others(self, resource: str, account: str) -> bool:
        owners = self._owners.get(resource, set()) - {owner.NOBODY}
        return bool(owners) and account not in owners

    def about(self, resource: str) -> tuple[Event, ...]:
        """Events that name the resource, in order."""
        return tuple(e for e in self.events() if resource in e.resources)

    def chain(self, event: Event) -> tuple[Event, ...]:
        """The event's causes, the first cause first and the event itself last. Starts later if a cause is no longer kept."""
        found = [event]
        while found[-1].cause and (earlier := self._by_id.get(found[-1].cause)):
            found.append(earlier)
        return tuple(reversed(found))


class AccountJournal(Journal):
    """The journal as one account sees it: its own events, and those of the whole sandbox."""

    def __init__(self, whole: Journal, account: str) -> None:
        self._whole, self._account = whole, account

    def _shown(self, events: Iterable[Event]) -> tuple[Event, ...]:
        return tuple(shown for each in events if (shown := self._whole.shown_to(each, self._account)))

    def record(self, event: Event) -> Event:
        return self._whole.record(replace(event, account=event.account or self._account))

    def on_event(self, listener: Callable[[Event], None]) -> None:
        self._whole.on_event(lambda event: listener(shown) if (shown := self._whole.shown_to(event, self._account)) else None)

    def latest(self, resource: str) -> str | None:
        with owner.working_for(self._account):
            return self._whole.latest(resource)

    @property
    def newest(self) -> str:
        return self._whole.newest

    def get(self, event_id: str) -> Event | None:
        event = self._whole.get(event_id)
        return self._whole.shown_to(event, self._account) if event else None

    def events(self, after: str | None = None) -> tuple[Event, ...]:
        return self._shown(self._whole.events(after))

    @contextmanager
    def following(self, after: str | None, timeout: float) -> Iterator[tuple[Event, ...]]:
        """Waits again while the new events are of other accounts. A caller that gets none asks again from the same event."""
        end, known = time.monotonic() + timeout, after
        while True:
            with self._whole.following(known, max(0.0, end - time.monotonic())) as found:
                if (shown := self._shown(found)) or not found or time.monotonic() >= end:
                    yield shown
                    return
                known = found[-1].id

    def chain(self, event: Event) -> tuple[Event, ...]:
        return self._shown(self._whole.chain(event))


def _number(event_id: str) -> int:
    return int(event_id[1:])
