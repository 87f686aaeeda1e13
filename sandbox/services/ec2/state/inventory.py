"""Implements Inventory (core/ports.py) from moto's backends: which instances, zones, subnets and Auto Scaling groups exist. Reads only."""

from collections.abc import Callable
from datetime import UTC
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.autoscaling.models import autoscaling_backends
from moto.ec2.models import ec2_backends
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend

from sandbox.aws.backends import walk
from sandbox.aws.context import LOCK
from sandbox.core.control import Scope
from sandbox.core.identity.owner import NOBODY
from sandbox.core.ports import KnownInstance, KnownSubnet, KnownZone
from sandbox.services.ec2.state import snapshot

GROUP_TAG = "aws:autoscaling:groupName"  # ASG-20


class MotoInventory:
    def __init__(self, services: Callable[[], tuple[str, ...]], account: str = NOBODY) -> None:
        """`services` returns botocore's names of those that the API has. `account`: only what is in it."""
        self._services, self._account = services, account

    def of(self, account: str) -> "MotoInventory":
        return MotoInventory(self._services, account)

    def instance(self, instance_id: str) -> KnownInstance | None:
        return next((each for each in self.instances() if each.instance_id == instance_id), None)

    def instances(self) -> tuple[KnownInstance, ...]:
        with LOCK:
            return tuple(_known(scope, instance) for scope, instance in snapshot.known() if self._has(scope))

    def zone(self, name_or_id: str) -> KnownZone | None:
        return next((zone for zone in self.zones() if name_or_id in (zone.name, zone.zone_id)), None)

    def zones(self) -> tuple[KnownZone, ...]:
        table = RegionsAndZonesBackend.zones
        return tuple(KnownZone(name=z.name, zone_id=z.zone_id, region=z.region_name) for zones in table.values() for z in zones)

    def subnets(self) -> tuple[KnownSubnet, ...]:
        with LOCK:
            backends = [backend for scope, backend in walk(ec2_backends) if self._has(scope)]
            found = [subnet for backend in backends for zones in backend.subnets.values() for subnet in zones.values()]
        return tuple(KnownSubnet(subnet_id=each.id, zone=each.availability_zone, cidr=each.cidr_block) for each in found)

    def groups(self) -> tuple[str, ...]:
        with LOCK:
            backends = [backend for scope, backend in walk(autoscaling_backends) if self._has(scope)]
            return tuple(name for backend in backends for name in backend.autoscaling_groups)

    def _has(self, scope: Scope) -> bool:
        return self._account in (NOBODY, scope.account)

    def services(self) -> tuple[str, ...]:
        return self._services()


def _known(scope: Scope, instance: Any) -> KnownInstance:
    return KnownInstance(
        instance_id=instance.id,
        scope=scope,
        zone=instance.placement.zone,
        state=instance.lifecycle_state.value,
        private_ip_address=instance.private_ip,
        launched_at=instance.launch_time.replace(tzinfo=UTC),
        state_since=instance.sandbox.state_since,
        group=instance.ec2_backend.tags.get(instance.id, {}).get(GROUP_TAG),
        spot=instance.lifecycle == "spot",
    )
