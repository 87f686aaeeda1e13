"""What zones and subnets stand for as targets: their address ranges and their instances, those made later too."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Network

from sandbox.core.ports import Inventory, KnownInstance
from sandbox.drivers.network.base import Ranges
from sandbox.faults.kind import Injection, TargetType

WITH_MACHINE = frozenset({"pending", "running", "stopping"})
"""EC2 states of an instance that may have a running machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    zones: frozenset[str]
    subnets: frozenset[str] = frozenset()

    def ranges(self, inventory: Inventory) -> Ranges:
        """Of all subnets of the place, in every VPC."""
        return frozenset(IPv4Network(s.cidr) for s in inventory.subnets() if s.zone in self.zones or s.subnet_id in self.subnets)

    def instances(self, inventory: Inventory, until: datetime | None = None) -> tuple[KnownInstance, ...]:
        """Those that are not terminated; `until`: that were launched by then."""
        found = (i for i in inventory.instances() if i.zone in self.zones and i.state not in ("shutting-down", "terminated"))
        return tuple(i for i in found if until is None or i.launched_at <= until)


def place_of(injection: Injection) -> Place:
    names = {kind: frozenset(t.name for t in injection.targets if t.type is kind) for kind in (TargetType.ZONE, TargetType.SUBNET)}
    return Place(zones=names[TargetType.ZONE], subnets=names[TargetType.SUBNET])


def addresses(instances: Iterable[KnownInstance]) -> Ranges:
    return frozenset(IPv4Network(i.private_ip_address) for i in instances if i.private_ip_address)
