"""The metrics of requests and of target health in namespace AWS/ApplicationELB (LBM-1 to LBM-4): pure.

Requests that were counted since the last publication are added to the minute that they belong to, so the Sum of a minute is exact even
when its counts arrive in several parts. A count of n is n samples of 1, as on AWS (LBM-2: Sum is the useful statistic; the average is 1).
The zone of a request is the zone of its target, because one proxy stands for the nodes of all zones. A request that reached no target has
no zone and is counted for the load balancer only. decide/connection_metrics.py has the metrics of connections. Rule evaluations, TLS and
LCU metrics are not measured, so they are not published.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sandbox.core.control import Decision, Scope
from sandbox.core.metrics import Dimensions, MetricDatum, Sample, of_value, of_values, period_start, until_next
from sandbox.services.elbv2.actions import PublishHostCounts, PublishRequestMetrics
from sandbox.services.elbv2.decide.request_counts import RequestKind, RequestTally
from sandbox.services.elbv2.model import PublishedHostCounts, TargetState

NAMESPACE = "AWS/ApplicationELB"
CODES_WITH_METRIC = frozenset({500, 502, 503, 504})  # LBM-2: the codes that have a metric of their own
REDIRECT, FIXED = "redirect", "fixed-response"


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedRequests:
    """Requests whose metrics are to be published, and the zones of their targets."""

    counts: tuple[tuple[RequestKind, RequestTally], ...] = ()
    zones: Mapping[tuple[str, str], str] = field(default_factory=dict)  # (target group ARN, target) → zone, where known
    divisors: Mapping[tuple[str, str | None], int] = field(
        default_factory=dict
    )  # (target group ARN, zone or None: all zones) → targets, LBM-3
    pause: timedelta = timedelta(seconds=1)  # until the next publication, while there are requests


@dataclass(frozen=True, slots=True)
class _Series:
    scope: Scope
    name: str
    dimensions: Dimensions
    minute: int


def decide_requests(observed: ObservedRequests) -> Decision[None]:
    if not observed.counts:
        return Decision(memory=None)  # the next request wakes the controller
    return Decision(memory=None, actions=(PublishRequestMetrics(data=tuple(_request_data(observed))),), look_again=observed.pause)


def _request_data(observed: ObservedRequests) -> Iterator[MetricDatum]:
    counts: Counter[_Series] = Counter()
    shares: dict[_Series, tuple[int, int]] = {}
    times: dict[_Series, Counter[float]] = {}
    sizes: dict[_Series, Sample] = {}
    for kind, tally in observed.counts:
        zone = observed.zones.get((kind.target_group or "", kind.target or ""))
        for series in _count_series(kind, zone):
            counts[series] += tally.requests
        for series, divisor in _per_target_series(kind, zone, observed.divisors):
            shares[series] = (shares.get(series, (0, 0))[0] + tally.requests, divisor)
        if tally.times:
            for series in _series(kind, ("TargetResponseTime",), _target_group_dimensions(kind, zone)):
                times.setdefault(series, Counter()).update(tally.times)
        for series in _series(kind, ("ProcessedBytes",), _load_balancer_dimensions(kind, zone)) if tally.size else ():
            sizes[series] = _add_sizes(sizes.get(series), tally)
    yield from (_datum(series, "Count", of_value(1.0, float(n))) for series, n in counts.items())
    yield from (_datum(series, "Count", Sample(n, n / by, 1 / by, 1 / by)) for series, (n, by) in shares.items())
    yield from (_datum(series, "Seconds", of_values(list(found.items()))) for series, found in times.items())
    yield from (_datum(series, "Bytes", found) for series, found in sizes.items())


def _datum(series: _Series, unit: str, sample: Sample) -> MetricDatum:
    return MetricDatum(
        scope=series.scope,
        namespace=NAMESPACE,
        name=series.name,
        dimensions=series.dimensions,
        unit=unit,
        at=datetime.fromtimestamp(series.minute, UTC),
        sample=sample,
    )


def _add_sizes(known: Sample | None, tally: RequestTally) -> Sample:
    known = known or Sample(0, 0, tally.smallest, tally.largest)
    low, high = min(known.minimum, tally.smallest), max(known.maximum, tally.largest)
    return Sample(known.count + tally.requests, known.total + tally.size, low, high)


# ---- which metrics a request counts in ---------------------------------------------------------------------------------------------------


def _count_series(kind: RequestKind, zone: str | None) -> Iterator[_Series]:
    yield from _series(kind, tuple(_target_metrics(kind)), _target_group_dimensions(kind, zone))
    yield from _series(kind, tuple(_load_balancer_metrics(kind)), _load_balancer_dimensions(kind, zone))


def _target_metrics(kind: RequestKind) -> Iterator[str]:
    """Metrics that have the target group as a dimension. AWS counts only requests for which a target was chosen in RequestCount."""
    if kind.target is None:
        return
    yield "RequestCount"
    if kind.target_status is not None and 2 <= kind.target_status // 100 <= 5:
        yield f"HTTPCode_Target_{kind.target_status // 100}XX_Count"
    if kind.connection_error:
        yield "TargetConnectionErrorCount"


def _load_balancer_metrics(kind: RequestKind) -> Iterator[str]:
    """Metrics of the load balancer's own responses."""
    if kind.target_status is not None:
        return
    if 3 <= kind.status // 100 <= 5:
        yield f"HTTPCode_ELB_{kind.status // 100}XX_Count"
    if kind.status in CODES_WITH_METRIC:
        yield f"HTTPCode_ELB_{kind.status}_Count"
    if kind.action == REDIRECT:
        yield "HTTP_Redirect_Count"
    if kind.action == FIXED:
        yield "HTTP_Fixed_Response_Count"


def _per_target_series(
    kind: RequestKind, zone: str | None, divisors: Mapping[tuple[str, str | None], int]
) -> Iterator[tuple[_Series, int]]:
    """LBM-3: each request counts 1/n in a target group of n targets, so the Sum of a minute is the number of requests per target."""
    if kind.target is None or kind.target_group is None:
        return
    group, balancer = ("TargetGroup", dimension(kind.target_group)), ("LoadBalancer", kind.load_balancer)
    for of_zone in (None, zone) if zone else (None,):
        in_zone: Dimensions = (("AvailabilityZone", of_zone),) if of_zone else ()
        sets = ((group, *in_zone), (balancer, group, *in_zone))
        for series in _series(kind, ("RequestCountPerTarget",), sets):
            yield series, max(1, divisors.get((kind.target_group, of_zone), 1))


def _series(kind: RequestKind, names: tuple[str, ...], sets: tuple[Dimensions, ...]) -> Iterator[_Series]:
    scope = scope_of(kind.listener)
    for name in names:
        for dimensions in sets:
            yield _Series(scope, name, dimensions, kind.minute)


def _load_balancer_dimensions(kind: RequestKind, zone: str | None) -> tuple[Dimensions, ...]:
    """LB; LB+AZ."""
    balancer = ("LoadBalancer", kind.load_balancer)
    return ((balancer,), (balancer, ("AvailabilityZone", zone))) if zone else ((balancer,),)


def _target_group_dimensions(kind: RequestKind, zone: str | None) -> tuple[Dimensions, ...]:
    """LB; LB+AZ; LB+TG; LB+AZ+TG."""
    sets = _load_balancer_dimensions(kind, zone)
    if kind.target_group is None:
        return sets
    group = ("TargetGroup", dimension(kind.target_group))
    return (*sets, *((*dimensions, group) for dimensions in sets))


def dimension(arn: str) -> str:
    """`targetgroup/<name>/<id>` or `app/<name>/<id>` (LBM-1)."""
    return arn.split(":", 5)[5].removeprefix("loadbalancer/")


def scope_of(arn: str) -> Scope:
    fields = arn.split(":", 5)
    return Scope(fields[4], fields[3])


# ---- healthy and unhealthy hosts ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredTargetGroup:
    """A target group that a load balancer uses and that has health checks."""

    arn: str
    load_balancers: tuple[str, ...]  # arns
    targets: tuple[tuple[str | None, TargetState], ...]  # zone (None: unknown) and state
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
        new = frozenset(_host_counts(group)) - published
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


def _host_counts(group: MeasuredTargetGroup) -> Iterator[tuple[str, Dimensions, float]]:
    """Only target groups with registered targets have any (LBM-2). Initial, unused and unavailable targets count in neither (LBM-4)."""
    registered = [(zone, state) for zone, state in group.targets if state is not TargetState.DRAINING]
    zones = (*sorted({zone for zone, _ in registered if zone}), None) if registered else ()
    for name, counted in (("HealthyHostCount", TargetState.HEALTHY), ("UnHealthyHostCount", TargetState.UNHEALTHY)):
        for of_zone in zones:
            count = sum(state is counted for zone, state in registered if of_zone in (None, zone))
            in_zone: Dimensions = (("AvailabilityZone", of_zone),) if of_zone else ()
            for balancer in group.load_balancers:
                dimensions = (("LoadBalancer", dimension(balancer)), *in_zone, ("TargetGroup", dimension(group.arn)))
                yield name, dimensions, float(count)
