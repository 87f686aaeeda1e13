"""What /_sandbox and the page see of the faults while a game day hides one."""

from collections.abc import Collection, Sequence

from sandbox.control.surface import LoopLike
from sandbox.core.errors import UserError
from sandbox.faults.model import Fault
from sandbox.faults.registry import FaultRegistry


class ShownFaults:
    """The registry without hidden faults: they are not listed, and nobody can clear them but the game."""

    def __init__(self, registry: FaultRegistry) -> None:
        self._registry = registry

    def active(self) -> tuple[Fault, ...]:
        return self._registry.shown()

    def clear(self, fault_id: str) -> Fault:
        """Raises UserError."""
        if fault_id in self._registry.hidden():
            raise UserError(f"There is no active fault {fault_id!r}.", "sandbox fault list")
        return self._registry.clear(fault_id)

    def clear_all(self) -> tuple[Fault, ...]:
        return self._registry.clear_shown()


def without_hidden(loops: Sequence[LoopLike], hidden: Collection[str]) -> Sequence[LoopLike]:
    """Each fault is a key of a controller."""
    return [each for each in loops if each.key.rpartition("/")[2] not in hidden]
