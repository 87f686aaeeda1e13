"""The zones of a load balancer: which targets the node of a zone may choose, and which zones are in DNS: pure (TG-28, TG-35 to TG-41).

A target group counts its healthy targets as a whole, or for each zone when its cross-zone load balancing is off. With fewer than the
threshold for routing, a node sends requests to all targets that it may choose (routing failover). With fewer than the threshold for DNS,
the zone leaves DNS (DNS failover). A zone is healthy when all target groups that the load balancer uses are healthy in it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sandbox.drivers.proxy.base import ALL_ZONES, Endpoint, TargetGroupConfig

CROSS_ZONE = "load_balancing.cross_zone.enabled"
ROUTING_THRESHOLD = "target_group_health.unhealthy_state_routing.minimum_healthy_targets"
DNS_THRESHOLD = "target_group_health.dns_failover.minimum_healthy_targets"
OFF = "off"
NODE_CHECKS = timedelta(seconds=30)  # until Route 53 takes a node that does not answer for unhealthy: three checks, 10 s apart (U)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupHealth:
    """The targets of a target group that may get requests, and its thresholds."""

    name: str
    config: TargetGroupConfig  # with the health of each target as its checks say, before `fail_open`
    attributes: Mapping[str, str]
    cause: str | None = None  # id of the newest event about it

    def healthy(self, zone: str) -> tuple[int, int]:
        """How many targets count as healthy for the zone, and of how many."""
        counted = self.config.for_node(zone)
        return sum(each.healthy for each in counted), len(counted)

    def below(self, threshold: str, zone: str) -> bool:
        return below(*self.healthy(zone), self.attributes, threshold)


def is_cross_zone(attributes: Mapping[str, str]) -> bool:
    """TG-3, TG-28. The load balancer's own setting, which a target group uses by default, is always on (ALB-7)."""
    return attributes.get(CROSS_ZONE) != "false"


def below(healthy: int, total: int, attributes: Mapping[str, str], threshold: str) -> bool:
    """TG-35, TG-36: either threshold, the count or the percentage of the registered targets, is breached. The default is a count of 1."""
    count, percentage = attributes.get(f"{threshold}.count", "1"), attributes.get(f"{threshold}.percentage", OFF)
    return (count != OFF and healthy < int(count)) or (percentage != OFF and healthy * 100 < int(percentage) * total)


def without_shifted(endpoints: Sequence[Endpoint], shifted: frozenset[str]) -> tuple[Endpoint, ...]:
    """TG-40, with cross-zone on: no node sends requests to the targets of a shifted zone, unless no target elsewhere is healthy."""
    elsewhere = tuple(each for each in endpoints if each.zone not in shifted)
    return elsewhere if any(each.healthy for each in elsewhere) else tuple(endpoints)


def fail_open(config: TargetGroupConfig, attributes: Mapping[str, str]) -> TargetGroupConfig:
    """TG-35: marks the targets that get requests although they are not healthy. If none is healthy, the proxy itself sends requests to
    all."""
    zones = {ALL_ZONES} if config.cross_zone else {each.zone for each in config.endpoints}
    failing = {zone for zone in zones if _fails_open(config.for_node("" if config.cross_zone else zone), attributes)}
    return replace(config, endpoints=tuple(_marked(each, config, failing) for each in config.endpoints)) if failing else config


def _fails_open(chosen: Sequence[Endpoint], attributes: Mapping[str, str]) -> bool:
    return below(sum(each.healthy for each in chosen), len(chosen), attributes, ROUTING_THRESHOLD)


def _marked(endpoint: Endpoint, config: TargetGroupConfig, failing: set[str]) -> Endpoint:
    if (ALL_ZONES if config.cross_zone else endpoint.zone) not in failing:
        return endpoint
    some = any(each.healthy for each in config.for_node("" if config.cross_zone else endpoint.zone))
    return replace(endpoint, healthy=endpoint.healthy or some, fail_open=True)


# ---- DNS -------------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Zones:
    """The zones of one load balancer, as far as its DNS record depends on them."""

    names: tuple[str, ...]
    shifted: frozenset[str] = frozenset()  # by a zonal shift
    dark_since: Mapping[str, datetime]  # zones whose node does not answer
    groups: tuple[GroupHealth, ...] = ()  # that its listeners use


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a zone should not be in DNS."""

    text: str  # a clause
    group: str | None = None  # name of the target group that it is about


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsDecision:
    in_dns: frozenset[str]
    fail_open: bool  # every zone is in DNS because none is healthy (TG-36)
    why_not: Mapping[str, Reason]  # for each zone that is not healthy, or shifted


def dns(zones: Zones, now: datetime) -> DnsDecision:
    if not all(_healthy_elsewhere(group, zones.shifted) for group in zones.groups):
        zones = replace(zones, shifted=frozenset())  # TG-40: a shift has no effect then
    why_not = {zone: why for zone in zones.names if (why := _why_not(zones, zone, now))}
    rest = frozenset(zones.names) - why_not.keys()
    if rest or not zones.names:
        return DnsDecision(in_dns=rest, fail_open=False, why_not=why_not)
    return DnsDecision(in_dns=frozenset(zones.names), fail_open=True, why_not=why_not)  # TG-36


def _healthy_elsewhere(group: GroupHealth, shifted: frozenset[str]) -> bool:
    return any(each.healthy and each.zone not in shifted for each in group.config.endpoints)


def _why_not(zones: Zones, zone: str, now: datetime) -> Reason | None:
    if zone in zones.shifted:
        return Reason("a zonal shift moves traffic away from it")  # TG-40
    if zone in zones.dark_since and zones.dark_since[zone] + NODE_CHECKS <= now:
        return Reason("its node does not answer")
    return next((_shortage(group, zone) for group in zones.groups if group.below(DNS_THRESHOLD, zone)), None)  # TG-36


def _shortage(group: GroupHealth, zone: str) -> Reason:
    healthy, total = group.healthy(zone)
    where = "" if group.config.cross_zone else " in this zone"
    text = f"target group {group.name} has {healthy} healthy of {total} targets{where}, which is below its threshold for DNS failover"
    return Reason(text, group.name)


def unhealthy_zones(group: GroupHealth, names: Iterable[str], threshold: str) -> frozenset[str]:
    """TG-39: those that do not meet the threshold of the target group."""
    return frozenset(zone for zone in names if group.below(threshold, zone))
