"""What services publish to CloudWatch: `MetricDatum`, its period, and `PublishMetrics`, the function that accepts it.

Services measure and CloudWatch stores, but services may not import each other. CloudWatch implements `PublishMetrics`
(services/cloudwatch/state/writes.py) and wiring passes it to the metrics controllers.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from sandbox.core.control import Scope

MINUTE = timedelta(minutes=1)

Dimensions = tuple[tuple[str, str], ...]
"""(name, value) pairs."""

Entries = list[tuple[float, float]]
"""(value, count) pairs."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The measurement of one moment: a value, many values, or a statistic set."""

    count: float
    total: float
    minimum: float
    maximum: float
    entries: Entries | None = None  # None: all values are equal, or (statistic set) not known

    @property
    def opaque(self) -> bool:
        """A statistic set whose values are not known: it has no percentiles (CW-5)."""
        return self.entries is None and self.minimum != self.maximum


def of_value(value: float, count: float = 1.0) -> Sample:
    return Sample(count, value * count, value, value)


def of_values(entries: Entries) -> Sample:
    """At least one entry."""
    values = [value for value, _ in entries]
    low, high = min(values), max(values)
    total = sum(value * count for value, count in entries)
    return Sample(sum(count for _, count in entries), total, low, high, entries if low != high else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricDatum:
    """One datapoint of one metric. Namespace, name and the exact set of dimensions identify the metric (CW-1)."""

    scope: Scope
    namespace: str
    name: str
    dimensions: Dimensions = ()
    unit: str  # one of CW-3
    at: datetime  # start of the period that was measured
    sample: Sample
    resolution: int = 60  # StorageResolution: 1 or 60 seconds


class PublishMetrics(Protocol):
    """sandbox.services.cloudwatch.state.writes.publish_metrics: adds to the data that CloudWatch already has for the period."""

    def __call__(self, data: Iterable[MetricDatum]) -> None: ...


def period_start(moment: datetime, period: timedelta = MINUTE) -> datetime:
    """The start of the wall-clock aligned period that contains `moment`: 12:00, 12:05 and so on for five minutes."""
    seconds, length = moment.timestamp(), period.total_seconds()
    return datetime.fromtimestamp(seconds - seconds % length, UTC)


def until_next(moment: datetime, period: timedelta = MINUTE) -> timedelta:
    """From `moment` to the start of the next period."""
    return period_start(moment, period) + period - moment
