"""What the load balancers' requests and the targets' health say in namespace AWS/ApplicationELB (LBM-1 to LBM-4): pure.

Requests: what was counted since the last time is added to the minute that it belongs to, so a minute's Sum is exact whenever its parts
come. A count of n is n samples of 1, as AWS keeps them (LBM-2: Sum is the useful statistic; the average is 1).
The zone of a request is its target's: here one proxy stands for the nodes of all zones. A request that reached no target has no zone and
is counted for the load balancer only. Connections: decide/connection_metrics.py. Not measured, so not published: rule
evaluations, TLS and LCU metrics.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sandbox.core.control import Decision, Scope
from sandbox.core.metrics import Dimensions, MetricDatum, Sample, of_value, of_values, period_start, until_next
from sandbox.services.elbv2.actions import PublishHosts, PublishRequests
from sandbox.services.elbv2.decide.request_counts import Kind, Tally
from sandbox.services.elbv2.model import Hosts, TargetState

NAMESPACE = "AWS/ApplicationELB"
OWN_CODES = frozenset({500, 502, 503, 504})  # LBM-2: those with a metric of their own
REDIRECT, FIXED = "redirect", "fixed-response"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests:
    """Requests to be told of, and where their targets are."""

    counted: tuple[tuple[Kind, Tally], ...] = ()
    zones: Mapping[tuple[str, str], str] = field(default_factory=dict)  # (target group ARN, target) → its zone, where known
    divisors: Mapping[tuple[str, str | None], int] = field(default_factory=dict)  # (target group ARN, zone or None: all) → targets, LBM-3
    pause: timedelta = timedelta(seconds=1)  # until the next look, while requests come


@dataclass(frozen=True, slots=True)
class _Series:
    scope: Scope
    name: str
    dimensions: Dimensions
    minute: int


def decide_requests(observed: Requests) -> Decision[None]:
    if not observed.counted:
        return Decision(memory=None)  # the next request wakes
    return Decision(memory=None, actions=(PublishRequests(data=tuple(_request_data(observed))),), look_again=observed.pause)


def _request_data(observed: Requests) -> Iterator[MetricDatum]:
    counts: Counter[_Series] = Counter()
    shares: dict[_Series, tuple[int, int]] = {}
    times: dict[_Series, Counter[float]] = {}
    sizes: dict[_Series, Sample] = {}
    for kind, tally in observed.counted:
        zone = observed.zones.get((kind.target_group or "", kind.target or ""))
        for series in _counted(kind, zone):
            counts[series] += tally.requests
        for series, divisor in _shared(kind, zone, observed.divisors):
            shares[series] = (shares.get(series, (0, 0))[0] + tally.requests, divisor)
        if tally.times:
            for series in _series(kind, ("TargetResponseTime",), _with_target_group(kind, zone)):
                times.setdefault(series, Counter()).update(tally.times)
        for series in _series(kind, ("ProcessedBytes",), _balancer(kind, zone)) if tally.size else ():
            sizes[series] = _added(sizes.get(series), tally)
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


def _added(known: Sample | None, tally: Tally) -> Sample:
    known = known or Sample(0, 0, tally.smallest, tally.largest)
    low, high = min(known.minimum, tally.smallest), max(known.maximum, tally.largest)
    return Sample(known.count + tally.requests, known.total + tally.size, low, high)


# ---- which metrics a request counts in ---------------------------------------------------------------------------------------------------


def _counted(kind: Kind, zone: str | None) -> Iterator[_Series]:
    yield from _series(kind, tuple(_of_target(kind)), _with_target_group(kind, zone))
    yield from _series(kind, tuple(_of_balancer(kind)), _balancer(kind, zone))


def _of_target(kind: Kind) -> Iterator[str]:
    """Metrics with a target group among their dimensions. AWS counts in RequestCount only requests for which a target was chosen."""
    if kind.target is None:
        return
    yield "RequestCount"
    if kind.target_status is not None and 2 <= kind.target_status // 100 <= 5:
        yield f"HTTPCode_Target_{kind.target_status // 100}XX_Count"
    if kind.connection_error:
        yield "TargetConnectionErrorCount"


def _of_balancer(kind: Kind) -> Iterator[str]:
    """Metrics of what the load balancer answered by itself."""
    if kind.target_status is not None:
        return
    if 3 <= kind.status // 100 <= 5:
        yield f"HTTPCode_ELB_{kind.status // 100}XX_Count"
    if kind.status in OWN_CODES:
        yield f"HTTPCode_ELB_{kind.status}_Count"
    if kind.action == REDIRECT:
        yield "HTTP_Redirect_Count"
    if kind.action == FIXED:
        yield "HTTP_Fixed_Response_Count"


def _shared(kind: Kind, zone: str | None, divisors: Mapping[tuple[str, str | None], int]) -> Iterator[tuple[_Series, int]]:
    """LBM-3: each request is 1/n for a group of n targets, so the Sum of a minute is its requests per target."""
    if kind.target is None or kind.target_group is None:
        return
    group, balancer = ("TargetGroup", dimension(kind.target_group)), ("LoadBalancer", kind.load_balancer)
    for place in (None, zone) if zone else (None,):
        in_zone: Dimensions = (("AvailabilityZone", place),) if place else ()
        sets = ((group, *in_zone), (balancer, group, *in_zone))
        for series in _series(kind, ("RequestCountPerTarget",), sets):
            yield series, max(1, divisors.get((kind.target_group, place), 1))


def _series(kind: Kind, names: tuple[str, ...], sets: tuple[Dimensions, ...]) -> Iterator[_Series]:
    scope = scope_of(kind.listener)
    for name in names:
        for dimensions in sets:
            yield _Series(scope, name, dimensions, kind.minute)


def _balancer(kind: Kind, zone: str | None) -> tuple[Dimensions, ...]:
    """LB; LB+AZ."""
    balancer = ("LoadBalancer", kind.load_balancer)
    return ((balancer,), (balancer, ("AvailabilityZone", zone))) if zone else ((balancer,),)


def _with_target_group(kind: Kind, zone: str | None) -> tuple[Dimensions, ...]:
    """LB; LB+AZ; LB+TG; LB+AZ+TG."""
    sets = _balancer(kind, zone)
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
class Group:
    """A target group that a load balancer uses and that has health checks."""

    arn: str
    load_balancers: tuple[str, ...]  # arns
    targets: tuple[tuple[str | None, TargetState], ...]  # registered ones: zone (None: not known) and state
    hosts: Hosts = field(default_factory=Hosts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The target groups of an account and Region."""

    scope: Scope
    groups: tuple[Group, ...] = ()


def decide_hosts(observed: Health, now: datetime) -> Decision[None]:
    """What is so at the start of a minute is that minute's first sample; each change in it is another, so that Minimum and Maximum are
    true however short an outage was (LBM-4). The average is of these samples, not of time."""
    minute = period_start(now)
    actions = []
    for group in observed.groups:
        told = group.hosts.told if group.hosts.minute == minute else frozenset()
        fresh = frozenset(_host_counts(group)) - told
        if fresh:
            data = tuple(
                MetricDatum(
                    scope=observed.scope, namespace=NAMESPACE, name=name, dimensions=where, unit="Count", at=minute, sample=of_value(value)
                )
                for name, where, value in sorted(fresh)
            )
            actions.append(PublishHosts(group=group.arn, data=data, hosts=Hosts(minute=minute, told=told | fresh)))
    return Decision(memory=None, actions=tuple(actions), look_again=until_next(now))


def _host_counts(group: Group) -> Iterator[tuple[str, Dimensions, float]]:
    """Only groups with registered targets have any (LBM-2). Initial, unused and unavailable targets count in neither (LBM-4)."""
    registered = [(zone, state) for zone, state in group.targets if state is not TargetState.DRAINING]
    zones = (*sorted({zone for zone, _ in registered if zone}), None) if registered else ()
    for name, counted in (("HealthyHostCount", TargetState.HEALTHY), ("UnHealthyHostCount", TargetState.UNHEALTHY)):
        for place in zones:
            count = sum(state is counted for zone, state in registered if place in (None, zone))
            in_zone: Dimensions = (("AvailabilityZone", place),) if place else ()
            for balancer in group.load_balancers:
                where = (("LoadBalancer", dimension(balancer)), *in_zone, ("TargetGroup", dimension(group.arn)))
                yield name, where, float(count)
