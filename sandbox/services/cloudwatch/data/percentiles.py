"""The extended statistics (p99, tm90, PR(:300), IQM …) and the value distributions they are read from (CW-5).

A `Distribution` belongs to one bucket of one metric (data/distributions.py). Up to `EXACT_VALUES` different values it is exact; with more,
values share bins of 1 % width (doubled as often as necessary), so that a minute with a million response times is as small as one with a
thousand.
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sandbox.core.metrics import Entries
from sandbox.core.persisted import persisted

EXACT_VALUES = 256
FIRST_WIDTH = 0.01  # of a bin, relative to its value

_TINY = 1e-9  # tolerance for floating-point errors in a rank


@persisted("cloudwatch.Distribution")
class Distribution:
    """How often each value occurred."""

    __slots__ = ("_counts", "width")

    def __init__(self, entries: Iterable[tuple[float, float]] = (), width: float = 0.0) -> None:
        self._counts: dict[float, float] = {}
        self.width = width  # of its bins; 0: values are exact
        self.add(entries)

    def __len__(self) -> int:
        return len(self._counts)

    def add(self, entries: Iterable[tuple[float, float]]) -> None:
        counts, width = self._counts, self.width
        for value, count in entries:
            key = value if not width else _bin(value, width)
            counts[key] = counts.get(key, 0.0) + count
        while len(counts) > EXACT_VALUES:
            counts = self._coarsened(counts)
        self._counts = counts

    def entries(self) -> Entries:
        return sorted(self.pairs())

    def pairs(self) -> Iterable[tuple[float, float]]:
        """As `entries`, not sorted."""
        return self._counts.items()

    def _coarsened(self, exact: dict[float, float]) -> dict[float, float]:
        self.width = self.width * 2 or FIRST_WIDTH
        counts: dict[float, float] = {}
        for value, count in exact.items():
            key = _bin(value, self.width)
            counts[key] = counts.get(key, 0.0) + count
        return counts


def _bin(value: float, width: float) -> float:
    """The value that represents all within `width` around it."""
    if abs(value) < 1e-12:
        return 0.0
    number = round(math.log(abs(value)) / math.log1p(width))
    return math.copysign(math.exp(number * math.log1p(width)), value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extended:
    """A parsed extended statistic."""

    kind: str  # "p", "tm", "wm", "tc", "ts" or "pr"
    low: float | None  # None: open
    high: float | None
    percent: bool  # bounds are percentiles (0-100) of the values, not values


_SHORT = re.compile(r"(p|tm|wm|tc|ts)(\d{1,3}(?:\.\d{1,10})?)")
_LONG = re.compile(r"(TM|WM|TC|TS|PR)\((-?[\d.]+%?)?:(-?[\d.]+%?)?\)")


def parse(name: str) -> Extended | None:
    """`p99.9`, `tm90`, `TM(10%:90%)`, `WM(:0.5)`, `PR(:300)`, `IQM`; None for any other text."""
    if name == "IQM":
        return Extended(kind="tm", low=25.0, high=75.0, percent=True)
    if match := _SHORT.fullmatch(name):
        bound = float(match[2])
        return Extended(kind=match[1], low=None, high=bound, percent=True) if bound <= 100 else None
    match = _LONG.fullmatch(name)
    if match is None or match[2] is match[3] is None:
        return None
    return _long(match[1].lower(), match[2], match[3])


def _long(kind: str, low: str | None, high: str | None) -> Extended | None:
    given = [bound for bound in (low, high) if bound is not None]
    percent = given[0].endswith("%")
    if any(bound.endswith("%") != percent for bound in given) or (kind == "pr" and percent):
        return None
    try:
        ends = [None if bound is None else float(bound.rstrip("%")) for bound in (low, high)]
    except ValueError:
        return None
    if percent and any(end is not None and not 0 <= end <= 100 for end in ends):
        return None
    return Extended(kind=kind, low=ends[0], high=ends[1], percent=percent)


def compute(statistic: Extended, entries: Entries) -> float | None:
    """The statistic of the values; None when no value is left. Percentiles are by nearest rank."""
    total = sum([count for _, count in entries])
    if total <= 0:
        return None
    if statistic.kind == "p":
        assert statistic.high is not None
        return _at_rank(entries, max(total * statistic.high / 100, _TINY))
    inside = _inside(statistic, entries, total)
    count_inside = sum(count for _, count in inside)
    match statistic.kind:
        case "pr":
            return 100 * count_inside / total
        case "tc":
            return count_inside
        case "ts":
            return sum(value * count for value, count in inside)
        case "wm":
            return _winsorized(inside, entries, total)
    return sum(value * count for value, count in inside) / count_inside if count_inside else None


def nearest_rank(values: Sequence[float], statistic: Extended) -> float:
    """The percentile ("p") of equally frequent values in ascending order; at least one."""
    assert statistic.high is not None
    return values[max(math.ceil(len(values) * statistic.high / 100 - _TINY), 1) - 1]


def _at_rank(entries: Entries, rank: float) -> float:
    seen = 0.0
    for value, count in entries:
        seen += count
        if seen >= rank - _TINY:
            return value
    return entries[-1][0]


def _inside(statistic: Extended, entries: Entries, total: float) -> Entries:
    """The entries between the bounds: by value (low exclusive, high inclusive) or by rank."""
    if not statistic.percent:
        low = -math.inf if statistic.low is None else statistic.low
        high = math.inf if statistic.high is None else statistic.high
        return [(value, count) for value, count in entries if low < value <= high]
    first = math.ceil(total * (statistic.low or 0.0) / 100 - _TINY)
    last = math.ceil(total * (100.0 if statistic.high is None else statistic.high) / 100 - _TINY)
    found, seen = [], 0.0
    for value, count in entries:
        inside = min(seen + count, last) - max(seen, first)
        if inside > 0:
            found.append((value, inside))
        seen += count
    return found


def _winsorized(inside: Entries, entries: Entries, total: float) -> float | None:
    """The mean, with each value outside the bounds replaced by the nearest one inside."""
    if not inside:
        return None
    low, high = inside[0][0], inside[-1][0]
    return sum(min(max(value, low), high) * count for value, count in entries) / total
