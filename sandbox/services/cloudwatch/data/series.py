"""The series of the metric store: one metric in one unit, and its tiers of buckets.

A bucket is one row of five columns: start, count, sum, minimum, maximum; the values are stored only where they differ. Data
that is too old for a tier is added to the buckets of the next.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.core.metrics import Dimensions, Sample
from sandbox.core.persisted import Values, persisted
from sandbox.services.cloudwatch.data.columns import from_bytes, to_bytes
from sandbox.services.cloudwatch.data.distributions import Distributions

HOUR, DAY = 3600, 86_400
TIERS = ((1, 3 * HOUR), (60, 15 * DAY), (300, 63 * DAY), (3600, 455 * DAY))  # CW-4: (seconds of a bucket, retention in seconds)
TRIM_EVERY = 600  # seconds of sandbox time

Saved = tuple[Any, ...]
"""A tier or a series as plain values and bytes: saving it takes a twentieth of the time that its forty arrays take."""


@persisted("cloudwatch.MetricId")
@dataclass(frozen=True, slots=True)
class MetricId:
    """CW-1: namespace, name and the exact set of dimensions."""

    namespace: str
    name: str
    dimensions: Dimensions = ()  # sorted by name


def _with_distributions(values: Values) -> Values:
    """Schema 3 named the field `shapes`."""
    return {("distributions" if name == "shapes" else name): value for name, value in values.items()}


@persisted("cloudwatch.Tier", migrations={3: _with_distributions})
class Tier:
    """Buckets of one length, ordered by start (seconds since 1970)."""

    __slots__ = ("counts", "distributions", "maxima", "minima", "resolution", "starts", "totals")

    def __init__(self, resolution: int) -> None:
        self.resolution = resolution
        self.starts = array("q")
        self.counts, self.totals, self.minima, self.maxima = array("d"), array("d"), array("d"), array("d")
        self.distributions = Distributions()

    @property
    def columns(self) -> tuple["array[float]", ...]:
        """Count, sum, minimum, maximum of each bucket."""
        return self.counts, self.totals, self.minima, self.maxima

    @property
    def size(self) -> int:
        return len(self.starts) + self.distributions.size

    def add(self, at: int, sample: Sample) -> None:
        start = at - at % self.resolution
        index = self._index(start)
        if index == len(self.starts) or self.starts[index] != start:
            self._insert(index, start, sample)
            return
        same = sample.minimum == sample.maximum == self.minima[index] == self.maxima[index]
        if not same:
            self._mix(index, start, sample)
        self.counts[index] += sample.count
        self.totals[index] += sample.total
        self.minima[index] = min(self.minima[index], sample.minimum)
        self.maxima[index] = max(self.maxima[index], sample.maximum)

    def _index(self, start: int) -> int:
        starts = self.starts
        if not starts or start > starts[-1]:
            return len(starts)
        return len(starts) - 1 if start == starts[-1] else bisect_left(starts, start)

    def _insert(self, index: int, start: int, sample: Sample) -> None:
        self.starts.insert(index, start)
        for column, value in zip(self.columns, (sample.count, sample.total, sample.minimum, sample.maximum), strict=True):
            column.insert(index, value)
        if sample.entries is not None:
            self.distributions.mix(start, [], sample.entries)

    def _mix(self, index: int, start: int, sample: Sample) -> None:
        """The bucket's values are no longer all equal."""
        if sample.opaque:
            self.distributions.hide(start)
        elif self.minima[index] == self.maxima[index] or self.distributions.pairs(start) is not None:
            more = sample.entries if sample.entries is not None else [(sample.minimum, sample.count)]
            self.distributions.mix(start, [(self.minima[index], self.counts[index])], more)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Index range of the buckets that begin in [start, end)."""
        return bisect_left(self.starts, start), bisect_left(self.starts, end)

    def row(self, index: int) -> tuple[int, Sample]:
        start, low, high = self.starts[index], self.minima[index], self.maxima[index]
        pairs = self.distributions.pairs(start) if low != high else None
        return start, Sample(self.counts[index], self.totals[index], low, high, None if pairs is None else sorted(pairs))

    def take_before(self, limit: int) -> Iterator[tuple[int, Sample]]:
        """Removes the buckets that begin before `limit`. → the buckets, oldest first."""
        end = bisect_left(self.starts, limit)
        rows = [self.row(index) for index in range(end)]
        self.distributions.drop_before(limit)
        del self.starts[:end]
        for column in self.columns:
            del column[:end]
        return iter(rows)

    # ---- the saved form: None for a tier without buckets, as most are ----------------------------------------------------------------

    def to_saved(self) -> Saved | None:
        if not self.starts:
            return None
        return to_bytes(self.starts), *(to_bytes(column) for column in self.columns), self.distributions.to_saved()

    @staticmethod
    def of(resolution: int, saved: Saved | None) -> "Tier":
        made = Tier(resolution)
        if saved is not None:
            starts, *columns, distributions = saved
            made.starts = from_bytes("q", starts)
            made.counts, made.totals, made.minima, made.maxima = (from_bytes("d", column) for column in columns)
            made.distributions = Distributions.of(distributions)
        return made


@persisted("cloudwatch.Series")
class Series:
    """One metric in one unit."""

    __slots__ = ("latest", "metric", "tiers", "unit")

    def __init__(self, metric: MetricId, unit: str) -> None:
        self.metric, self.unit = metric, unit
        self.tiers = tuple(Tier(resolution) for resolution, _ in TIERS)
        self.latest = 0  # time of the newest datum

    @property
    def size(self) -> int:
        return 30 + sum(tier.size for tier in self.tiers)

    @property
    def empty(self) -> bool:
        return not any(tier.starts for tier in self.tiers)

    def has_data(self, start: int, end: int) -> bool:
        spans = (tier.span(start, end) for tier in self.tiers if tier.starts)
        return any(first != last for first, last in spans)

    def add(self, at: int, sample: Sample, resolution: int = 60) -> None:
        """`resolution` (StorageResolution): 1 stores each second for three hours, 60 each minute."""
        self.latest = max(self.latest, at)
        self.tiers[0 if resolution == 1 else 1].add(at, sample)

    def roll_up(self, now: int, share: float = 1.0) -> None:
        """Moves buckets older than `share` of their tier's retention into the next tier; drops those of the last tier."""
        for index, (_, retention) in enumerate(TIERS):
            following = self.tiers[index + 1] if index + 1 < len(TIERS) else None
            coarse = following.resolution if following else 1
            limit = now - int(retention * share)
            for start, sample in self.tiers[index].take_before(limit - limit % coarse):  # whole buckets of the next tier only
                if following:
                    following.add(start, sample)
        for tier in self.tiers:
            tier.distributions.pack(now - TRIM_EVERY)

    def to_saved(self) -> Saved:
        metric = self.metric
        return metric.namespace, metric.name, metric.dimensions, self.unit, self.latest, tuple(tier.to_saved() for tier in self.tiers)

    @staticmethod
    def of(saved: Saved) -> "Series":
        namespace, name, dimensions, unit, latest, tiers = saved
        made = Series(MetricId(namespace, name, dimensions), unit)
        made.latest = latest
        made.tiers = tuple(Tier.of(resolution, tier) for (resolution, _), tier in zip(TIERS, tiers, strict=True))
        return made
