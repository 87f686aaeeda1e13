"""Where Envoy listens: a port for each listener, one for each node, the ports that all load balancers share, private addresses in a VPC.

What cannot be used is left out of the next configuration and has a sentence in `problems` until it is free again.
"""

import re
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.drivers.proxy.base import ProxyConfig, private_addresses
from sandbox.drivers.proxy.envoy.config.render import ListenAddresses
from sandbox.drivers.proxy.envoy.config.routes import FRONT, NAMES
from sandbox.drivers.proxy.envoy.node_places import NodePlaces
from sandbox.drivers.proxy.envoy.ports import Assignment, Ports, can_bind, why_not_bind

_PORT_RETRY_INTERVAL = 2.0  # real seconds between attempts to get a port that another program uses
INSTEAD = {
    FRONT: "load balancers answer on their own ports only",
    NAMES: "http://<DNSName>/ reaches no load balancer; use their other addresses (sandbox status)",
}
"""Shared port → what follows when Envoy cannot listen on it."""
_CANNOT_BIND = re.compile(r"cannot bind '([^']*):(\d+)'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What Envoy may use. Files in `directory`: ports.json, node-ports.json."""

    directory: Path
    bind: str
    ports: range  # for listeners
    node_ports: range | None  # None: nodes have the ports of their listeners on other loopback addresses (loopback.py)
    shared: Mapping[str, int]  # FRONT, NAMES → port
    child: bool  # a process of this machine: a port can be tried before it is given away
    hold_addresses: Callable[[frozenset[str]], None] | None  # gives the VPC router these private addresses; None: Envoy is not in it


class ListenPlaces:
    def __init__(self, room: Room) -> None:
        self._room = room
        self._ports = Ports(room.directory / "ports.json", room.bind, range(room.ports.start, room.ports.stop), probe=room.child)
        own = Ports(room.directory / "node-ports.json", room.bind, room.node_ports, probe=room.child) if room.node_ports else None
        self._nodes = NodePlaces(own)
        self._assignment = self._next = Assignment(ports={}, problems={})
        self._taken_inside: set[tuple[str, int]] = set()  # private addresses of nodes and ports that Envoy could not bind
        self._try_again = 0.0

    @property
    def problems(self) -> Mapping[str, str]:
        """Listener ARN, or shared port → sentence."""
        return self._assignment.problems

    def port(self, listener_arn: str) -> int | None:
        return self._assignment.ports.get(listener_arn)

    def node(self, listener_arn: str, zone: str) -> tuple[str, int] | None:
        return self._nodes.now.get((listener_arn, zone))

    def load(self, *, envoy_runs: bool) -> None:
        """What was assigned before. `envoy_runs`: Envoy holds the ports already, so they cannot be tried."""
        self._ports.load(envoy_runs)
        self._nodes.load(envoy_runs)
        for name, port in () if envoy_runs else self._room.shared.items():
            if why_not := why_not_bind(self._room.bind, port):
                self._give_up(name, why_not)

    def assign(self, config: ProxyConfig, log_path: str, free: Collection[str] = ()) -> ListenAddresses:
        """The addresses for this configuration. `free`: shared ports that have become free. `given` must follow."""
        room = self._room
        problems = {name: why for name, why in self.problems.items() if name in room.shared and name not in free}
        given = self._ports.assign(config.listeners)
        front, names = (room.shared.get(name) if name not in problems else None for name in (FRONT, NAMES))
        if room.hold_addresses is not None:
            room.hold_addresses(private_addresses(config))
        self._next = Assignment(ports=given.ports, problems={**self._inside_problems(config), **given.problems, **problems})
        return ListenAddresses(
            bind=room.bind,
            ports=given.ports,
            nodes=self._nodes.place(config, given.ports),
            front_port=front,
            names_port=names,
            log_path=log_path,
            taken=frozenset(self._taken_inside),
            in_vpc=room.hold_addresses is not None,
        )

    def given(self) -> None:
        """Envoy has been given what was assigned last: from now on `port` and `problems` tell it."""
        self._assignment = self._next

    def freed(self) -> Collection[str] | None:
        """Shared ports that have become free; None: nothing has changed. Looks at intervals, while there are problems."""
        if not self._room.child or not self.problems or time.monotonic() < self._try_again:
            return None
        self._try_again = time.monotonic() + _PORT_RETRY_INTERVAL
        shared = self._room.shared
        free = [name for name, port in shared.items() if name in self.problems and can_bind(self._room.bind, port)]
        return free if free or any(name not in shared for name in self.problems) else None

    def avoid(self, rejected: Collection[str], config: ProxyConfig | None) -> bool:
        """Envoy's words about addresses that it cannot bind. → whether another configuration avoids one of them."""
        private = private_addresses(config) if config else frozenset()
        found = [(host, int(port)) for message in rejected for host, port in _CANNOT_BIND.findall(message)]
        refused = [port for host, port in found if host not in private]
        mine = [port for port in refused if port in self._assignment.ports.values()]
        for port in mine:
            self._ports.mark_unusable(port)
        at_nodes = self._nodes.mark_unusable(refused)
        shared = [name for name, port in self._room.shared.items() if port in refused and name not in self.problems]
        for name in shared:
            self._give_up(name)
        inside = {place for place in found if place[0] in private} - self._taken_inside
        self._taken_inside |= inside
        return bool(mine or at_nodes or shared or inside)

    def _give_up(self, name: str, why_not: str = "is in use by another program") -> None:
        sentence = f"port {self._room.shared[name]} {why_not}: {INSTEAD[name]}"
        self._assignment = Assignment(ports=self._assignment.ports, problems={**self.problems, name: sentence})

    def _inside_problems(self, config: ProxyConfig) -> dict[str, str]:
        return {
            listener.arn: f"the node at {host} does not answer inside the VPC: its port {port} is one of the sandbox's own"
            for host, port in sorted(self._taken_inside)
            for listener in config.listeners
            if port == listener.port and host in {node.private_address for node in listener.nodes}
        }
