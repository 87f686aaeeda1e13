"""The firewall where no packet can be filtered: processes on loopback addresses, and containers without a VPC router. The load balancer and
the health checks are sent to a black hole instead of a target that none of the load balancer's nodes may reach.

What instances send to each other is not filtered (`filters_packets`). A change also ends the load balancer's idle connections to the
target, which on AWS would go on. The policy is not kept on disk: the next control plane makes it from the saved state before anything else.
"""

import sys
import threading
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address

from sandbox.drivers.firewall.base import Address, Drops, admitted
from sandbox.drivers.firewall.policy import Connection, Policy
from sandbox.drivers.network.black_hole import BlackHole

PER_ADDRESS = sys.platform == "linux"
"""Every address of 127.0.0.0/8 can be used without being configured."""


class LoopbackFirewall:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holes: dict[IPv4Address, BlackHole] = {}  # by the target's address: the proxy knows targets by where they are
        self._in_force: Policy | None = None
        self._changed: list[Callable[[], None]] = []

    def apply(self, policy: Policy) -> None:
        before, self._in_force = self._in_force, policy
        if before != policy:
            for callback in self._changed:
                callback()

    def in_force(self) -> Policy | None:
        return self._in_force

    def on_change(self, callback: Callable[[], None]) -> None:
        self._changed.append(callback)

    def on_drop(self, callback: Drops) -> None:
        """Never called: it does not see packets."""

    def endpoint(self, sources: Sequence[IPv4Address], to: Connection, at: Address) -> Address:
        target = to.destination
        with self._lock:
            if admitted(self._in_force, sources, to):
                return at
            if target not in self._holes:
                self._holes[target] = BlackHole(_host(target))
            return self._holes[target].address

    def available(self) -> str | None:
        return None

    def close(self) -> None:
        with self._lock:
            for hole in self._holes.values():
                hole.close()
            self._holes = {}


def _host(target: IPv4Address) -> str:
    return f"127.{str(target).partition('.')[2]}" if PER_ADDRESS else "127.0.0.1"
