"""The engine: runs the controllers by due time, on one thread, from one injected clock. Nothing else waits or reads the time.

A key is due when its last reconcile asked for it, when something wakes it, or at the resync. If a reconcile raises, only that key backs
off; the others continue. With a `VirtualClock`, `run_until` moves the time from one due time to the next.
"""

import heapq
import itertools
import threading
import traceback
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from sandbox.agenda import Agenda, Loop
from sandbox.core.backoff import backoff
from sandbox.core.clock import Clock, VirtualClock
from sandbox.core.control import Controller
from sandbox.core.errors import DriverUnavailable, IllegalTransition, Misconfigured, Retry
from sandbox.core.events import Event
from sandbox.core.identity.owner import account_of_key, working_for
from sandbox.core.journal import Journal

FIRST_BACKOFF = timedelta(seconds=1)
LONGEST_BACKOFF = timedelta(minutes=1)


class Engine:
    def __init__(
        self,
        clock: Clock,
        journal: Journal,
        lock: AbstractContextManager[object],
        resync: timedelta = timedelta(minutes=1),
    ) -> None:
        self._clock, self._journal, self._lock, self._resync = clock, journal, lock, resync
        self._controllers: dict[str, Controller] = {}
        self._agenda = Agenda()
        self._timers: list[tuple[datetime, int, Callable[[], None]]] = []
        self._count = itertools.count()
        self._changed = threading.Condition()
        self._woken: set[tuple[str | None, str | None]] = {(None, None)}
        self._next_resync = clock.now()
        self._round = threading.Lock()  # held by the one thread that runs controllers: the engine's, or that of an API call (instant.py)
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._before: tuple[Callable[[], None], ...] = ()
        self._stepped: datetime | None = None

    def add(self, controllers: Sequence[Controller]) -> None:
        """Controllers that are due at the same time run in this order."""
        self._controllers.update({c.name: c for c in controllers})
        self._agenda.controllers(self._controllers)

    # ---- called from any thread -------------------------------------------------------------------------------------------------------

    def wake(self, controller: str | None = None, key: str | None = None) -> None:
        """Makes one key, all keys of a controller, or all keys due now."""
        with self._changed:
            self._woken.add((controller, key))
            self._changed.notify_all()

    def at(self, when: datetime, callback: Callable[[], None]) -> None:
        """Runs `callback` at a time of the sandbox's clock, in the engine's thread (simulated drivers, faults with a duration)."""
        with self._changed:
            heapq.heappush(self._timers, (when, next(self._count), callback))
            self._changed.notify_all()

    def before_each_step(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Virtual time only: calls `callback` whenever the time has moved, before anything happens at the new time. What it does belongs to
        the time before. → a function that ends this."""
        self._before = (*self._before, callback)

        def forget() -> None:
            self._before = tuple(each for each in self._before if each is not callback)

        return forget

    def loops(self) -> tuple[Loop, ...]:
        with self._changed:
            return self._agenda.loops()

    def clock_changed(self) -> None:
        """Recomputes the real waiting time after the clock's speed has changed."""
        with self._changed:
            self._changed.notify_all()

    # ---- running ---------------------------------------------------------------------------------------------------------------------

    def run_due(self) -> datetime:
        """Runs everything that is due, until nothing is. → the next due time."""
        with self._round:
            return self._run_due()

    def _run_due(self) -> datetime:
        while True:
            now = self._clock.now()
            self._step(now)
            timers, due = self._take_due(now)
            if not timers and not due:
                return self._next_due()
            for callback in timers:
                self._guard(Loop("timer", "callback"), callback)
            for loop in due:
                self._run(loop, now)

    def run_until(self, when: datetime) -> None:
        """Virtual time only: moves from one due time to the next, up to `when`."""
        assert isinstance(self._clock, VirtualClock)
        while (due := self.run_due()) <= when:
            self._clock.advance_to(max(due, self._clock.now()))
        self._clock.advance_to(when)
        self._step(when)

    def _step(self, now: datetime) -> None:
        if self._before and now != self._stepped:
            self._stepped = now
            for callback in self._before:
                callback()

    def start(self) -> None:
        self._thread = threading.Thread(target=self._work, name="engine", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Returns after the current reconcile has ended."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread:
            self._thread.join()

    def _work(self) -> None:
        while not self._stopping:
            due = self.run_due()
            with self._changed:
                if not self._woken and not self._stopping:
                    wait = self._clock.real(max(due - self._clock.now(), timedelta(0)))
                    self._changed.wait(wait)

    # ---- one round ---------------------------------------------------------------------------------------------------------------------

    def _take_due(self, now: datetime) -> tuple[list[Callable[[], None]], list[Loop]]:
        with self._changed:
            woken, self._woken = self._woken, set()
            if now >= self._next_resync:
                woken.add((None, None))
                self._next_resync = now + self._resync
            timers = []
            while self._timers and self._timers[0][0] <= now:
                timers.append(heapq.heappop(self._timers)[2])
        if woken:
            self._mark(woken, now)
        with self._changed:
            return timers, self._agenda.due(now)

    def _mark(self, woken: set[tuple[str | None, str | None]], now: datetime) -> None:
        """Makes the woken keys due. Adds new keys; runs keys that no longer exist once more, which drops them."""
        for name, controller in self._controllers.items():
            everything = (None, None) in woken or (name, None) in woken
            keys = {key for known, key in woken if known == name and key is not None}
            if not everything and not keys:
                continue
            with self._changed:
                unknown = keys - self._agenda.wake(name, keys, now)
            if everything or unknown:
                with self._lock:
                    present = tuple(controller.keys())
                with self._changed:
                    self._agenda.found(name, present, now, everything=everything)

    def _run(self, loop: Loop, now: datetime) -> None:
        self._agenda.put(loop, None)
        loop.last_run = now
        loop.runs += 1
        controller = self._controllers[loop.controller]

        def reconcile() -> None:
            with self._lock:
                again = controller.reconcile(loop.key, now)
                alive = again is not None or controller.has(loop.key)
            loop.failures, loop.last_error, loop.not_before = 0, None, None
            with self._changed:
                if again is not None:
                    self._agenda.put(loop, now + max(again, timedelta(milliseconds=1)))
                elif not alive:
                    self._agenda.drop(loop)

        with working_for(account_of_key(loop.key)):
            self._guard(loop, reconcile)

    def _guard(self, loop: Loop, work: Callable[[], None]) -> None:
        try:
            work()
        except Retry as error:
            loop.last_error = str(error)
            self._again_not_before(loop, self._clock.now() + error.after)
        except Misconfigured as error:
            loop.last_error = str(error)
        except DriverUnavailable as error:
            self._back_off(loop, str(error))
        except Exception as error:
            self._back_off(loop, f"{type(error).__name__}: {error}")
            self._journal.record(_bug(loop, error))

    def _back_off(self, loop: Loop, message: str) -> None:
        loop.failures += 1
        loop.last_error = message
        self._again_not_before(loop, self._clock.now() + backoff(loop.failures, first=FIRST_BACKOFF, longest=LONGEST_BACKOFF))

    def _again_not_before(self, loop: Loop, when: datetime) -> None:
        loop.not_before = when
        if loop.controller in self._controllers:  # a timer has no key: it is not tried again
            with self._changed:
                self._agenda.put(loop, when)

    def _next_due(self) -> datetime:
        with self._changed:
            moments = [self._next_resync, *([self._timers[0][0]] if self._timers else [])]
            following = self._agenda.next_due()
            return min([*moments, following]) if following else min(moments)


def _bug(loop: Loop, error: Exception) -> Event:
    kind = "Illegal transition" if isinstance(error, IllegalTransition) else "Reconcile failed"
    return Event(
        source="sandbox.engine",
        detail_type=kind,
        summary=f"{loop.controller} failed on {loop.key}: {type(error).__name__}: {error}; it will be retried",
        resources=(loop.key, loop.key.rsplit("/", 1)[-1]),
        detail={"traceback": traceback.format_exc()},
    )
