"""The firewall of the simulated world: the policy stands in the world, so that it survives the control plane. Requests of a load balancer
that no node may send go to an address where nothing is, so they time out."""

from collections.abc import Callable, Sequence
from ipaddress import IPv4Address

from sandbox.drivers.firewall.base import Address, Drops, admitted
from sandbox.drivers.firewall.policy import Connection, Policy
from sandbox.drivers.world import World

NOWHERE = "240.0.0.1"  # no machine has it


class SimulatedFirewall:
    def __init__(self, world: World) -> None:
        self._world = world
        self._applied: Policy | None = None
        self._changed: list[Callable[[], None]] = []

    def apply(self, policy: Policy) -> None:
        before, self._applied, self._world.policy = self._applied, policy, policy
        if before != policy:
            for callback in self._changed:
                callback()

    def in_force(self) -> Policy | None:
        return self._world.policy

    def on_change(self, callback: Callable[[], None]) -> None:
        self._changed.append(callback)

    def on_drop(self, callback: Drops) -> None:
        """Never called: the simulated world has no packets."""

    def endpoint(self, sources: Sequence[IPv4Address], to: Connection, at: Address) -> Address:
        return at if admitted(self._world.policy, sources, to) else (NOWHERE, at[1])

    def available(self) -> str | None:
        return None

    def close(self) -> None:
        pass
