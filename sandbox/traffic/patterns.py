"""How the rate of a plan's requests changes over time: a curve of straight lines, as a share of the plan's rate. Pure.

`Plan.offsets` turns it into planned sends. Times are real seconds after the start of the traffic.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

DIURNAL_POINTS = 48  # straight lines in one period of a diurnal pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """Raises ValueError when the points are not in order, begin after 0, or are below 0."""

    name: str  # constant | ramp | steps | flash | diurnal
    points: tuple[tuple[float, float], ...]  # (seconds, share of the rate); two points at the same time are a jump
    repeats: bool = False  # after its last point, the curve begins again; otherwise the last share holds

    def __post_init__(self) -> None:
        times = [seconds for seconds, _ in self.points]
        if not times or times[0] != 0 or times != sorted(times) or any(not 0 <= share < math.inf for _, share in self.points):
            raise ValueError(f"invalid pattern {self.points}: expected times from 0 in order, and shares of 0 or more")
        if self.repeats and times[-1] <= 0:
            raise ValueError(f"invalid pattern {self.points}: a pattern that repeats needs a length above 0")

    @property
    def highest(self) -> float:
        return max(share for _, share in self.points)

    def share_at(self, seconds: float) -> float:
        """The share of the plan's rate at that time; at a jump, the share after it."""
        if self.repeats:
            seconds %= self.points[-1][0]
        for (begin, low), (end, high) in pairwise(self.points):
            if begin <= seconds < end:
                return low + (high - low) * (seconds - begin) / (end - begin)
        return self.points[-1][1]

    def moments(self, areas: Iterable[float]) -> Iterator[float]:
        """For each area below the curve (increasing): when it is reached. Ends when the curve never reaches it."""
        lines = self._lines()
        begin, end, low, high = next(lines)
        before = 0.0  # the area below the lines so far
        for area in areas:
            while area - before >= (size := (low + high) / 2 * (end - begin) if low + high else 0.0):
                before += size
                following = next(lines, None)
                if following is None:
                    return
                begin, end, low, high = following
            yield begin + ((area - before) / low if low == high else _time_of(area - before, low, high, end - begin))

    def _lines(self) -> Iterator[tuple[float, float, float, float]]:
        """(begin, end, share at the begin, share at the end) of each line that has a length."""
        start = 0.0
        while True:
            for (begin, low), (end, high) in pairwise(self.points):
                if end > begin:
                    yield start + begin, start + end, low, high
            if not self.repeats:
                break
            start += self.points[-1][0]
        yield self.points[-1][0], math.inf, self.points[-1][1], self.points[-1][1]


def _time_of(area: float, low: float, high: float, length: float) -> float:
    """When the area below one line is reached: area = low × t + (high - low) / length × t² / 2, solved for t."""
    if not area:
        return 0.0
    growth = (high - low) / length
    root = math.sqrt(max(low * low + 2 * growth * area, 0.0))
    return 2 * area / (low + root)


def constant() -> Pattern:
    return Pattern(name="constant", points=((0.0, 1.0),))


def ramp(seconds: float, start: float = 0.0) -> Pattern:
    """From the share `start` to 1 within that time."""
    return Pattern(name="ramp", points=((0.0, start), (float(seconds), 1.0)))


def steps(*levels: tuple[float, float]) -> Pattern:
    """Each (seconds, share): from then on, that share of the rate. The first is at 0."""
    points = [levels[0]] if levels else []
    for (_, before), (seconds, share) in pairwise(levels):
        points += [(seconds, before), (seconds, share)]
    return Pattern(name="steps", points=tuple(points))


def flash(at: float, seconds: float, factor: float) -> Pattern:
    """The rate multiplied by `factor` from `at` for that many seconds."""
    end = at + seconds
    return Pattern(name="flash", points=((0.0, 1.0), (at, 1.0), (at, factor), (end, factor), (end, 1.0)))


def diurnal(period: float, lowest: float) -> Pattern:
    """A day of that many seconds, from the share `lowest` up to 1 and back, as a cosine."""
    turns = [number / DIURNAL_POINTS for number in range(DIURNAL_POINTS + 1)]
    points = tuple((turn * period, lowest + (1 - lowest) * (1 - math.cos(2 * math.pi * turn)) / 2) for turn in turns)
    return Pattern(name="diurnal", points=points, repeats=True)
