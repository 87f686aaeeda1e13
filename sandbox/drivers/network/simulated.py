"""The network of the simulated world: what is cut off stands in the world, so that it survives the control plane."""

from collections.abc import Callable

from sandbox.drivers.network.base import Cut, Cuts, normal
from sandbox.drivers.world import World


class SimulatedNetwork:
    def __init__(self, world: World) -> None:
        self._world = world
        self._callbacks: list[Callable[[], None]] = []

    def apply(self, cuts: Cuts) -> None:
        before, self._world.cut_off = self._world.cut_off, normal(cuts)
        if before != self._world.cut_off:
            for callback in self._callbacks:
                callback()

    def cut_off(self) -> Cuts:
        return self._world.cut_off

    def on_change(self, callback: Callable[[], None]) -> None:
        self._callbacks.append(callback)

    def available(self) -> str | None:
        return None

    def cannot(self, cut: Cut) -> str | None:
        return None

    def close(self) -> None:
        pass
