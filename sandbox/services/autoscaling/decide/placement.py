"""Which Availability Zone and subnet the next instances go to. Pure.

A launch goes to the zone with the fewest instances, there to the subnet with the most free addresses (ASG-25; ties by the order of the
group's subnets (U)). A zone whose launch failed is skipped until its retry is due, and the others take its share (ASG-26). A zone that a
zonal shift leaves gets no launch, and keeps the instances that it has (ASG-112, ASG-113).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.services.autoscaling.model import Delays, Group, Member, Zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
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
    """When the first of the zones that are skipped now may be tried again; None: no zone is skipped."""
    waits = [due for z in zones if (due := retry_at(z, delays)) is not None and due > now]
    return min(waits, default=None)


def counts(group: Group, members: Iterable[Member] | None = None) -> dict[str, int]:
    """Zone → its members that count toward desired capacity: every enabled zone, and other zones that still have members."""
    found = Counter(m.zone for m in (group.counted() if members is None else members))
    return {z.name: 0 for z in group.zones} | dict(found)


def spread(zones: Sequence[Zone], present: Mapping[str, int], count: int) -> tuple[Placement, ...]:
    """Placements for `count` instances, one by one in the zone with the fewest instances. Empty when there is no zone."""
    if not zones:
        return ()
    taken: Counter[str] = Counter()
    free = {s.id: s.free_addresses for z in zones for s in z.subnets}
    placements: list[Placement] = []
    for _ in range(count):
        zone = min(zones, key=lambda z: present.get(z.name, 0) + taken[z.name])
        subnet = max(zone.subnets, key=lambda s: free[s.id])
        taken[zone.name] += 1
        free[subnet.id] -= 1
        placements.append(Placement(zone=zone.name, subnet_id=subnet.id))
    return tuple(placements)


def balanced_only(group: Group, count: int, now: datetime, delays: Delays) -> tuple[Placement, ...]:
    """As `spread` over all zones, failing or not; the share of a zone that waits for its retry is launched later (ASG-26)."""
    zones = group.open_zones()
    open_now = {z.name for z in usable(zones, now, delays)}
    return tuple(p for p in spread([z for z in zones if z.subnets], counts(group), count) if p.zone in open_now)


def placements(group: Group, count: int, now: datetime, delays: Delays) -> tuple[Placement, ...]:
    """Placements for `count` more instances of the group; fewer or none while zones wait for their retry."""
    if group.balanced_only:
        return balanced_only(group, count, now, delays)
    return spread(usable(group.open_zones(), now, delays), counts(group), count)


def rebalancing(group: Group, now: datetime, delays: Delays) -> tuple[str, ...]:
    """The zones, one for each instance, into which launches would bring the counts within 1 of each other (ASG-27, ASG-29).

    Only members that scale-in can terminate count as movable: a protected member stays where it is (ASG-68). During a zonal shift only the
    other zones are balanced among each other (ASG-113).
    """
    targets = usable(group.open_zones(), now, delays)
    enabled = {z.name for z in group.zones}
    present = {zone: count for zone, count in counts(group).items() if zone not in group.shifted_zones}
    movable = Counter(m.zone for m in group.counted() if not m.protected and m.zone not in group.shifted_zones)
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


def until_first(moments: Iterable[datetime | None], now: datetime) -> timedelta | None:
    """The time until the first of the moments, never negative; None: there is none."""
    due = [m for m in moments if m is not None]
    return max(min(due) - now, timedelta(0)) if due else None
