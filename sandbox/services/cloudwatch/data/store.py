"""The metric store: samples by metric, in columns, bounded in memory. PutMetricData and our metrics controllers write to it.

Each series (metric and unit) has four tiers of buckets, with CloudWatch's retention (CW-4): 1 s for 3 hours (only for data put
with StorageResolution 1), 60 s for 15 days, 300 s for 63 days, 3600 s for 455 days. Data too old for a tier is added to the next.
A budget bounds the store: above it, data is rolled up sooner than on AWS; if that is not enough, the longest idle series are dropped.
One series: series.py.
"""

from collections.abc import Iterator

from sandbox.core.metrics import MetricDatum, Sample
from sandbox.core.persisted import Values, persisted
from sandbox.services.cloudwatch.data.series import TRIM_EVERY, MetricId, Series

BUDGET = 1_000_000
"""Rows of all series together, of 40 bytes: about 40 MB. A series counts as thirty rows; distributions: data/distributions.py."""

RETENTION_SHARES = (1.0, 0.25, 0.0625, 0.01)  # shares of the retention, tried in order until the store is within the budget


def _with_series_as_bytes(values: Values) -> Values:
    """Schema 3 stored the objects themselves."""
    series = [series.to_saved() for units in values["_series"].values() for series in units.values()]
    return {"series": series, "next_trim": values["_next_trim"], "squeeze": values["_squeeze"]}


@persisted("cloudwatch.MetricStore", migrations={3: _with_series_as_bytes})
class MetricStore:
    """All series of one account and Region. Not thread-safe: used under the API's lock."""

    def __init__(self, budget: int = BUDGET) -> None:
        self._budget = budget
        self._series: dict[MetricId, dict[str, Series]] = {}
        self._next_trim = 0
        self._squeeze = 0  # index in RETENTION_SHARES

    def put(self, datum: MetricDatum) -> None:
        metric = MetricId(datum.namespace, datum.name, tuple(sorted(datum.dimensions)))
        self.record(metric, datum.unit, int(datum.at.timestamp()), datum.sample, datum.resolution)

    def record(self, metric: MetricId, unit: str, at: int, sample: Sample, resolution: int = 60) -> None:
        """Adds the sample to the bucket that holds `at` (seconds since 1970)."""
        units = self._series.setdefault(metric, {})
        if (series := units.get(unit)) is None:
            series = units[unit] = Series(metric, unit)
        series.add(at, sample, resolution)

    def find(self, metric: MetricId, unit: str | None = None) -> list[Series]:
        """The metric's series: of that unit, or (None) of all units (CW-3)."""
        units = self._series.get(metric, {})
        if unit is None:
            return list(units.values())
        return [units[unit]] if unit in units else []

    def with_data(self, metric: MetricId, unit: str | None, start: int, end: int) -> list[Series]:
        """The metric's series with data in [start, end), by unit. A query without unit returns the data of the first (CW-12)."""
        found = self._series.get(metric, {})
        if unit is not None or len(found) == 1:
            return [series for series in found.values() if unit in (None, series.unit)]
        return [found[name] for name in sorted(found) if found[name].has_data(start, end)]

    def metrics(self, since: int) -> Iterator[MetricId]:
        """Metrics with data at or after `since`, in order of first appearance."""
        for metric, units in self._series.items():
            if any(series.latest >= since for series in units.values()):
                yield metric

    @property
    def size(self) -> int:
        return sum(series.size for series in self._all())

    def _all(self) -> Iterator[Series]:
        for units in self._series.values():
            yield from units.values()

    def trim(self, now: int) -> None:
        """Rolls up and drops old data, at most every TRIM_EVERY seconds."""
        if now < self._next_trim:
            return
        self._next_trim = now + TRIM_EVERY
        self._roll_up(now)
        while (size := self.size) > self._budget and self._squeeze + 1 < len(RETENTION_SHARES):
            self._squeeze += 1
            self._roll_up(now)
        if size < self._budget / 2 and self._squeeze:  # well below the budget again
            self._squeeze -= 1
        self._drop_idle(size - self._budget)

    def _roll_up(self, now: int) -> None:
        for series in self._all():
            series.roll_up(now, RETENTION_SHARES[self._squeeze])
        for series in [series for series in self._all() if series.empty]:
            self._drop(series)

    def _drop_idle(self, excess: int) -> None:
        """The longest idle first."""
        for series in sorted(self._all(), key=lambda series: series.latest) if excess > 0 else ():
            if excess <= 0:
                return
            excess -= series.size
            self._drop(series)

    def _drop(self, series: Series) -> None:
        units = self._series[series.metric]
        del units[series.unit]
        if not units:
            del self._series[series.metric]

    # ---- the saved state (core/persisted.py) ---------------------------------------------------------------------------------------------

    def to_written(self) -> Values:
        return {"series": [series.to_saved() for series in self._all()], "next_trim": self._next_trim, "squeeze": self._squeeze}

    def from_written(self, values: Values) -> None:
        MetricStore.__init__(self)
        self._next_trim, self._squeeze = values["next_trim"], values["squeeze"]
        for series in map(Series.of, values["series"]):
            self._series.setdefault(series.metric, {})[series.unit] = series
