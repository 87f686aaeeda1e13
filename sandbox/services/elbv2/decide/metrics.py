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
from functools import lru_cache
from typing import NamedTuple

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


class _Metric(NamedTuple):
    account: str
    region: str
    name: str
    dimensions: Dimensions


class _Metrics(NamedTuple):
    """The metrics that a kind of request counts in, whatever its minute."""

    counts: tuple[_Metric, ...]
    per_target: tuple[tuple[_Metric, str | None], ...]  # with the zone of their dimensions
    times: tuple[_Metric, ...]
    sizes: tuple[_Metric, ...]


_Place = tuple[int, _Metric]
"""Minute and metric: one datapoint."""


def decide_requests(observed: ObservedRequests) -> Decision[None]:
    if not observed.counts:
        return Decision(memory=None)  # the next request wakes the controller
    return Decision(memory=None, actions=(PublishRequestMetrics(data=tuple(_request_data(observed))),), look_again=observed.pause)


def _request_data(observed: ObservedRequests) -> Iterator[MetricDatum]:
    counts: dict[_Place, int] = {}
    shares: dict[_Place, tuple[int, int]] = {}
    times: dict[_Place, Counter[float]] = {}
    sizes: dict[_Place, Sample] = {}
    for kind, tally in observed.counts:
        minute, metrics = kind.minute, _metrics_of(kind._replace(minute=0))
        for metric in metrics.counts:
            counts[minute, metric] = counts.get((minute, metric), 0) + tally.requests
        for metric, zone in metrics.per_target:
            had, _ = shares.get((minute, metric), (0, 0))
            shares[minute, metric] = (had + tally.requests, _divisor(kind.target_group, zone, observed.divisors))
        for metric in metrics.times if tally.times else ():
            _add_times(times.setdefault((minute, metric), Counter()), tally)
        for metric in metrics.sizes if tally.size else ():
            sizes[minute, metric] = _add_sizes(sizes.get((minute, metric)), tally)
    yield from (_datum(place, "Count", of_value(1.0, float(n))) for place, n in counts.items())
    yield from (_datum(place, "Count", Sample(n, n / by, 1 / by, 1 / by)) for place, (n, by) in shares.items())
    yield from (_datum(place, "Seconds", of_values(list(found.items()))) for place, found in times.items())
    yield from (_datum(place, "Bytes", found) for place, found in sizes.items())


def _datum(place: _Place, unit: str, sample: Sample) -> MetricDatum:
    minute, metric = place
    return MetricDatum(
        scope=_scope(metric.account, metric.region),
        namespace=NAMESPACE,
        name=metric.name,
        dimensions=metric.dimensions,
        unit=unit,
        at=datetime.fromtimestamp(minute, UTC),
        sample=sample,
    )


def _divisor(group: str | None, zone: str | None, divisors: Mapping[tuple[str, str | None], int]) -> int:
    return (divisors.get((group, zone)) or divisors.get((group, None)) or 1) if group else 1


def _add_times(known: Counter[float], tally: RequestTally) -> None:
    for time, count in tally.times.items():
        known[time] += count


def _add_sizes(known: Sample | None, tally: RequestTally) -> Sample:
    known = known or Sample(0, 0, tally.smallest, tally.largest)
    low, high = min(known.minimum, tally.smallest), max(known.maximum, tally.largest)
    return Sample(known.count + tally.requests, known.total + tally.size, low, high)


# ---- which metrics a request counts in ---------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _metrics_of(kind: RequestKind) -> _Metrics:
    """Of a kind in no minute: the same few kinds come again and again."""
    groups, balancers = _target_group_dimensions(kind), _load_balancer_dimensions(kind)
    return _Metrics(
        counts=tuple(_counted_in(kind)),
        per_target=tuple(_per_target(kind)),
        times=tuple(_named(kind, ("TargetResponseTime",), groups)),
        sizes=tuple(_named(kind, ("ProcessedBytes",), balancers)),
    )


def _counted_in(kind: RequestKind) -> Iterator[_Metric]:
    groups, balancers = _target_group_dimensions(kind), _load_balancer_dimensions(kind)
    yield from _named(kind, tuple(_target_metrics(kind)), groups)
    yield from _named(kind, tuple(_load_balancer_metrics(kind)), balancers)
    if kind.fail_open:  # TG-39
        yield from _named(kind, ("UnhealthyRoutingRequestCount",), tuple(each for each in groups if each not in balancers))


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


def _per_target(kind: RequestKind) -> Iterator[tuple[_Metric, str | None]]:
    """LBM-3: each request counts 1/n in a target group of n targets, so the Sum of a minute is the number of requests per target."""
    if kind.target is None or kind.target_group is None:
        return
    group, balancer = ("TargetGroup", dimension(kind.target_group)), ("LoadBalancer", kind.load_balancer)
    for of_zone in (None, kind.zone) if kind.zone else (None,):
        in_zone: Dimensions = (("AvailabilityZone", of_zone),) if of_zone else ()
        for metric in _named(kind, ("RequestCountPerTarget",), ((group, *in_zone), (balancer, group, *in_zone))):
            yield metric, of_zone


def _named(kind: RequestKind, names: tuple[str, ...], sets: tuple[Dimensions, ...]) -> Iterator[_Metric]:
    scope = scope_of(kind.listener)
    for name in names:
        for dimensions in sets:
            yield _Metric(scope.account, scope.region, name, dimensions)


def _load_balancer_dimensions(kind: RequestKind) -> tuple[Dimensions, ...]:
    """LB; LB+AZ."""
    balancer = ("LoadBalancer", kind.load_balancer)
    return ((balancer,), (balancer, ("AvailabilityZone", kind.zone))) if kind.zone else ((balancer,),)


def _target_group_dimensions(kind: RequestKind) -> tuple[Dimensions, ...]:
    """LB; LB+AZ; LB+TG; LB+AZ+TG."""
    sets = _load_balancer_dimensions(kind)
    if kind.target_group is None:
        return sets
    group = ("TargetGroup", dimension(kind.target_group))
    return (*sets, *((*dimensions, group) for dimensions in sets))


@lru_cache(maxsize=1024)
def _scope(account: str, region: str) -> Scope:
    return Scope(account, region)


def dimension(arn: str) -> str:
    """`targetgroup/<name>/<id>` or `app/<name>/<id>` (LBM-1)."""
    return arn.split(":", 5)[5].removeprefix("loadbalancer/")


def scope_of(arn: str) -> Scope:
    fields = arn.split(":", 5)
    return Scope(fields[4], fields[3])
