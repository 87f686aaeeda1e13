"""Keeps the effects of the active faults in force: instances that are launched later, machines that were restarted, time that has passed.
One key for each fault, and one for the machines that faults may have changed. It also undoes what could not be undone when a fault ended.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from sandbox.faults.registry import FaultRegistry

MACHINES = "machines"


class FaultController:
    name = "faults"

    def __init__(self, registry: FaultRegistry, settle: Callable[[], timedelta | None] = lambda: None) -> None:
        """`settle`: Impairments.settle."""
        self._registry, self._settle = registry, settle

    def keys(self) -> Iterable[str]:
        faults = [fault.id for fault in (*self._registry.active(), *self._registry.ending())]
        return [*faults, MACHINES] if self._registry.impaired else faults

    def has(self, key: str) -> bool:
        return key in set(self.keys())

    def reconcile(self, key: str, now: datetime) -> timedelta | None:
        return self._settle() if key == MACHINES else self._registry.keep(key, now)
