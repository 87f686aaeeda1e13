"""Reads the observed state of one account and Region. It reads the state itself, so that a fault on the API does not hide anything, and a
read is no call of the API. With a hundred instances, it holds the lock for about a millisecond."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sandbox.aws.context import LOCK
from sandbox.control.observed import alarms, balancing, compute
from sandbox.control.observed.model import Observed, Point
from sandbox.core.control import Scope
from sandbox.core.ports import Inventory


def read(scope: Scope, inventory: Inventory) -> Observed:
    """May be called from any thread."""
    with LOCK:
        return Observed(
            zones=tuple((zone.name, zone.zone_id) for zone in inventory.zones() if zone.region == scope.region),
            instances=compute.instances(scope),
            load_balancers=balancing.load_balancers(scope),
            target_groups=balancing.target_groups(scope),
            groups=compute.groups(scope),
            alarms=alarms.alarms(scope),
        )


def points(scope: Scope, names: Sequence[str], now: datetime) -> Mapping[str, Sequence[Point]]:
    """Of the metrics of alarms, by the alarm's name."""
    with LOCK:
        return {name: alarms.points(scope, name, now) for name in names}
