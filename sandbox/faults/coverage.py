"""Which instances a fault covers at a moment: fixed when it began, or with those that were launched later (Reach)."""

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.core.ports import Inventory, KnownInstance
from sandbox.faults.context import FaultContext
from sandbox.faults.kind import Injection, Target
from sandbox.faults.targets import covers

ALIVE = frozenset({"pending", "running", "stopping", "stopped"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    targets: tuple[Target, ...]
    fixed: frozenset[str] | None  # None: whatever the targets stand for now
    inventory: Inventory

    def instances(self) -> tuple[KnownInstance, ...]:
        """Those that are not terminated."""
        return tuple(each for each in self.inventory.instances() if each.state in ALIVE and self.has(each))

    def ids(self) -> tuple[str, ...]:
        return tuple(each.instance_id for each in self.instances())

    def has(self, instance: KnownInstance) -> bool:
        if self.fixed is not None:
            return instance.instance_id in self.fixed
        return any(covers(target, instance) for target in self.targets)


def fixed(injection: Injection, context: FaultContext) -> Coverage:
    """Reach.INSTANCES_NOW."""
    return Coverage(targets=injection.targets, fixed=frozenset(injection.instances), inventory=context.inventory)


def following(injection: Injection, context: FaultContext) -> Coverage:
    """Reach.INSTANCES_EVER."""
    return Coverage(targets=injection.targets, fixed=None, inventory=context.inventory)


CoverageOf = Callable[[Injection, FaultContext], Coverage]
