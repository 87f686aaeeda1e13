"""The Docker networks of subnets: created for the first instance of a subnet, checked against other networks and routes of the machine."""

import threading
from collections.abc import Iterable
from ipaddress import IPv4Network

from sandbox.core.errors import Misconfigured
from sandbox.drivers.runtime import cidr
from sandbox.drivers.runtime.base import LaunchSpec
from sandbox.drivers.runtime.docker import labels
from sandbox.drivers.runtime.docker.engine import DockerEngine
from sandbox.drivers.runtime.docker.errors import DockerApiError
from sandbox.drivers.runtime.docker.router import Router
from sandbox.drivers.runtime.docker.values import Network


class DockerNetworks:
    """One bridge per subnet. `refresh`, `attach_all` and `ensure` do I/O; `check_cidr` uses the snapshot of the last `refresh`."""

    def __init__(self, engine: DockerEngine, router: Router | None) -> None:
        self._engine, self._router = engine, router
        self._creating = threading.Lock()
        self._known: tuple[Network, ...] = ()
        self._ready: set[str] = set()  # exist, and are attached to the router

    @property
    def routed(self) -> bool:
        """Whether the packets of instances pass a VPC router."""
        return self._router is not None

    def refresh(self) -> None:
        self._known = tuple(self._engine.networks())
        self._ready &= {n.name for n in self._known}

    def attach_all(self) -> None:
        """Attaches all our networks to the router, whose network namespace may be a new one."""
        if self._router:
            for network in self._ours():
                self._router.attach(network.name, str(network.cidrs[0]))

    def ensure(self, spec: LaunchSpec) -> None:
        """Creates the network of the instance's subnet if it does not exist. Raises Misconfigured with the reason when Docker refuses."""
        name = labels.network_name(self._engine.name, spec.subnet_id)
        with self._creating:
            self._make(name, spec)
        self.introduce([spec])

    def introduce(self, specs: Iterable[LaunchSpec]) -> None:
        """Tells the router the hardware addresses of instances, which do not tell it themselves. Idempotent."""
        if self._router:
            self._router.introduce([each for each in specs if each.mac_address])

    def _make(self, name: str, spec: LaunchSpec) -> None:
        if name not in self._ready:
            self.refresh()
            if not any(n.name == name for n in self._known):
                self._remove_conflicting(spec.subnet_cidr)
                self._create(spec)
                self.refresh()
            if self._router:
                self._router.attach(name, spec.subnet_cidr)
            self._ready.add(name)

    def check_cidr(self, block: str) -> str | None:
        """Why a VPC cannot have this CIDR block; None: it can."""
        ours = {n.interface for n in self._ours()}
        bridges = {n.interface for n in self._known}
        taken = [
            cidr.Range(what=f"the Docker network {n.name}", cidr=c)
            for n in self._known
            if not labels.ours(n.labels, self._engine.name)
            for c in n.cidrs
        ]
        for interface, destination in cidr.host_routes():
            if interface not in ours | bridges and not self._is_ours(destination):
                taken.append(cidr.Range(what=f"the host's route by {interface}", cidr=destination))
        return cidr.overlap(block, taken)

    def _is_ours(self, destination: IPv4Network) -> bool:
        """In the router's namespace our subnets appear as routes by eth1, eth2, …"""
        return any(destination == c for n in self._ours() for c in n.cidrs)

    def _ours(self) -> list[Network]:
        return [n for n in self._known if labels.ours(n.labels, self._engine.name) and n.cidrs]

    def _remove_conflicting(self, block: str) -> None:
        """Removes stale networks whose CIDR conflicts: those of subnets that were deleted through the API and have no instance."""
        wanted = IPv4Network(block)
        used = self._engine.networks_in_use()
        for network in self._ours():
            if network.name not in used and any(wanted.overlaps(c) for c in network.cidrs):
                self._engine.remove_network(network.name)

    def _create(self, spec: LaunchSpec) -> None:
        subnet = IPv4Network(spec.subnet_cidr)
        try:
            self._engine.create_network(spec.subnet_id, spec.subnet_cidr, str(subnet[1]), routed=self._router is not None)
        except DockerApiError as refused:
            if refused.status == 409:  # created by another thread or process in the meantime
                return
            taken = self.check_cidr(spec.subnet_cidr)
            raise Misconfigured(
                taken or f"Docker refused the network of subnet {spec.subnet_id} ({spec.subnet_cidr}): {refused}"
            ) from refused
