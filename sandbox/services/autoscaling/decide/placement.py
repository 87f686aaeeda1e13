"""Which Availability Zone and subnet the next instances go to. Pure.

A launch goes to the zone with the fewest instances, there to the subnet with the most free addresses (ASG-25; ties by the order of the
group's subnets (U)). A zone whose launch failed is passed over until its retry is due, and the others take its share (ASG-26).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.services.autoscaling.model import Delays, Group, Member, Zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    zone: str
    subnet_id: str


def retry_at(zone: Zone, delays: Delays) -> datetime | None:
    """When a launch may be tried in the zone again; None: nothing failed there. The wait doubles with each failure in a row (ASG-61)."""
    if zone.failed_at is None or zone.failures == 0:
        return None
    wait: timedelta = delays.first_retry * 2 ** min(zone.failures - 1, 16)
    return zone.failed_at + min(wait, delays.longest_retry)


def usable(zones: Iterable[Zone], now: datetime, delays: Delays) -> tuple[Zone, ...]:
    """The zones in which a launch may be tried now."""
    return tuple(z for z in zones if z.subnets and ((due := retry_at(z, delays)) is None or due <= now))


def next_retry(zones: Iterable[Zone], now: datetime, delays: Delays) -> datetime | None:
    """The first moment at which a zone that is passed over now may be tried."""
    waits = [due for z in zones if (due := retry_at(z, delays)) is not None and due > now]
    return min(waits, default=None)


def counts(group: Group, members: Iterable[Member] | None = None) -> dict[str, int]:
    """Counted members by zone: every enabled zone, and the zones in which members still are."""
    found = Counter(m.zone for m in (group.counted() if members is None else members))
    return {z.name: 0 for z in group.zones} | dict(found)


def spread(zones: Sequence[Zone], present: Mapping[str, int], count: int) -> tuple[Place, ...]:
    """Places for `count` instances, one by one to the emptiest of `zones`. Empty when there is no zone."""
    if not zones:
        return ()
    taken: Counter[str] = Counter()
    free = {s.id: s.free_addresses for z in zones for s in z.subnets}
    places: list[Place] = []
    for _ in range(count):
        zone = min(zones, key=lambda z: present.get(z.name, 0) + taken[z.name])
        subnet = max(zone.subnets, key=lambda s: free[s.id])
        taken[zone.name] += 1
        free[subnet.id] -= 1
        places.append(Place(zone=zone.name, subnet_id=subnet.id))
    return tuple(places)


def balanced_only(group: Group, count: int, now: datetime, delays: Delays) -> tuple[Place, ...]:
    """As `spread` over all zones, failing or not; what falls to a zone that waits for its retry is left for then (ASG-26)."""
    open_now = {z.name for z in usable(group.zones, now, delays)}
    return tuple(p for p in spread([z for z in group.zones if z.subnets], counts(group), count) if p.zone in open_now)


def places(group: Group, count: int, now: datetime, delays: Delays) -> tuple[Place, ...]:
    """Places for `count` more instances of the group; fewer or none when zones have to be waited for."""
    if group.balanced_only:
        return balanced_only(group, count, now, delays)
    return spread(usable(group.zones, now, delays), counts(group), count)


def rebalancing(group: Group, now: datetime, delays: Delays) -> tuple[str, ...]:
    """The zones, one for each instance, into which launches would bring the counts within 1 of each other (ASG-27, ASG-29).

    Only what scale-in could then take away is counted as movable: a protected member stays where it is (ASG-68).
    """
    targets = usable(group.zones, now, delays)
    enabled = {z.name for z in group.zones}
    present = counts(group)
    movable = Counter(m.zone for m in group.counted() if not m.protected)
    moves: list[str] = []
    while targets:
        sources = sorted((z for z in present if movable[z]), key=lambda z: (z not in enabled, present[z]), reverse=True)
        if not sources:
            break
        source, target = sources[0], min(targets, key=lambda z: present[z.name]).name
        if source in enabled and present[source] - present[target] <= 1:
            break
        present[source] -= 1
        movable[source] -= 1
        present[target] += 1
        movable[target] += 1
        moves.append(target)
    return tuple(moves)


def allowance(max_size: int) -> int:
    """How far a rebalance may go above MaxSize: 10 per cent, rounded, or 1, whichever is more (ASG-28)."""
    return max(1, int(max_size / 10 + 0.5))


def later(moments: Iterable[datetime | None], now: datetime) -> timedelta | None:
    """How long until the first of the moments; None: there is none. Never negative."""
    due = [m for m in moments if m is not None]
    return max(min(due) - now, timedelta(0)) if due else None
