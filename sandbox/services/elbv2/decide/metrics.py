"""The metrics of requests in namespace AWS/ApplicationELB (LBM-1 to LBM-3, TG-39): pure.

Requests that were counted since the last publication are added to the minute that they belong to, so the Sum of a minute is exact even
when its counts arrive in several parts. A count of n is n samples of 1, as on AWS (LBM-2: Sum is the useful statistic; the average is 1).
The zone of a request is that of the load balancer's node that got it, whatever the zone of its target. decide/host_metrics.py has the
metrics of target health, decide/connection_metrics.py those of connections. Rule evaluations, TLS and LCU metrics are not measured, so they
are not published.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sandbox.core.control import Decision, Scope
from sandbox.core.metrics import Dimensions, MetricDatum, Sample, of_value, of_values
from sandbox.services.elbv2.actions import PublishRequestMetrics
from sandbox.services.elbv2.decide.request_counts import RequestKind, RequestTally

NAMESPACE = "AWS/ApplicationELB"
CODES_WITH_METRIC = frozenset({500, 502, 503, 504})  # LBM-2: the codes that have a metric of their own
REDIRECT, FIXED = "redirect", "fixed-response"


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedRequests:
    """Requests whose metrics are to be published."""

    counts: tuple[tuple[RequestKind, RequestTally], ...] = ()
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
        zone = kind.zone
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
    if kind.fail_open:  # TG-39
        sets = tuple(each for each in _target_group_dimensions(kind, zone) if each not in _load_balancer_dimensions(kind, zone))
        yield from _series(kind, ("UnhealthyRoutingRequestCount",), sets)


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
            yield series, divisors.get((kind.target_group, of_zone)) or divisors.get((kind.target_group, None)) or 1


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
