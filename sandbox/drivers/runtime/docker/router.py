"""The VPC router, which has the gateway address of each subnet. The Docker runtime attaches the network of every subnet to it.

In docker-compose.yml the container `netns` owns the network namespace that the control plane and Envoy share. `NetnsRouter` connects it to
each subnet at .2 and adds the gateway's .1 in the namespace, so that traffic between subnets keeps its source address.

Packets within a subnet pass it too, as in a private VLAN, so that one packet filter sees everything: instances do not answer ARP
(private_vlan.py), the router answers for the whole subnet (proxy_arp_pvlan, a sysctl of `netns`) and has their hardware addresses.
"""

import json
import threading
import time
from collections.abc import Sequence
from ipaddress import IPv4Network
from typing import Any, Protocol

from sandbox.core.errors import DriverUnavailable, Misconfigured
from sandbox.drivers.network.namespace import Run, run_here
from sandbox.drivers.runtime.base import LaunchSpec
from sandbox.drivers.runtime.docker import labels
from sandbox.drivers.runtime.docker.engine import DockerEngine
from sandbox.drivers.runtime.docker.values import API

IMDS = "169.254.169.254"
TABLE = "sandbox"
PRIVATE = ("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3")
INTERFACE_TIMEOUT = 5.0  # real seconds until the interface exists after Docker connected it


class Router(Protocol):
    def attach(self, network: str, cidr: str) -> None:
        """Becomes the gateway of a subnet's Docker network. Idempotent. Does I/O. Raises DriverUnavailable (retry) or Misconfigured."""
        ...

    def introduce(self, instances: Sequence[LaunchSpec]) -> None:
        """Learns the hardware addresses of instances whose networks are attached. Idempotent. Does I/O. Raises Misconfigured."""
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
        self._interfaces: dict[str, str] = {}  # by CIDR block of the subnet

    def attach(self, network: str, cidr: str) -> None:
        subnet = IPv4Network(cidr)
        with self._lock:
            container = self._container()
            edge = container["NetworkSettings"]["Networks"][f"{self._engine.name}-edge"]
            if not self._prepared:
                self._prepare(container["NetworkSettings"]["Networks"])
            self._engine.connect(container["Id"], network, str(subnet[2]))
            interface = self._interface(str(subnet[2]))
            self._run(["ip", "addr", "replace", f"{subnet[1]}/{subnet.prefixlen}", "dev", interface], None)
            self._run(["ip", "ntable", "change", "name", "arp_cache", "dev", interface, "proxy_delay", "0"], None)
            self._interfaces[cidr] = interface
            self._run(["nft", "add", "element", "ip", TABLE, "subnets", f"{{ {cidr} }}"], None)
            self._check_default_route(edge["Gateway"])

    def introduce(self, instances: Sequence[LaunchSpec]) -> None:
        """Permanent entries: an instance does not answer when it is asked for its hardware address (private_vlan.py)."""
        with self._lock:
            known = [(spec, self._interfaces[spec.subnet_cidr]) for spec in instances if spec.subnet_cidr in self._interfaces]
        lines = [f"neigh replace {spec.private_ip_address} lladdr {spec.mac_address} dev {at} nud permanent" for spec, at in known]
        if lines:
            self._run(["ip", "-batch", "-"], "\n".join(lines) + "\n")

    def _container(self) -> Any:
        name = self._engine.name
        found = self._engine.container_with(f"{labels.ROLE}=netns", f"{labels.TOPOLOGY}={name}")
        if found is None:
            raise DriverUnavailable(f"The container netns of sandbox {name} does not run. next: sandbox up")
        return found

    def _prepare(self, networks: dict[str, Any]) -> None:
        for address in (IMDS, API):
            self._run(["ip", "addr", "replace", f"{address}/32", "dev", "lo"], None)
        if f"table ip {TABLE}" not in self._run(["nft", "list", "tables"], None).splitlines():
            edge, control = (self._interface(networks[f"{self._engine.name}-{each}"]["IPAddress"]) for each in ("edge", "ctl"))
            self._run(["nft", "-f", "-"], rules(edge, control))
        self._prepared = True

    def _interface(self, address: str) -> str:
        """The one with that address. It exists when Docker's connect call returns, or very soon after."""
        deadline = time.monotonic() + INTERFACE_TIMEOUT
        while time.monotonic() < deadline:
            for link in json.loads(self._run(["ip", "-j", "-4", "addr"], None) or "[]"):
                if link["ifname"] != "lo" and any(known.get("local") == address for known in link["addr_info"]):
                    return str(link["ifname"])
        raise DriverUnavailable(f"The VPC router has no interface with the address {address} after {INTERFACE_TIMEOUT:g} s.")

    def _check_default_route(self, gateway: str) -> None:
        """Docker moves the default route, and all published ports, to a network whose name sorts before the edge network's
        (docs/decisions/001-topology.md)."""
        route = self._run(["ip", "route", "show", "default"], None)
        if f"via {gateway} " not in route:
            raise Misconfigured(
                f"The default route of the VPC router is {route.strip() or 'missing'} instead of via {gateway}: published ports are dead. "
                f"No network of the sandbox may have a name that sorts before {self._engine.name}-edge. next: sandbox down; sandbox up"
            )


def rules(edge: str, control: str) -> str:
    """Forwards between subnets. To the internet, which is by the edge network, only from the set `internet` (network/internet.py), and
    never into a private network of the host. To other networks that a user connected the router to (services beside instances), from all
    subnets. To the network of the Docker API, nothing."""
    beside = f'ip saddr @subnets ip daddr != @subnets oifname != {{ "{edge}", "{control}" }}'
    return f"""
        table ip {TABLE} {{
            set subnets {{ type ipv4_addr; flags interval; auto-merge; }}
            set internet {{ type ipv4_addr; flags interval; auto-merge; }}
            chain forward {{
                type filter hook forward priority 0; policy drop;
                ct state established,related accept
                ip saddr @subnets ip daddr @subnets accept
                ip saddr @internet ip daddr != {{ {", ".join(PRIVATE)} }} oifname "{edge}" accept
                {beside} accept
            }}
            chain nat {{
                type nat hook postrouting priority 100;
                ip saddr @subnets oifname "{edge}" masquerade
                {beside} masquerade
            }}
        }}
    """
