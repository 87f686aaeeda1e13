"""Which values a bucket holds, where they differ: distributions by the bucket's start. Each tier of data/store.py has one `Shapes`.

Those of buckets that are probably over lie packed, one behind the other in four columns. As objects of their own they took three times
the room, and the heap between them could not be given back: memory grew by 1 MB an hour, of which the values themselves were a tenth.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from typing import Any

from sandbox.core.metrics import Entries
from sandbox.core.persisted import persisted
from sandbox.services.cloudwatch.data.columns import from_bytes, to_bytes
from sandbox.services.cloudwatch.data.percentiles import Distribution

Written = tuple[Any, ...]  # open distributions, and the columns of the packed ones as bytes
ROW = 40  # bytes of a row of the store, in which sizes are told


@persisted("cloudwatch.Shapes")
class Shapes:
    """A bucket that is not in it holds equal values, or its values are hidden by a statistic set: its minimum and maximum tell which."""

    __slots__ = ("_ends", "_numbers", "_open", "_starts", "_widths")

    def __init__(self) -> None:
        self._open: dict[int, Distribution | None] = {}  # goes before what is packed; None: hidden
        self._starts, self._ends = array("q"), array("q")  # packed, ascending; where the numbers of each end
        self._widths, self._numbers = array("d"), array("d")  # of bins; value, count, value, count …

    @property
    def size(self) -> int:
        """In rows of the store."""
        packed = sum(column.itemsize * len(column) for column in (self._starts, self._ends, self._widths, self._numbers))
        return packed // ROW + sum(5 + 2 * len(shape) for shape in self._open.values() if shape)

    def pairs(self, start: int) -> Iterable[tuple[float, float]] | None:
        """(value, count), in no order; None: equal or hidden."""
        if start in self._open:
            shape = self._open[start]
            return shape.pairs() if shape else None
        return self._packed(start)

    def _packed(self, start: int) -> Entries | None:
        index = bisect_left(self._starts, start)
        if index == len(self._starts) or self._starts[index] != start:
            return None
        numbers = self._numbers[self._ends[index - 1] if index else 0 : self._ends[index]]
        return list(zip(numbers[::2], numbers[1::2], strict=True))

    def mix(self, start: int, alone: Entries, more: Entries) -> None:
        """Adds `more` to the bucket's values, which are `alone` if there is no distribution yet."""
        shape = self._open.get(start)
        if shape is None:
            shape = self._open[start] = self._unpacked(start) or Distribution(alone)
        shape.add(more)

    def _unpacked(self, start: int) -> Distribution | None:
        pairs = self._packed(start)
        return Distribution(pairs, self._widths[bisect_left(self._starts, start)]) if pairs else None

    def hide(self, start: int) -> None:
        """A statistic set has come into the bucket: its values are not known any more."""
        self._open[start] = None

    def pack(self, before: int) -> None:
        """Buckets that begin before `before` are probably over."""
        if not (closed := self._before(before)):
            return
        if self._starts and closed[0] <= self._starts[-1]:  # data that came late: all are packed anew
            self._unpack_all()
            closed = self._before(before)
        for start in closed:
            if shape := self._open[start]:
                self._append(start, shape)
        self._open = {start: shape for start, shape in self._open.items() if start >= before}  # a dict does not shrink otherwise

    def _before(self, limit: int) -> list[int]:
        return sorted(start for start in self._open if start < limit)

    def _append(self, start: int, shape: Distribution) -> None:
        for pair in shape.pairs():
            self._numbers.extend(pair)
        self._starts.append(start)
        self._ends.append(len(self._numbers))
        self._widths.append(shape.width)

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

    # ---- the written form ----------------------------------------------------------------------------------------------------------------

    def written(self) -> Written:
        still_open = tuple((start, None if shape is None else (shape.width, *shape.pairs())) for start, shape in self._open.items())
        return still_open, to_bytes(self._starts), to_bytes(self._ends), to_bytes(self._widths), to_bytes(self._numbers)

    @staticmethod
    def of(written: Written) -> "Shapes":
        made, (still_open, starts, ends, widths, numbers) = Shapes(), written
        made._open = {start: None if shape is None else Distribution(shape[1:], shape[0]) for start, shape in still_open}
        made._starts, made._ends = from_bytes("q", starts), from_bytes("q", ends)
        made._widths, made._numbers = from_bytes("d", widths), from_bytes("d", numbers)
        return made
