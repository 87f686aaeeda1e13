"""The VPC router, which has the gateway address of each subnet. The Docker runtime attaches the network of every subnet to it.

In docker-compose.yml the container `netns` owns the network namespace that the control plane and Envoy share. `NetnsRouter` connects it to
each subnet at .2 and adds the gateway's .1 in the namespace, so that traffic between subnets keeps its source address.
"""

import json
import threading
import time
from ipaddress import IPv4Network
from typing import Any, Protocol

from sandbox.core.errors import DriverUnavailable, Misconfigured
from sandbox.drivers.network.namespace import Run, run_here
from sandbox.drivers.runtime.docker import labels
from sandbox.drivers.runtime.docker.engine import DockerEngine

IMDS = "169.254.169.254"
TABLE = "sandbox"
INTERFACE_TIMEOUT = 5.0  # real seconds until the interface exists after Docker connected it


class Router(Protocol):
    def attach(self, network: str, cidr: str) -> None:
        """Becomes the gateway of a subnet's Docker network. Idempotent. Does I/O. Raises DriverUnavailable (retry) or Misconfigured."""
        ...


class NetnsRouter:
    """Works in the namespace that this process shares with the container labelled sandbox.role=netns and sandbox.topology=<name>.

    The set `subnets` of its nft table has the ranges that are routed. The table is created once and never flushed, so that a restart of the
    control plane does not interrupt the traffic between subnets.
    """

    def __init__(self, engine: DockerEngine, run: Run = run_here) -> None:
        self._engine, self._run = engine, run
        self._lock = threading.Lock()
        self._prepared = False

    def attach(self, network: str, cidr: str) -> None:
        subnet = IPv4Network(cidr)
        with self._lock:
            container = self._container()
            edge = container["NetworkSettings"]["Networks"][f"{self._engine.name}-edge"]
            if not self._prepared:
                self._prepare(edge)
            self._engine.connect(container["Id"], network, str(subnet[2]))
            interface = self._interface(str(subnet[2]))
            self._run(["ip", "addr", "replace", f"{subnet[1]}/{subnet.prefixlen}", "dev", interface], None)
            self._run(["nft", "add", "element", "ip", TABLE, "subnets", f"{{ {cidr} }}"], None)
            self._check_default_route(edge["Gateway"])

    def _container(self) -> Any:
        name = self._engine.name
        found = self._engine.container_with(f"{labels.ROLE}=netns", f"{labels.TOPOLOGY}={name}")
        if found is None:
            raise DriverUnavailable(f"The container netns of sandbox {name} does not run. next: make sandbox")
        return found

    def _prepare(self, edge: dict[str, Any]) -> None:
        self._run(["ip", "addr", "replace", f"{IMDS}/32", "dev", "lo"], None)
        if f"table ip {TABLE}" not in self._run(["nft", "list", "tables"], None):
            self._run(["nft", "-f", "-"], rules(self._interface(edge["IPAddress"])))
        self._prepared = True

    def _interface(self, address: str) -> str:
        """The one with that address. It exists when Docker's connect call returns, or very soon after."""
        deadline = time.monotonic() + INTERFACE_TIMEOUT
        while time.monotonic() < deadline:
            for link in json.loads(self._run(["ip", "-j", "-4", "addr"], None) or "[]"):
                if any(known.get("local") == address for known in link["addr_info"]):
                    return str(link["ifname"])
        raise DriverUnavailable(f"The VPC router has no interface with the address {address} after {INTERFACE_TIMEOUT:g} s.")

    def _check_default_route(self, gateway: str) -> None:
        """Docker moves the default route, and all published ports, to a network whose name sorts before the edge network's
        (docs/decisions/001-topology.md)."""
        route = self._run(["ip", "route", "show", "default"], None)
        if f"via {gateway} " not in route:
            raise Misconfigured(
                f"The default route of the VPC router is {route.strip() or 'missing'} instead of via {gateway}: published ports are dead. "
                f"No network of the sandbox may have a name that sorts before {self._engine.name}-edge. next: make down; make sandbox"
            )


def rules(edge_interface: str) -> str:
    """Forwards between subnets and from subnets to the edge network, nothing else."""
    return f"""
        table ip {TABLE} {{
            set subnets {{ type ipv4_addr; flags interval; auto-merge; }}
            chain forward {{
                type filter hook forward priority 0; policy drop;
                ct state established,related accept
                ip saddr @subnets ip daddr @subnets accept
                ip saddr @subnets oifname "{edge_interface}" accept
            }}
            chain nat {{ type nat hook postrouting priority 100; ip saddr @subnets oifname "{edge_interface}" masquerade; }}
        }}
    """
