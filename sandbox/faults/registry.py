"""The active faults. Each start and end is recorded as an event. A fault may have a duration, after which the registry undoes it.

Several faults may be active on one hook or target; clearing one leaves the others active. hooks.py combines them for the services.
Thread-safe: the API, /_sandbox and the engine's thread use it.
"""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import TypeVar

from sandbox.core.clock import Clock
from sandbox.core.errors import UserError
from sandbox.core.events import Event
from sandbox.core.journal import Journal
from sandbox.faults.model import Effect, Fault

STARTED, ENDED = "Fault Injected", "Fault Cleared"
SOURCE = "sandbox.faults"

E = TypeVar("E", bound=Effect)


class FaultRegistry:
    def __init__(self, clock: Clock, journal: Journal, at: Callable[[datetime, Callable[[], None]], None]) -> None:
        """`at` runs a callback at a time of the sandbox's clock (Engine.at)."""
        self._clock, self._journal, self._at = clock, journal, at
        self._lock = threading.Lock()
        self._active: dict[str, Fault] = {}
        self._numbers = count(1)

    def active(self) -> tuple[Fault, ...]:
        """Oldest first."""
        with self._lock:
            return tuple(self._active.values())

    def effects(self, effect_type: type[E]) -> tuple[E, ...]:
        """The active effects of this class, oldest first."""
        return tuple(fault.effect for fault in self.active() if isinstance(fault.effect, effect_type))

    def inject(self, effect: Effect, summary: str, duration: timedelta | None = None) -> Fault:
        """Applies the effect, and undoes it after `duration` (None: when it is cleared). If apply() raises, there is no fault."""
        now = self._clock.now()
        until = now + duration if duration is not None else None
        fault = Fault(id=f"fault-{next(self._numbers)}", effect=effect, summary=summary, since=now, until=until)
        effect.apply()
        with self._lock:
            self._active[fault.id] = fault
        started = self._journal.record(_event(fault, STARTED, summary))
        fault = replace(fault, cause=started.id)
        with self._lock:
            self._active[fault.id] = fault
        if until is not None:
            self._at(until, lambda: self._expire(fault.id))
        return fault

    def clear(self, fault_id: str) -> Fault:
        """Undoes one fault. Raises UserError if no active fault has this id."""
        fault = self._end(fault_id, "was cleared")
        if fault is None:
            raise UserError(f"There is no active fault {fault_id!r}.")
        return fault

    def clear_all(self) -> tuple[Fault, ...]:
        """Undoes all faults, the newest first. → those that were active."""
        found = [self._end(fault.id, "was cleared") for fault in reversed(self.active())]
        return tuple(fault for fault in found if fault is not None)

    def _expire(self, fault_id: str) -> None:
        self._end(fault_id, "ended after its duration")

    def _end(self, fault_id: str, how: str) -> Fault | None:
        with self._lock:
            fault = self._active.pop(fault_id, None)
        if fault is None:
            return None  # cleared before its duration was over
        fault.effect.undo()
        self._journal.record(_event(fault, ENDED, f"{fault.id} ({fault.summary}) {how}"))
        return fault


def _event(fault: Fault, detail_type: str, summary: str) -> Event:
    detail = {"faultId": fault.id, "kind": fault.kind.value, "targets": list(fault.targets)}
    until = {"until": fault.until.isoformat()} if fault.until else {}
    return Event(
        source=SOURCE,
        detail_type=detail_type,
        summary=summary,
        resources=(fault.id, *fault.targets),
        detail={**detail, **until},
        cause=fault.cause,
    )
