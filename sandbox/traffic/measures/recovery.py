"""Time to mitigate (TTM) and to recover (TTR), from a failure until the service is good again and remains so for `hold`. None: it was not.

What was not seen for as long as `hold` is not taken for a recovery: a run must go on that long.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np

from sandbox.traffic.measures.levels import Levels, first_held
from sandbox.traffic.measures.requests import good
from sandbox.traffic.records import Records

HOLD = timedelta(seconds=60)
STEP = 1.0  # sandbox seconds: the resolution of TTM
FEWEST = 5  # runs whose mean may be called MTTR


def time_to_mitigate(
    records: Records, slo: float, objective: float, since: datetime, *, until: datetime | None = None, hold: timedelta = HOLD
) -> timedelta | None:
    """TTM: until the success of `hold` as a whole is at or above the objective (percent) again. 0: it was never below."""
    chosen = records.between(since, until)
    step = ((chosen.intents["offset"] - records.offset_of(since)) * records.speed // STEP).astype(int)
    width = int(hold.total_seconds() / STEP)
    steps = int(step[-1]) + 1 if len(step) else 0
    if steps < width:
        return None
    sent, whole = np.bincount(step, minlength=steps), np.bincount(step[good(chosen, slo)], minlength=steps)
    success = _window(whole, width) * 100.0 >= objective * _window(sent, width)
    below = np.flatnonzero(~success)
    if not len(below):
        return timedelta(0)
    again = np.flatnonzero(success[below[0] :])
    return timedelta(seconds=float((below[0] + again[0]) * STEP)) if len(again) else None


def _window(counts: "np.ndarray[tuple[int], np.dtype[np.int64]]", width: int) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """The sum of the next `width` counts, from each one that has so many after it."""
    total = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(counts)))
    return total[width:] - total[:-width]


def time_to_capacity(
    healthy: Levels, desired: Levels, since: datetime, until: datetime, *, lost_at: datetime | None = None, hold: timedelta = HOLD
) -> timedelta | None:
    """TTR-cap: until as many targets are healthy as desired. `lost_at`: when the failure was first seen in `healthy`, so that the time
    before it, in which the lost instances still count as healthy, is not taken for a recovery; None: the first fall after `since`."""
    begin = lost_at or first_fall(healthy, since, until) or since
    found = first_held((healthy, desired), lambda at: healthy.at(at) >= desired.at(at), max(begin, since), until, hold)
    return None if found is None else found - since


def time_to_full(
    zones: Mapping[str, Levels], desired: Levels, activities: Levels, since: datetime, until: datetime, *, hold: timedelta = HOLD
) -> timedelta | None:
    """TTR-full: until the desired capacity is healthy, the zones differ by at most one, and no activity is in progress.

    `zones`: the healthy targets of each zone of the group, also of those without any.
    """

    def full(at: datetime) -> bool:
        counts = [each.at(at) for each in zones.values()]
        return sum(counts) >= desired.at(at) and max(counts) - min(counts) <= 1 and not activities.at(at)

    falls = [fall for each in zones.values() if (fall := first_fall(each, since, until))]
    found = first_held((*zones.values(), desired, activities), full, min(falls, default=since), until, hold)
    return None if found is None else found - since


def first_fall(levels: Levels, since: datetime, until: datetime) -> datetime | None:
    """When the value first became lower than it was at `since`."""
    initial = levels.at(since)
    return next((at for at in levels.changes(since, until) if levels.at(at) < initial), None)


def mean_time_to_recover(times: Sequence[timedelta | None]) -> timedelta | None:
    """MTTR: the mean of at least five runs' TTR; None with fewer, or when a run did not recover. One run has no mean."""
    known = [each for each in times if each is not None]
    if len(known) < FEWEST or len(known) < len(times):
        return None
    return sum(known, timedelta(0)) / len(known)
