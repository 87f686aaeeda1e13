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
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.core.backoff import backoff
from sandbox.core.clock import Clock, VirtualClock
from sandbox.core.control import Controller
from sandbox.core.errors import DriverUnavailable, IllegalTransition, Misconfigured, Retry
from sandbox.core.events import Event
from sandbox.core.journal import Journal

FIRST_BACKOFF = timedelta(seconds=1)
LONGEST_BACKOFF = timedelta(minutes=1)


@dataclass(slots=True)
class Loop:
    """What `sandbox loops` shows for one key."""

    controller: str
    key: str
    due: datetime | None = None  # None: waits until it is woken, or for the resync
    not_before: datetime | None = None  # after a failure: a general wake-up does not run it sooner; None: it did not fail
    runs: int = 0
    failures: int = 0  # in a row
    last_error: str | None = None
    last_run: datetime | None = None


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
        self._loops: dict[tuple[str, str], Loop] = {}
        self._timers: list[tuple[datetime, int, Callable[[], None]]] = []
        self._count = itertools.count()
        self._changed = threading.Condition()
        self._woken: set[tuple[str | None, str | None]] = {(None, None)}
        self._next_resync = clock.now()
        self._round = threading.Lock()  # held by the one thread that runs controllers: the engine's, or that of an API call (instant.py)
        self._thread: threading.Thread | None = None
        self._stopping = False

    def add(self, controllers: Sequence[Controller]) -> None:
        """Controllers that are due at the same time run in this order."""
        self._controllers.update({c.name: c for c in controllers})

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

    def loops(self) -> tuple[Loop, ...]:
        with self._changed:
            return tuple(self._loops.values())

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
        order = {name: n for n, name in enumerate(self._controllers)}
        with self._changed:
            due = [loop for loop in self._loops.values() if loop.due is not None and loop.due <= now]
        return timers, sorted(due, key=lambda loop: order[loop.controller])

    def _mark(self, woken: set[tuple[str | None, str | None]], now: datetime) -> None:
        """Makes the woken keys due. Adds new keys; runs keys that no longer exist once more, which drops them."""
        wanted = {name for name, _ in woken}
        for name, controller in self._controllers.items():
            if None not in wanted and name not in wanted:
                continue
            everything = (None, None) in woken or (name, None) in woken
            with self._lock:
                keys = tuple(controller.keys())
            with self._changed:
                for key in keys:
                    loop = self._loops.setdefault((name, key), Loop(name, key))
                    waits = loop.not_before is not None and loop.not_before > now  # its own failed call woke everything
                    if (name, key) in woken or loop.runs == 0 or (everything and not waits):
                        loop.due = now
                present = set(keys)
                for name_key in [k for k in self._loops if k[0] == name and k[1] not in present]:
                    loop = self._loops[name_key]
                    if loop.due is None or loop.due > now:
                        loop.due = now

    def _run(self, loop: Loop, now: datetime) -> None:
        loop.due, loop.last_run = None, now
        loop.runs += 1
        controller = self._controllers[loop.controller]

        def reconcile() -> None:
            with self._lock:
                again = controller.reconcile(loop.key, now)
                alive = loop.key in set(controller.keys()) if again is None else True
            loop.failures, loop.last_error, loop.not_before = 0, None, None
            if again is not None:
                loop.due = now + max(again, timedelta(milliseconds=1))
            elif not alive:
                with self._changed:
                    self._loops.pop((loop.controller, loop.key), None)

        self._guard(loop, reconcile)

    def _guard(self, loop: Loop, work: Callable[[], None]) -> None:
        try:
            work()
        except Retry as error:
            loop.last_error = str(error)
            loop.due = loop.not_before = self._clock.now() + error.after
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
        loop.due = loop.not_before = self._clock.now() + backoff(loop.failures, first=FIRST_BACKOFF, longest=LONGEST_BACKOFF)

    def _next_due(self) -> datetime:
        with self._changed:
            moments = [loop.due for loop in self._loops.values() if loop.due is not None]
            moments += [self._timers[0][0]] if self._timers else []
            return min([self._next_resync, *moments])


def _bug(loop: Loop, error: Exception) -> Event:
    kind = "Illegal transition" if isinstance(error, IllegalTransition) else "Reconcile failed"
    return Event(
        source="sandbox.engine",
        detail_type=kind,
        summary=f"{loop.controller} failed on {loop.key}: {type(error).__name__}: {error}; it will be retried",
        resources=(loop.key, loop.key.rsplit("/", 1)[-1]),
        detail={"traceback": traceback.format_exc()},
    )
