"""The series of the metric store: one metric in one unit, its tiers of buckets, and the samples that come in.

A bucket is one row of five columns: start, count, sum, minimum, maximum; the values themselves are kept only where they differ. Data
leaves a tier by being added up into the next.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.core.metrics import Dimensions, Sample
from sandbox.core.persisted import persisted
from sandbox.services.cloudwatch.data.columns import from_bytes, to_bytes
from sandbox.services.cloudwatch.data.shapes import Shapes

HOUR, DAY = 3600, 86_400
TIERS = ((1, 3 * HOUR), (60, 15 * DAY), (300, 63 * DAY), (3600, 455 * DAY))  # CW-4: (seconds of a bucket, seconds it is kept)
TRIM_EVERY = 600  # seconds of sandbox time

Written = tuple[Any, ...]
"""A tier or a series as plain values and bytes, which take a twentieth of the time of its forty arrays to save."""


@persisted("cloudwatch.MetricId")
@dataclass(frozen=True, slots=True)
class MetricId:
    """CW-1: namespace, name and the exact set of dimensions."""

    namespace: str
    name: str
    dimensions: Dimensions = ()  # sorted by name


@persisted("cloudwatch.Tier")
class Tier:
    """Buckets of one length, ordered by start (seconds since 1970)."""

    __slots__ = ("counts", "maxima", "minima", "resolution", "shapes", "starts", "totals")

    def __init__(self, resolution: int) -> None:
        self.resolution = resolution
        self.starts = array("q")
        self.counts, self.totals, self.minima, self.maxima = array("d"), array("d"), array("d"), array("d")
        self.shapes = Shapes()

    @property
    def columns(self) -> tuple["array[float]", ...]:
        """Count, sum, minimum, maximum of each bucket."""
        return self.counts, self.totals, self.minima, self.maxima

    @property
    def size(self) -> int:
        return len(self.starts) + self.shapes.size

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
            self.shapes.mix(start, [], sample.entries)

    def _mix(self, index: int, start: int, sample: Sample) -> None:
        """The bucket's values are no longer all equal."""
        if sample.opaque:
            self.shapes.hide(start)
        elif self.minima[index] == self.maxima[index] or self.shapes.pairs(start) is not None:
            more = sample.entries if sample.entries is not None else [(sample.minimum, sample.count)]
            self.shapes.mix(start, [(self.minima[index], self.counts[index])], more)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Index range of the buckets that begin in [start, end)."""
        return bisect_left(self.starts, start), bisect_left(self.starts, end)

    def row(self, index: int) -> tuple[int, Sample]:
        start, low, high = self.starts[index], self.minima[index], self.maxima[index]
        pairs = self.shapes.pairs(start) if low != high else None
        return start, Sample(self.counts[index], self.totals[index], low, high, None if pairs is None else sorted(pairs))

    def take_before(self, limit: int) -> Iterator[tuple[int, Sample]]:
        """Removes the buckets that begin before `limit`; they are given oldest first."""
        end = bisect_left(self.starts, limit)
        rows = [self.row(index) for index in range(end)]
        self.shapes.drop_before(limit)
        del self.starts[:end]
        for column in self.columns:
            del column[:end]
        return iter(rows)

    # ---- the written form: None for a tier without buckets, as most are ----------------------------------------------------------------

    def written(self) -> Written | None:
        if not self.starts:
            return None
        return to_bytes(self.starts), *(to_bytes(column) for column in self.columns), self.shapes.written()

    @staticmethod
    def of(resolution: int, written: Written | None) -> "Tier":
        made = Tier(resolution)
        if written is not None:
            starts, *columns, shapes = written
            made.starts = from_bytes("q", starts)
            made.counts, made.totals, made.minima, made.maxima = (from_bytes("d", column) for column in columns)
            made.shapes = Shapes.of(shapes)
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

    def add(self, at: int, sample: Sample, resolution: int = 60) -> None:
        """`resolution`: 1 keeps seconds apart for three hours, 60 minutes (StorageResolution)."""
        self.latest = max(self.latest, at)
        self.tiers[0 if resolution == 1 else 1].add(at, sample)

    def roll_up(self, now: int, share: float = 1.0) -> None:
        """Moves what is older than `share` of each tier's retention into the next tier; what leaves the last is forgotten."""
        for index, (_, kept) in enumerate(TIERS):
            following = self.tiers[index + 1] if index + 1 < len(TIERS) else None
            coarse = following.resolution if following else 1
            limit = now - int(kept * share)
            for start, sample in self.tiers[index].take_before(limit - limit % coarse):  # whole buckets of the next tier only
                if following:
                    following.add(start, sample)
        for tier in self.tiers:
            tier.shapes.pack(now - TRIM_EVERY)

    def written(self) -> Written:
        metric = self.metric
        return metric.namespace, metric.name, metric.dimensions, self.unit, self.latest, tuple(tier.written() for tier in self.tiers)

    @staticmethod
    def of(written: Written) -> "Series":
        namespace, name, dimensions, unit, latest, tiers = written
        made = Series(MetricId(namespace, name, dimensions), unit)
        made.latest = latest
        made.tiers = tuple(Tier.of(resolution, tier) for (resolution, _), tier in zip(TIERS, tiers, strict=True))
        return made
