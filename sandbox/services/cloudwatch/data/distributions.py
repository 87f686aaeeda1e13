"""The values of buckets in which they differ: a distribution by the bucket's start. Each tier (data/series.py) has one `Distributions`.

Distributions of buckets that get no more data, as far as can be known, are packed one behind the other in four columns. As objects they
took three times the memory, and the heap between them was not returned: memory grew by 1 MB an hour, a tenth of which was values.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from typing import Any

from sandbox.core.metrics import Entries
from sandbox.core.persisted import persisted
from sandbox.services.cloudwatch.data.columns import from_bytes, to_bytes
from sandbox.services.cloudwatch.data.percentiles import Distribution

Saved = tuple[Any, ...]  # open distributions, and the columns of the packed ones as bytes
ROW = 40  # bytes of a row of the store, the unit of sizes


@persisted("cloudwatch.Distributions")
class Distributions:
    """A bucket without a distribution has equal values, or values that a statistic set hides: its minimum and maximum show which."""

    __slots__ = ("_ends", "_numbers", "_open", "_starts", "_widths")

    def __init__(self) -> None:
        self._open: dict[int, Distribution | None] = {}  # overrides what is packed; None: hidden
        self._starts, self._ends = array("q"), array("q")  # packed, ascending; where the numbers of each end
        self._widths, self._numbers = array("d"), array("d")  # of bins; value, count, value, count …

    @property
    def size(self) -> int:
        """In rows of the store."""
        packed = sum(column.itemsize * len(column) for column in (self._starts, self._ends, self._widths, self._numbers))
        return packed // ROW + sum(5 + 2 * len(distribution) for distribution in self._open.values() if distribution)

    def pairs(self, start: int) -> Iterable[tuple[float, float]] | None:
        """(value, count), not sorted; None: equal or hidden."""
        if start in self._open:
            distribution = self._open[start]
            return distribution.pairs() if distribution else None
        return self._packed(start)

    def _packed(self, start: int) -> Entries | None:
        index = bisect_left(self._starts, start)
        if index == len(self._starts) or self._starts[index] != start:
            return None
        numbers = self._numbers[self._ends[index - 1] if index else 0 : self._ends[index]]
        return list(zip(numbers[::2], numbers[1::2], strict=True))

    def mix(self, start: int, initial: Entries, more: Entries) -> None:
        """Adds `more` to the bucket's values, which are `initial` if it has no distribution yet."""
        distribution = self._open.get(start)
        if distribution is None:
            distribution = self._open[start] = self._unpacked(start) or Distribution(initial)
        distribution.add(more)

    def _unpacked(self, start: int) -> Distribution | None:
        pairs = self._packed(start)
        return Distribution(pairs, self._widths[bisect_left(self._starts, start)]) if pairs else None

    def hide(self, start: int) -> None:
        """A statistic set was added to the bucket: its values are no longer known."""
        self._open[start] = None

    def pack(self, before: int) -> None:
        """Packs the buckets that begin before `before`, which get no more data as a rule."""
        if not (complete := self._before(before)):
            return
        if self._starts and complete[0] <= self._starts[-1]:  # late data: packs all again
            self._unpack_all()
            complete = self._before(before)
        for start in complete:
            if distribution := self._open[start]:
                self._append(start, distribution)
        self._open = {start: one for start, one in self._open.items() if start >= before}  # a new dict: one does not shrink

    def _before(self, limit: int) -> list[int]:
        return sorted(start for start in self._open if start < limit)

    def _append(self, start: int, distribution: Distribution) -> None:
        for pair in distribution.pairs():
            self._numbers.extend(pair)
        self._starts.append(start)
        self._ends.append(len(self._numbers))
        self._widths.append(distribution.width)

    def _unpack_all(self) -> None:
        self._open = {start: self._unpacked(start) for start in self._starts} | self._open
        for column in (self._starts, self._ends, self._widths, self._numbers):
            del column[:]

    def drop_before(self, limit: int) -> None:
        for start in self._before(limit):
            del self._open[start]
        count = bisect_left(self._starts, limit)
        if not count:
            return
        used = self._ends[count - 1]
        del self._starts[:count], self._widths[:count], self._numbers[:used]
        self._ends = array("q", [end - used for end in self._ends[count:]])

    # ---- the saved form ----------------------------------------------------------------------------------------------------------------

    def to_saved(self) -> Saved:
        still_open = tuple((start, None if one is None else (one.width, *one.pairs())) for start, one in self._open.items())
        return still_open, to_bytes(self._starts), to_bytes(self._ends), to_bytes(self._widths), to_bytes(self._numbers)

    @staticmethod
    def of(saved: Saved) -> "Distributions":
        made, (still_open, starts, ends, widths, numbers) = Distributions(), saved
        made._open = {start: None if one is None else Distribution(one[1:], one[0]) for start, one in still_open}
        made._starts, made._ends = from_bytes("q", starts), from_bytes("q", ends)
        made._widths, made._numbers = from_bytes("d", widths), from_bytes("d", numbers)
        return made
