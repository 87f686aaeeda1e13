"""Faults that cut networks off. Each says what it cuts now; what is in force is the union of all of them, applied as one value.

So a fault that ends restores only what no other fault cuts, and the order in which faults come and go does not matter.
"""

from datetime import datetime, timedelta

from sandbox.core.errors import UserError
from sandbox.drivers.network.base import Cut, Cuts, normal
from sandbox.faults.context import FaultContext
from sandbox.faults.model import BaseEffect


class CutsNetworks(BaseEffect):
    __slots__ = ()

    context: FaultContext

    def cuts(self, now: datetime) -> frozenset[Cut]:
        raise NotImplementedError

    def next_change(self, now: datetime) -> timedelta | None:
        """When `cuts` changes by itself."""
        return None

    def check(self) -> None:
        for cut in self.cuts(self.context.clock.now()):
            if refused := self.context.network.cannot(cut):
                raise UserError(f"The network cannot be cut: {refused}", "sandbox fault kinds")

    def keep(self, now: datetime) -> timedelta | None:
        cut_all(self.context, now)
        return self.next_change(now)

    def undo(self) -> None:
        cut_all(self.context, self.context.clock.now())


def cut_all(context: FaultContext, now: datetime) -> None:
    context.network.apply(in_force(context, now))


def in_force(context: FaultContext, now: datetime) -> Cuts:
    """What all active faults cut together."""
    effects = (fault.effect for fault in context.active())
    return normal(cut for effect in effects if isinstance(effect, CutsNetworks) for cut in effect.cuts(now))
