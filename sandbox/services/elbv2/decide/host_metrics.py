"""The metrics of target health in namespace AWS/ApplicationELB: how many targets are healthy, and whether zones meet the thresholds of
their target group (LBM-4, TG-39): pure.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sandbox.core.control import Decision, Scope
from sandbox.core.metrics import Dimensions, MetricDatum, of_value, period_start, until_next
from sandbox.services.elbv2.actions import PublishHostCounts
from sandbox.services.elbv2.decide import zones
from sandbox.services.elbv2.decide.metrics import NAMESPACE, dimension
from sandbox.services.elbv2.model import ALL_ZONES, PublishedHostCounts, TargetState

HEALTHY = (TargetState.HEALTHY, TargetState.UNAVAILABLE)  # for the thresholds: a target that is not checked counts as healthy
COUNTED = (*HEALTHY, TargetState.UNHEALTHY, TargetState.INITIAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsingLoadBalancer:
    """A load balancer that uses a target group."""

    arn: str
    zones: tuple[str, ...] = ()  # enabled
    shifted: frozenset[str] = frozenset()  # of these, by a zonal shift


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredTargetGroup:
    """A target group that a load balancer uses and that has health checks."""

    arn: str
    load_balancers: tuple[UsingLoadBalancer, ...]
    targets: tuple[tuple[str | None, TargetState], ...]  # zone (None: unknown) and state
    attributes: Mapping[str, str] = field(default_factory=dict)
    published: PublishedHostCounts = field(default_factory=PublishedHostCounts)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedHosts:
    """The target groups of an account and Region."""

    scope: Scope
    target_groups: tuple[MeasuredTargetGroup, ...] = ()


def decide_hosts(observed: ObservedHosts, now: datetime) -> Decision[None]:
    """The counts at the start of a minute are its first sample, and each change within it is another, so that Minimum and Maximum show even
    a short outage (LBM-4). The average is that of the samples, not over time."""
    minute = period_start(now)
    actions = []
    for group in observed.target_groups:
        published = group.published.counts if group.published.minute == minute else frozenset()
        new = frozenset(_counts(group)) - published
        if new:
            data = tuple(
                MetricDatum(
                    scope=observed.scope,
                    namespace=NAMESPACE,
                    name=name,
                    dimensions=dimensions,
                    unit="Count",
                    at=minute,
                    sample=of_value(value),
                )
                for name, dimensions, value in sorted(new)
            )
            counts = PublishedHostCounts(minute=minute, counts=published | new)
            actions.append(PublishHostCounts(target_group_arn=group.arn, data=data, published=counts))
    return Decision(memory=None, actions=tuple(actions), look_again=until_next(now))


def _counts(group: MeasuredTargetGroup) -> Iterator[tuple[str, Dimensions, float]]:
    """Only target groups with registered targets have any (LBM-2)."""
    registered = [(zone, state) for zone, state in group.targets if state is not TargetState.DRAINING]
    if not registered:
        return
    for balancer in group.load_balancers:
        for name, zone, value in (*_host_counts(registered), *_states(group, balancer, registered), *_shifted(balancer, registered)):
            in_zone: Dimensions = (("AvailabilityZone", zone),) if zone else ()
            yield name, (("LoadBalancer", dimension(balancer.arn)), *in_zone, ("TargetGroup", dimension(group.arn))), float(value)


_Registered = Iterable[tuple[str | None, TargetState]]
_Count = tuple[str, str | None, int]  # name, zone (None: all), value


def _host_counts(registered: _Registered) -> Iterator[_Count]:
    """Initial, unused and unavailable targets count in neither (LBM-4)."""
    for name, counted in (("HealthyHostCount", TargetState.HEALTHY), ("UnHealthyHostCount", TargetState.UNHEALTHY)):
        for of_zone in (*sorted({zone for zone, _ in registered if zone}), None):
            yield name, of_zone, sum(state is counted for zone, state in registered if of_zone in (None, zone))


def _states(group: MeasuredTargetGroup, balancer: UsingLoadBalancer, registered: _Registered) -> Iterator[_Count]:
    """TG-39: of each zone of the load balancer whether it meets the threshold, and how many do."""
    for kind, threshold in (("DNS", zones.DNS_THRESHOLD), ("Routing", zones.ROUTING_THRESHOLD)):
        meets = {zone: _meets(group, zone, registered, threshold) for zone in balancer.zones}
        for zone, healthy in meets.items():
            yield f"HealthyState{kind}", zone, int(healthy)
            yield f"UnhealthyState{kind}", zone, int(not healthy)
        yield f"HealthyState{kind}", None, sum(meets.values())
        yield f"UnhealthyState{kind}", None, len(meets) - sum(meets.values())


def _meets(group: MeasuredTargetGroup, zone: str, registered: _Registered, threshold: str) -> bool:
    everywhere = zones.is_cross_zone(group.attributes)
    counted = [state for of_target, state in registered if state in COUNTED and (everywhere or of_target in (zone, ALL_ZONES))]
    return not zones.below(sum(state in HEALTHY for state in counted), len(counted), group.attributes, threshold)


def _shifted(balancer: UsingLoadBalancer, registered: _Registered) -> Iterator[_Count]:
    """Reported while there are any."""
    for zone in sorted(balancer.shifted):
        if count := sum(of_target == zone for of_target, _ in registered):
            yield "ZonalShiftedHostCount", zone, count
            yield "ZonalShiftedHostCount", None, count
