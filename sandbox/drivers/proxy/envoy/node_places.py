"""Where the nodes of load balancers listen on this machine: on the port of their listener at the loopback address of their zone, or, where
there is one address only (macOS, containers), each on a port of its own.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from sandbox.drivers.proxy.base import ListenerConfig, Node, ProxyConfig
from sandbox.drivers.proxy.envoy.config.routes import node_name
from sandbox.drivers.proxy.envoy.ports import Ports
from sandbox.drivers.proxy.loopback import node_host

Places = Mapping[tuple[str, str], tuple[str, int]]
"""(listener ARN, zone) → host and port."""


class NodePlaces:
    def __init__(self, ports: Ports | None) -> None:
        """`ports`: for nodes; None: they have loopback addresses."""
        self._ports = ports
        self.now: Places = {}

    def load(self, envoy_runs: bool) -> None:
        """As `Ports.load`."""
        if self._ports is not None:
            self._ports.load(envoy_runs)

    def place(self, config: ProxyConfig, ports: Mapping[str, int]) -> Places:
        """`ports`: of the listeners. A node for which no port is left has no address of its own."""
        nodes = [(listener, node) for listener in config.listeners if listener.arn in ports for node in listener.nodes]
        self.now = dict(self._own_ports(nodes)) if self._ports else {(x.arn, n.zone): (node_host(n.zone), ports[x.arn]) for x, n in nodes}
        return self.now

    def _own_ports(self, nodes: Collection[tuple[ListenerConfig, Node]]) -> Iterator[tuple[tuple[str, str], tuple[str, int]]]:
        assert self._ports is not None
        asked = [replace(each, arn=node_name(each.arn, node.zone), name=f"{each.name}/{node.zone}") for each, node in nodes]
        given = self._ports.assign(asked).ports
        for (listener, node), as_listener in zip(nodes, asked, strict=True):
            if as_listener.arn in given:
                yield (listener.arn, node.zone), (self._ports.bind, given[as_listener.arn])

    def mark_unusable(self, refused: Collection[int]) -> bool:
        """Envoy cannot bind these ports. → whether a node has one of them."""
        mine = {port for _, port in self.now.values()} & set(refused) if self._ports else set()
        for port in mine:
            assert self._ports is not None
            self._ports.mark_unusable(port)
        return bool(mine)
