"""What the active faults, and missing CPU credits, do to machines: the worst for each machine, brought to the runtime.

It is derived from the active faults each time and never accumulated, so a machine that no fault wants impaired any more is healed, whatever
happened in between. The registry keeps on disk which machines a fault may have changed, written before the machine is changed: the next
control plane heals them, and leaves alone what a user did (`docker pause`).
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from sandbox.aws.context import LOCK
from sandbox.core.events import Event
from sandbox.core.journal import Journal
from sandbox.drivers.runtime.base import UNIMPAIRED, Container, ContainerState, Impairment, Runtime
from sandbox.faults.model import BaseEffect, Fault

SOURCE, NOT_CARRIED_OUT = "sandbox.faults", "Impairment Not Carried Out"
UNTIL_HEALED = timedelta(seconds=1)  # between two looks while a machine is not healed yet


class Ledger(Protocol):
    """FaultRegistry."""

    @property
    def impaired(self) -> frozenset[str]: ...

    def set_impaired(self, instance_ids: frozenset[str]) -> None: ...

    def active(self) -> tuple[Fault, ...]: ...


class ImpairsMachines(BaseEffect):
    """An effect on machines. Subclasses say which; `settle` combines them."""

    __slots__ = ()

    def impairments(self, now: datetime) -> Mapping[str, Impairment]:
        """By instance id."""
        raise NotImplementedError

    def settled(self) -> Callable[[], timedelta | None]:
        """Impairments.settle of the sandbox."""
        raise NotImplementedError

    def keep(self, now: datetime) -> timedelta | None:
        return self.settled()()

    def undo(self) -> None:
        self.settled()()


class Impairments:
    def __init__(self, runtime: Runtime, ledger: Ledger, journal: Journal, now: Callable[[], datetime]) -> None:
        self._runtime, self._ledger, self._journal, self._now = runtime, ledger, journal, now
        self._told: dict[str, str] = {}  # instance id → the error that the journal has
        self._others: list[Callable[[], Mapping[str, Impairment]]] = []

    def add(self, source: Callable[[], Mapping[str, Impairment]]) -> None:
        """What impairs machines besides faults, by instance id: an instance without CPU credits is throttled."""
        self._others.append(source)

    def settle(self) -> timedelta | None:
        """Puts every machine under what the active faults want, and heals the others. → when to look again: a machine is not healed yet."""
        with LOCK:  # one at a time: an older answer never replaces a newer one
            wanted = self._wanted()
            self._ledger.set_impaired(self._ledger.impaired | wanted.keys())
            if self._runtime.available() is not None:
                return UNTIL_HEALED if self._ledger.impaired else None
            machines = self._runtime.containers()
            for instance_id in sorted(self._ledger.impaired):
                self._bring(machines.get(instance_id), wanted.get(instance_id, UNIMPAIRED))
            healed = {i for i in self._ledger.impaired - wanted.keys() if _is_healed(machines.get(i))}
            self._ledger.set_impaired(self._ledger.impaired - healed)
            return UNTIL_HEALED if self._ledger.impaired - wanted.keys() else None

    def _wanted(self) -> dict[str, Impairment]:
        found: dict[str, Impairment] = {}
        for fault in self._ledger.active():
            if isinstance(fault.effect, ImpairsMachines):
                for instance_id, impairment in fault.effect.impairments(self._now()).items():
                    found[instance_id] = found.get(instance_id, UNIMPAIRED).with_worse(impairment)
        for source in self._others:
            for instance_id, impairment in source().items():
                found[instance_id] = found.get(instance_id, UNIMPAIRED).with_worse(impairment)
        return found

    def _bring(self, machine: Container | None, wanted: Impairment) -> None:
        if machine is None or machine.state is not ContainerState.RUNNING:
            return
        impossible = self._runtime.cannot_impair(wanted)  # of what no fault asked for: those are checked before they begin
        if impossible is None and (machine.impairment != wanted or machine.impairing):
            self._runtime.impair(machine.instance_id, wanted)
        self._tell(machine, impossible)

    def _tell(self, machine: Container, impossible: str | None) -> None:
        """Once for each new error."""
        instance_id = machine.instance_id
        error = f"{instance_id} is not throttled: {impossible}" if impossible else machine.impairment_error or ""
        if error and self._told.get(instance_id) != error:
            self._journal.record(Event(source=SOURCE, detail_type=NOT_CARRIED_OUT, summary=error, resources=(instance_id,)))
        self._told[instance_id] = error


def _is_healed(machine: Container | None) -> bool:
    """Also one that is gone, or that has stopped and so is not impaired."""
    return machine is None or (machine.impairment == UNIMPAIRED and not machine.impairing)
