"""From stored buckets to datapoints: one statistic of one metric over periods. Used by GetMetricStatistics, GetMetricData, alarms, widgets.

Times are seconds since 1970 here; datetimes are made at the API's edge. Periods are counted from the given start, whatever it is: queries
give a rounded one (CW-9), alarms their evaluation minute (CW-24).
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.core.metrics import Entries
from sandbox.services.cloudwatch.data import percentiles
from sandbox.services.cloudwatch.data.percentiles import Extended
from sandbox.services.cloudwatch.data.series import DAY, Series, Tier
from sandbox.services.cloudwatch.errors import invalid_combination, invalid_value

SIMPLE = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
HIGH_RESOLUTION_PERIODS = (1, 5, 10, 20, 30)
MAX_DATAPOINTS = 1440

Points = tuple[list[int], list[float]]
"""Period starts ascending, and their values."""


@dataclass(slots=True)
class Summary:
    """The statistics of one period."""

    count: float
    total: float
    minimum: float
    maximum: float
    entries: Entries | None  # None: opaque, no percentile

    def value(self, statistic: str | Extended) -> float | None:
        """None: not known (a percentile without values)."""
        match statistic:
            case "Average":
                return self.total / self.count if self.count else None
            case "Sum":
                return self.total
            case "Minimum":
                return self.minimum
            case "Maximum":
                return self.maximum
            case "SampleCount":
                return self.count
        if self.entries is None or isinstance(statistic, str):
            return None
        return percentiles.compute(statistic, sorted(self.entries))


def parse_statistic(name: str) -> str | Extended | None:
    """`Average`, or a parsed extended statistic; None: there is no such statistic."""
    return name if name in SIMPLE else percentiles.parse(name)


def summaries(series: Sequence[Series], start: int, end: int, period: int, *, entries: bool = True) -> dict[int, Summary]:
    """Period start → summary, for periods in [start, end) that have data. A bucket belongs to the period in which it begins.

    `entries`: also read the values, for percentiles. Alarms on simple statistics, a thousand in a minute, do not need them."""
    found: dict[int, Summary] = {}
    for tier in (tier for one in series for tier in one.tiers if tier.starts):
        first, last = tier.span(start, end)
        rows = zip(tier.starts[first:last], *(column[first:last] for column in tier.columns), strict=True)
        for index, (at, count, total, low, high) in enumerate(rows, first):
            key = at - (at - start) % period
            one = Summary(count, total, low, high, _entries(tier, index) if entries else None)
            found[key] = _combined(found[key], one) if key in found else one
    return found


def _entries(tier: Tier, index: int) -> Entries | None:
    _, row = tier.row(index)
    return None if row.opaque else row.entries or [(row.minimum, row.count)]


def _combined(one: Summary, other: Summary) -> Summary:
    entries = None if one.entries is None or other.entries is None else one.entries + other.entries
    low, high = min(one.minimum, other.minimum), max(one.maximum, other.maximum)
    return Summary(one.count + other.count, one.total + other.total, low, high, entries)


def points(series: Sequence[Series], statistic: str | Extended, start: int, end: int, period: int) -> Points:
    """The statistic for each period in [start, end) that has data."""
    tier, span = _only_tier(series, start, end), (start, end)
    if isinstance(statistic, Extended):
        if tier and statistic.kind == "p" and _uniform(tier, start, end):
            return _uniform_percentiles(tier, statistic, span, period)
        return _extended_points(series, statistic, span, period)
    if tier:
        return _column_points(tier, statistic, span, period)
    found = summaries(series, start, end, period, entries=False)
    return _without_gaps({at: found[at].value(statistic) for at in sorted(found)})


def _without_gaps(values: dict[int, float | None]) -> Points:
    known = {at: value for at, value in values.items() if value is not None}
    return list(known), list(known.values())


def _extended_points(series: Sequence[Series], statistic: Extended, span: tuple[int, int], period: int) -> Points:
    """The same result as `summaries`, from values only."""
    found: dict[int, Entries | None] = {}
    for tier in (tier for one in series for tier in one.tiers if tier.starts):
        _gather(found, tier, span, period)
    return _without_gaps({at: percentiles.compute(statistic, sorted(found[at] or [])) for at in sorted(found)})


def _gather(found: dict[int, Entries | None], tier: Tier, span: tuple[int, int], period: int) -> None:
    """Adds the tier's values, by period; None if a statistic set hides them."""
    start, (first, last), pairs = span[0], tier.span(*span), tier.distributions.pairs
    columns = (column[first:last] for column in (tier.minima, tier.maxima, tier.counts))
    for at, low, high, count in zip(tier.starts[first:last], *columns, strict=True):
        key = at - (at - start) % period
        there = found.setdefault(key, [])
        if there is None:
            continue
        if low == high:
            there.append((low, count))
        elif (values := pairs(at)) is not None:
            there += values
        else:
            found[key] = None


def _uniform(tier: Tier, start: int, end: int) -> bool:
    """Each bucket of the range has the same number of values, all equal, as with one measurement a minute."""
    first, last = tier.span(start, end)
    counts = tier.counts[first:last]
    return counts[0] > 0 and counts.count(counts[0]) == len(counts) and tier.minima[first:last] == tier.maxima[first:last]


def _uniform_percentiles(tier: Tier, statistic: Extended, span: tuple[int, int], period: int) -> Points:
    """The same result as `summaries`, straight from the columns: tens of thousands of points in milliseconds."""
    first, last = tier.span(*span)
    starts, values = tier.starts[first:last], tier.minima[first:last].tolist()
    most = -(-period // tier.resolution)  # buckets that begin in one period, at most
    found: dict[int, float] = {}
    row = 0
    while row < len(values):
        key = starts[row] - (starts[row] - span[0]) % period
        after = bisect_left(starts, key + period, row, min(row + most, len(values)))
        found[key] = percentiles.nearest_rank(sorted(values[row:after]), statistic)
        row = after
    return list(found), list(found.values())


def _only_tier(series: Sequence[Series], start: int, end: int) -> Tier | None:
    """The only tier with data in the range; None when several tiers have data, or none."""
    tiers = [tier for one in series for tier in one.tiers if tier.starts and tier.span(start, end)[0] != tier.span(start, end)[1]]
    return tiers[0] if len(tiers) == 1 else None


def _column_points(tier: Tier, statistic: str, span: tuple[int, int], period: int) -> Points:
    """The same result as `summaries`, straight from the columns: tens of thousands of points in milliseconds."""
    start = span[0]
    first, last = tier.span(*span)
    starts = tier.starts[first:last]
    if tier.resolution == period and not (starts[0] - start) % period:
        return list(starts), _column(tier, statistic, first, last)
    keys = [at - (at - start) % period for at in starts]
    column = {"Minimum": tier.minima, "Maximum": tier.maxima, "SampleCount": tier.counts}.get(statistic, tier.totals)[first:last]
    folded = _fold(keys, column.tolist(), {"Minimum": min, "Maximum": max}.get(statistic))
    if statistic == "Average":
        counts = _fold(keys, tier.counts[first:last].tolist(), None)
        return list(folded), [total / counts[key] for key, total in folded.items()]
    return list(folded), list(folded.values())


def _column(tier: Tier, statistic: str, first: int, last: int) -> list[float]:
    if statistic == "Average":
        return [total / count for total, count in zip(tier.totals[first:last], tier.counts[first:last], strict=True)]
    columns = {"Sum": tier.totals, "Minimum": tier.minima, "Maximum": tier.maxima, "SampleCount": tier.counts}
    return columns[statistic][first:last].tolist()


def _fold(keys: list[int], column: list[float], choose: object) -> dict[int, float]:
    """The sum of the values of each key, or what `choose` (min, max) returns of them."""
    folded: dict[int, float] = {}
    if choose is None:
        for key, value in zip(keys, column, strict=True):
            folded[key] = folded.get(key, 0.0) + value
        return folded
    assert callable(choose)
    for key, value in zip(keys, column, strict=True):
        folded[key] = choose(folded[key], value) if key in folded else value
    return folded


# ---- the rules of queries ------------------------------------------------------------------------------------------------------------


def rounded_start(start: float, now: float, period: int = 60) -> int:
    """CW-6: rounded down to the minute; 15 to 63 days ago to five minutes; older to the hour. Periods below a minute: to the period."""
    age = now - start
    unit = 3600 if age > 63 * DAY else 300 if age > 15 * DAY else 60
    if period < 60 and unit == 60:
        unit = period
    return math.floor(start / unit) * unit


def check_period(period: int, parameter: str = "Period") -> None:
    if period in HIGH_RESOLUTION_PERIODS or (period > 0 and period % 60 == 0):
        return
    raise invalid_value(f"The parameter {parameter} must be 1, 5, 10, 20, 30, or a multiple of 60.")


def check_range(start: float, end: float, period: int) -> None:
    """GetMetricStatistics' bounds, as the caller gave them: a whole day of minutes is 1,440 points from any second on (CW-6)."""
    if start >= end:
        raise invalid_value("The parameter StartTime must be less than the parameter EndTime.")
    requested = math.ceil((end - start) / period)
    if requested > MAX_DATAPOINTS:
        raise invalid_combination(
            f"You have requested up to {requested} datapoints, which exceeds the limit of {MAX_DATAPOINTS}. "
            "You may reduce the datapoints requested by increasing Period, or decreasing the time range."
        )
