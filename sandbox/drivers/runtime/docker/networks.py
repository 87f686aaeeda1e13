"""The Docker networks of subnets: made when the first instance needs one, and compared with what else the machine uses."""

import threading
from ipaddress import IPv4Network

from sandbox.core.errors import Misconfigured
from sandbox.drivers.runtime import cidr
from sandbox.drivers.runtime.base import LaunchSpec
from sandbox.drivers.runtime.docker import labels
from sandbox.drivers.runtime.docker.engine import DockerEngine, Network, Refused
from sandbox.drivers.runtime.docker.router import Router


class DockerNetworks:
    """One bridge for each subnet. `attach_all`, `look` and `ensure` do I/O; `check_cidr` goes by the latest look."""

    def __init__(self, engine: DockerEngine, router: Router | None) -> None:
        self._engine, self._router = engine, router
        self._making = threading.Lock()
        self._known: tuple[Network, ...] = ()
        self._ready: set[str] = set()  # made, or found, and attached to the router

    def look(self) -> None:
        self._known = tuple(self._engine.networks())
        self._ready &= {n.name for n in self._known}

    def attach_all(self) -> None:
        """The router's namespace may be a new one: all that an earlier run made are attached to it."""
        if self._router:
            for network in self._ours():
                self._router.attach(network.name, str(network.cidrs[0]))

    def ensure(self, spec: LaunchSpec) -> None:
        """Makes the network of the instance's subnet if it is not there. Misconfigured: why it cannot be."""
        name = labels.network_name(self._engine.name, spec.subnet_id)
        with self._making:
            if name in self._ready:
                return
            self.look()
            if not any(n.name == name for n in self._known):
                self._make_room(spec.subnet_cidr)
                self._make(spec)
                self.look()
            if self._router:
                self._router.attach(name, spec.subnet_cidr)
            self._ready.add(name)

    def check_cidr(self, block: str) -> str | None:
        """Why a VPC cannot have this CIDR block; None when it can."""
        ours = {n.interface for n in self._ours()}
        bridges = {n.interface for n in self._known}
        taken = [
            cidr.Range(what=f"the Docker network {n.name}", cidr=c)
            for n in self._known
            if not labels.ours(n.labels, self._engine.name)
            for c in n.cidrs
        ]
        for interface, destination in cidr.host_routes():
            if interface not in ours | bridges and not self._of_ours(destination):
                taken.append(cidr.Range(what=f"the host's route by {interface}", cidr=destination))
        return cidr.overlap(block, taken)

    def _of_ours(self, destination: IPv4Network) -> bool:
        """In the router's namespace our subnets are routes by eth1, eth2, …"""
        return any(destination == c for n in self._ours() for c in n.cidrs)

    def _ours(self) -> list[Network]:
        return [n for n in self._known if labels.ours(n.labels, self._engine.name) and n.cidrs]

    def _make_room(self, block: str) -> None:
        """A subnet that was deleted in the API leaves its network behind: away with it when it is in the way and empty of instances."""
        wanted = IPv4Network(block)
        used = self._engine.networks_in_use()
        for network in self._ours():
            if network.name not in used and any(wanted.overlaps(c) for c in network.cidrs):
                self._engine.remove_network(network.name)

    def _make(self, spec: LaunchSpec) -> None:
        subnet = IPv4Network(spec.subnet_cidr)
        try:
            self._engine.create_network(spec.subnet_id, spec.subnet_cidr, str(subnet[1]), routed=self._router is not None)
        except Refused as refused:
            if refused.status == 409:  # made by someone else meanwhile
                return
            taken = self.check_cidr(spec.subnet_cidr)
            raise Misconfigured(
                taken or f"Docker refused the network of subnet {spec.subnet_id} ({spec.subnet_cidr}): {refused}"
            ) from refused
