"""The nodes of a load balancer as the proxy gets them, and what its DNS record says of them: pure (ALB-5, TG-36, TG-40).

Each change of the record is an event with the event that caused it. New connections follow a change as fast as clients resolve the name
again (dns.py). After a restart of the control plane, clients are taken to know the record as it is then.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.core.events import Event
from sandbox.drivers.names.base import Name
from sandbox.drivers.proxy.base import Node
from sandbox.services.elbv2.decide import dns, zones
from sandbox.services.elbv2.decide.zones import DnsDecision, GroupHealth

ON_AWS = "elb.amazonaws.com"  # names below it resolve too: curl takes every *.localhost for the machine itself, without asking
DNS_CHANGE = "Load Balancer DNS Change"


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedZone:
    """A zone that is enabled for a load balancer."""

    name: str
    zone_id: str
    shifted: bool = False  # by a zonal shift
    reachable: bool = True  # False: a fault cuts it off
    private_address: str | None = None  # of the node in this zone; None: it has none


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedNodes:
    name: str  # of the load balancer
    arn: str
    zones: tuple[ObservedZone, ...]
    groups: tuple[GroupHealth, ...]
    cause: str | None  # id of the newest event about the load balancer


@dataclass(frozen=True, slots=True, kw_only=True)
class NodesMemory:
    history: dns.History
    fail_open: bool
    dark_since: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What follows for one load balancer."""

    nodes: tuple[Node, ...]
    memory: NodesMemory
    events: tuple[Event, ...]
    look_again: timedelta | None


def view(observed: ObservedNodes, memory: NodesMemory | None, cache: timedelta, now: datetime) -> View:
    """`cache`: how long clients keep an answer of DNS."""
    before = memory.dark_since if memory else {}
    dark_since = {zone.name: before.get(zone.name, now) for zone in observed.zones if not zone.reachable}
    names = tuple(zone.name for zone in observed.zones)
    shifted = frozenset(zone.name for zone in observed.zones if zone.shifted)
    found = zones.dns(zones.Zones(names=names, shifted=shifted, dark_since=dark_since, groups=observed.groups), now)
    history = dns.with_answer(memory.history if memory else (), found.in_dns, now, cache)
    weights = dns.weights(history, names, cache, now)
    due = [since + zones.NODE_CHECKS - now for since in dark_since.values() if since + zones.NODE_CHECKS > now]
    step = dns.next_step(history, cache, now)
    return View(
        nodes=tuple(_node(zone, found, weights) for zone in observed.zones),
        memory=NodesMemory(history=history, fail_open=found.fail_open, dark_since=dark_since),
        events=tuple(_changes(observed, memory, found)) if memory else (),
        look_again=min([*due, *([step] if step else [])], default=None),
    )


def names(dns_name: str, nodes: Iterable[Node]) -> tuple[Name, ...]:
    """ALB-4, ALB-5: the name of a load balancer leads to the nodes that are in DNS, and that of each zone to the node there."""
    known = [(node.zone, node.private_address) for node in nodes if node.in_dns and node.private_address]
    own = dns_name.lower()
    found: list[Name] = []
    for name in dict.fromkeys((own, ".".join([*own.split(".")[:2], ON_AWS]))):
        found += [Name(name, tuple(address for _, address in known)), *(Name(f"{zone}.{name}", (address,)) for zone, address in known)]
    return tuple(found)


def _node(zone: ObservedZone, found: DnsDecision, weights: Mapping[str, int]) -> Node:
    return Node(
        zone=zone.name,
        zone_id=zone.zone_id,
        in_dns=zone.name in found.in_dns,
        weight=weights[zone.name],
        reachable=zone.reachable,
        private_address=zone.private_address,
    )


def _changes(observed: ObservedNodes, memory: NodesMemory, found: DnsDecision) -> list[Event]:
    before = memory.history[-1].zones
    enabled = {zone.name for zone in observed.zones}
    events = [
        _event(observed, zone, found, f"leaves the DNS record of {observed.name}") for zone in sorted((before - found.in_dns) & enabled)
    ]
    has_targets = any(group.config.endpoints for group in observed.groups)
    if found.fail_open and not memory.fail_open and has_targets:  # a new load balancer without targets is no failure
        events.append(_failed_open(observed, found))
    elif before and not found.fail_open:
        events += [_event(observed, zone, found, f"joins the DNS record of {observed.name}") for zone in sorted(found.in_dns - before)]
    return events


def _event(observed: ObservedNodes, zone: str, found: DnsDecision, what: str) -> Event:
    why = f": {found.why_not[zone].text}" if zone in found.why_not else ""
    return Event(
        source="aws.elasticloadbalancing",
        detail_type=DNS_CHANGE,
        summary=f"{zone} {what}{why}",
        resources=(observed.name, observed.arn, zone),
        detail={"load-balancer": observed.name, "zone": zone, "zones-in-dns": sorted(found.in_dns)},
        cause=_cause(observed, found, zone),
    )


def _failed_open(observed: ObservedNodes, found: DnsDecision) -> Event:
    zone = min(found.why_not)
    return Event(
        source="aws.elasticloadbalancing",
        detail_type=DNS_CHANGE,
        summary=f"no zone of {observed.name} is healthy, so its DNS record has all of them (fail open): {zone}: {found.why_not[zone].text}",
        resources=(observed.name, observed.arn),
        detail={"load-balancer": observed.name, "zones-in-dns": sorted(found.in_dns)},
        cause=_cause(observed, found, zone),
    )


def _cause(observed: ObservedNodes, found: DnsDecision, zone: str) -> str | None:
    """The newest event about the target group that is short of healthy targets, or was; otherwise about the load balancer."""
    reason = found.why_not.get(zone)
    if reason is not None and reason.group is None:
        return observed.cause
    short = [group for group in observed.groups if reason is None or group.name == reason.group]
    causes = [group.cause for group in short] + ([observed.cause] if reason is None else [])
    return max((each for each in causes if each), key=lambda each: int(each[1:]), default=None)
