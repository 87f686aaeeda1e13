"""The VPC router: what makes the gateway address of each subnet answer. The Docker runtime attaches every subnet's network to one.

In docker-compose.yml the container `netns` owns the network namespace that the control plane and Envoy share; `NetnsRouter` connects it
to a subnet at .2 and adds the gateway's .1 inside, so that traffic between subnets keeps its source address, and IMDS knows its callers.
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
APPEARS_WITHIN = 5.0  # real seconds, for the interface after Docker connected it


class Router(Protocol):
    def attach(self, network: str, cidr: str) -> None:
        """Becomes the gateway of a subnet's Docker network. Idempotent; does I/O. DriverUnavailable: again later; Misconfigured: not so."""
        ...


class NetnsRouter:
    """Works in the namespace that this process shares with the container labelled sandbox.role=netns and sandbox.topology=<name>.

    Its nft table holds `subnets`, what is routed. The table is made once and never flushed: a control plane that restarts does not
    interrupt the traffic between subnets.
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
            raise DriverUnavailable(f"The container netns of sandbox {name} does not run; docker-compose up -d starts it.")
        return found

    def _prepare(self, edge: dict[str, Any]) -> None:
        self._run(["ip", "addr", "replace", f"{IMDS}/32", "dev", "lo"], None)
        if f"table ip {TABLE}" not in self._run(["nft", "list", "tables"], None):
            self._run(["nft", "-f", "-"], rules(self._interface(edge["IPAddress"])))
        self._prepared = True

    def _interface(self, address: str) -> str:
        """The one with that address; Docker has it there as soon as connect answers, or very soon after."""
        deadline = time.monotonic() + APPEARS_WITHIN
        while time.monotonic() < deadline:
            for link in json.loads(self._run(["ip", "-j", "-4", "addr"], None) or "[]"):
                if any(known.get("local") == address for known in link["addr_info"]):
                    return str(link["ifname"])
        raise DriverUnavailable(f"No interface with the address {address} appeared in the VPC router.")

    def _check_default_route(self, gateway: str) -> None:
        """Docker moves it, and every published port with it, when a subnet's network sorts before the edge's (architecture.md, rule 2)."""
        route = self._run(["ip", "route", "show", "default"], None)
        if f"via {gateway} " not in route:
            raise Misconfigured(
                f"The default route of the VPC router is {route.strip() or 'missing'} instead of via {gateway}: published ports are dead. "
                f"Run make down and start again; no network of the sandbox may sort before {self._engine.name}-edge."
            )


def rules(edge_interface: str) -> str:
    """Forwarding between subnets and out by the edge, nothing else."""
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
