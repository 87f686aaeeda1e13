"""A value that changes in steps, such as the number of healthy targets: from each moment to the next one it has the given value."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Levels:
    """Raises ValueError when the moments are not in order."""

    points: tuple[tuple[datetime, float], ...]
    before: float = 0.0  # the value before the first moment

    def __post_init__(self) -> None:
        if any(earlier > later for (earlier, _), (later, _) in pairwise(self.points)):
            raise ValueError("the moments of levels are not in order")

    def at(self, moment: datetime) -> float:
        found = bisect_right(self.points, moment, key=lambda point: point[0])
        return self.points[found - 1][1] if found else self.before

    def steps(self, until: datetime) -> list[tuple[datetime, float]]:
        """The points up to that moment, without those that change nothing; at the same moment, the last one counts."""
        last = dict(self.points)
        value, found = self.before, []
        for at, after in last.items():
            if after != value and at <= until:
                value = after
                found.append((at, value))
        return found

    def changes(self, since: datetime, until: datetime) -> Iterator[datetime]:
        return (at for at, _ in self.points if since < at < until)


def moments_of(levels: Iterable[Levels], since: datetime, until: datetime) -> list[datetime]:
    """Both ends, and in between each moment at which one of them changes, in order."""
    inside = {at for each in levels for at in each.changes(since, until)}
    return [since, *sorted(inside), until]


def integral(levels: Iterable[Levels], value: Callable[[datetime], float], since: datetime, until: datetime) -> float:
    """∫ value dt in sandbox seconds. `value` changes only where one of the levels does."""
    moments = moments_of(levels, since, until)
    return sum(value(at) * (later - at).total_seconds() for at, later in pairwise(moments))


def lowest(levels: Iterable[Levels], value: Callable[[datetime], float], since: datetime, until: datetime) -> float:
    return min(value(at) for at in moments_of(levels, since, until)[:-1])


def first_held(
    levels: Iterable[Levels], condition: Callable[[datetime], bool], since: datetime, until: datetime, hold: timedelta
) -> datetime | None:
    """The first moment from which the condition holds for at least `hold` until `until`. None: never, or not seen for long enough.

    The condition changes only where one of the levels does."""
    began: datetime | None = None
    for at, later in pairwise(moments_of(levels, since, until)):
        if not condition(at):
            began = None
            continue
        began = began or at
        if later - began >= hold:
            return began
    return None
