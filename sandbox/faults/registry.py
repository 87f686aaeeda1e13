"""The active faults. Each start and end is recorded as an event. A fault may have a duration, after which the registry undoes it.

Several faults may be active on one hook or target; clearing one leaves the others active. hooks.py combines them for the services.
Thread-safe: the API, /_sandbox and the engine's thread use it.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from sandbox.core.clock import Clock
from sandbox.core.errors import SandboxError, UserError
from sandbox.core.identity import owner
from sandbox.core.journal import Journal
from sandbox.faults.model import Effect, Fault
from sandbox.faults.record import ENDED, FAILED, STARTED, UNRECORDED, Record, event_of
from sandbox.faults.store import FaultStore, MemoryStore, Saved, SavedFault

E = TypeVar("E")


class Conflict(UserError):
    """A fault of the kind is active on the target already."""


class FaultRegistry:
    def __init__(
        self,
        clock: Clock,
        journal: Journal,
        at: Callable[[datetime, Callable[[], None]], None],
        store: FaultStore | None = None,
    ) -> None:
        """`at` runs a callback at a time of the sandbox's clock (Engine.at). `store`: None keeps faults in memory only."""
        self._clock, self._journal, self._at = clock, journal, at
        self.store = store or MemoryStore()
        self._lock = threading.RLock()
        self._active: dict[str, Fault] = {}
        self._ending: dict[str, Fault] = {}  # whose undo() has not succeeded yet
        self._impaired: frozenset[str] = frozenset()
        self._newest = 0
        self._callbacks: list[Callable[[], None]] = []

    # ---- reads -------------------------------------------------------------------------------------------------------------------------

    def active(self) -> tuple[Fault, ...]:
        """Oldest first."""
        with self._lock:
            return tuple(self._active.values())

    def shown(self) -> tuple[Fault, ...]:
        """Those of `active` that may be told of."""
        return tuple(fault for fault in self.active() if not fault.hidden)

    def hidden(self) -> frozenset[str]:
        """Ids of those that may not be told of, also of those that are being undone."""
        return frozenset(fault.id for fault in (*self.active(), *self.ending()) if fault.hidden)

    def ending(self) -> tuple[Fault, ...]:
        """Those that have ended and whose effect could not be undone yet."""
        with self._lock:
            return tuple(self._ending.values())

    def get(self, fault_id: str) -> Fault | None:
        with self._lock:
            return self._active.get(fault_id)

    def effects(self, effect_type: type[E]) -> tuple[E, ...]:
        """The active effects of this class on the account for which this thread works, oldest first; on any, if it works for none."""
        concerned = (fault for fault in self.active() if owner.concerns(fault.account))
        return tuple(fault.effect for fault in concerned if isinstance(fault.effect, effect_type))

    def on_change(self, callback: Callable[[], None]) -> None:
        """Called after a fault has begun or ended."""
        self._callbacks.append(callback)

    # ---- begin and end -----------------------------------------------------------------------------------------------------------------

    def refuse_a_second(self, kind: str, conflicts: frozenset[str]) -> None:
        """Raises Conflict if a fault of the kind is active on one of these."""
        with self._lock:
            for other in self._active.values():
                if other.kind == kind and (both := other.conflicts & conflicts):
                    raise Conflict(f"{other.id} ({kind}) is active on {min(both)} already.", f"sandbox fault clear {other.id}")

    def next_id(self) -> str:
        with self._lock:
            self._newest += 1
            return f"fault-{self._newest}"

    def inject(
        self, effect: Effect, summary: str, duration: timedelta | None = None, record: Record = UNRECORDED, fault_id: str | None = None
    ) -> Fault:
        """Applies the effect, and undoes it after `duration` (None: when it is cleared).

        Raises UserError if it cannot be carried out; there is then no fault. Raises Conflict for a second one of the kind on one target."""
        effect.check()
        fault = self._begin(effect, summary, duration, record, fault_id or self.next_id())
        try:
            self._save_first()
            with self._journal.because(fault.cause):
                effect.apply()
                self._keep(fault, fault.since)
        except Exception as error:
            self._give_up(fault, error)
            raise
        if record.momentary:
            self._forget(fault)
        elif fault.until is not None:
            self._end_at(fault.until, fault.id)
        self._changed()
        return fault

    def _begin(self, effect: Effect, summary: str, duration: timedelta | None, record: Record, fault_id: str) -> Fault:
        now = self._clock.now()
        until = now if record.momentary else now + duration if duration is not None else None
        fault = Fault(
            id=fault_id,
            effect=effect,
            summary=summary,
            since=now,
            until=until,
            parameters=record.parameters,
            instances=record.instances,
            conflicts=record.conflicts,
            token=record.token,
            account=record.account,
            saved=record.saved,
            hidden=record.hidden,
        )
        with self._lock:
            self.refuse_a_second(fault.kind, fault.conflicts)
            self._active[fault.id] = fault
            cause = record.cause
            if not fault.hidden:
                cause = self._journal.record(event_of(replace(fault, cause=cause), STARTED, summary)).id
            fault = self._active[fault.id] = replace(fault, cause=cause)
        return fault

    def adopt(self, fault: Fault, *, ending: bool) -> None:
        """A fault of an earlier control plane: continues it, or undoes it if it has ended."""
        with self._lock:
            self._active[fault.id] = fault
        if ending or (fault.until is not None and fault.until <= self._clock.now()):
            self._end(fault.id, "ended while no control plane was running", recorded=ending)
        elif fault.until is not None:
            self._end_at(fault.until, fault.id)

    def clear(self, fault_id: str) -> Fault:
        """Undoes one fault. Raises UserError if no active fault has this id."""
        fault = self._end(fault_id, "was cleared")
        if fault is None:
            raise UserError(f"There is no active fault {fault_id!r}.", "sandbox fault list")
        return fault

    def clear_all(self) -> tuple[Fault, ...]:
        """Undoes all faults, hidden ones too, the newest first. → those that were active."""
        return self._clear(self.active())

    def clear_shown(self) -> tuple[Fault, ...]:
        """As `clear_all`, without hidden ones."""
        return self._clear(self.shown())

    def _clear(self, faults: tuple[Fault, ...]) -> tuple[Fault, ...]:
        found = [self._end(fault.id, "was cleared") for fault in reversed(faults)]
        return tuple(fault for fault in found if fault is not None)

    def keep(self, fault_id: str, now: datetime) -> timedelta | None:
        """Keeps an active fault in force (Effect.keep), or tries again to undo one that has ended. Raises what the effect raises."""
        fault = self.get(fault_id)
        if fault is None:
            self.finish(fault_id)
            return None
        with self._journal.because(fault.cause):
            return self._keep(fault, now)

    def _keep(self, fault: Fault, now: datetime) -> timedelta | None:
        again = fault.effect.keep(now)
        if self.get(fault.id) is None:  # it was cleared meanwhile, perhaps before keep() did its part
            fault.effect.undo()
        return again

    def finish(self, fault_id: str) -> None:
        """Tries again to undo a fault that has ended. Raises what undo() raises."""
        with self._lock:
            fault = self._ending.get(fault_id)
        if fault is None:
            return
        with self._journal.because(fault.cause):
            fault.effect.undo()
        with self._lock:
            self._ending.pop(fault_id, None)
            self._save()

    # ---- what faults changed on machines ---------------------------------------------------------------------------------------------

    @property
    def impaired(self) -> frozenset[str]:
        """Instances whose machines a fault may have changed (Saved.impaired)."""
        return self._impaired

    def set_impaired(self, instance_ids: frozenset[str]) -> None:
        """Kept on disk when this returns."""
        with self._lock:
            if instance_ids != self._impaired:
                self._impaired = instance_ids
                self._save()

    def read_saved(self) -> Saved:
        """What an earlier control plane left. Call it once, before the first fault."""
        saved = self.store.read()
        with self._lock:
            self._newest, self._impaired = saved.newest, frozenset(saved.impaired)
        return saved

    # ---- inside ------------------------------------------------------------------------------------------------------------------------

    def _end_at(self, when: datetime, fault_id: str) -> None:
        self._at(when, lambda: self._expire(fault_id))

    def _expire(self, fault_id: str) -> None:
        self._end(fault_id, "ended after its duration")

    def _end(self, fault_id: str, how: str, *, recorded: bool = False) -> Fault | None:
        with self._lock:
            fault = self._active.pop(fault_id, None)
            if fault is None:
                return None  # cleared before its duration was over
            self._ending[fault_id] = fault
            self._save()
        if not recorded and not fault.hidden:
            self._journal.record(event_of(fault, ENDED, f"{fault.id} ({fault.summary}) {how}"))
        with suppress(SandboxError):  # the controller tries again
            self.finish(fault_id)
        self._changed()
        return fault

    def _give_up(self, fault: Fault, error: Exception) -> None:
        if not fault.hidden:
            self._journal.record(event_of(fault, FAILED, f"{fault.id} ({fault.summary}) could not be carried out: {error}"))
        self._end(fault.id, "", recorded=True)

    def _forget(self, fault: Fault) -> None:
        with self._lock:
            self._active.pop(fault.id, None)
            self._save()

    def _save_first(self) -> None:
        """Before anything is broken: the next control plane must know it. Raises UserError."""
        with self._lock:
            if error := self._save():
                raise UserError(f"The fault cannot be saved, so nothing was broken: {error.strerror or error}.", "df -h")

    def _save(self) -> OSError | None:
        """Under the lock. Returns why it could not: what ends is undone anyway, and the next change saves again."""
        kept = [SavedFault.of(fault, ending=False) for fault in self._active.values() if fault.saved]
        kept += [SavedFault.of(fault, ending=True) for fault in self._ending.values() if fault.saved]
        try:
            self.store.write(Saved(faults=tuple(kept), impaired=tuple(sorted(self._impaired)), newest=self._newest))
        except OSError as error:
            return error
        return None

    def _changed(self) -> None:
        for callback in self._callbacks:
            callback()
