"""Times in requests, moved from the caller's clock to the sandbox's. The sandbox's clock may run ahead of the wall clock. A caller who asks
for "the last hour" computes it from their own clock and gets the sandbox's last hour; a value that they measured now is one of the
sandbox's now.

The request's signature carries the caller's time (X-Amz-Date), which shows whether a time is the caller's now.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

EARLIER, LATER = timedelta(minutes=5), timedelta(minutes=1)
"""A time within this distance of the caller's now means now: callers round down to five minutes, or slightly up."""
SMALL = timedelta(minutes=1)
"""Clocks that differ by less are not told apart: a range is extended and not moved, so that it has what it has by either clock."""


def shift(moment: datetime, headers: Mapping[str, str], now: datetime) -> timedelta:
    """What to add to `moment`. Zero if it is not the caller's now, or if it is nearer to the sandbox's `now` (the caller uses the
    sandbox's clock)."""
    caller = _date(headers)
    if caller is None or not caller - EARLIER <= moment <= caller + LATER:
        return timedelta(0)
    if abs(now - moment) <= abs(caller - moment):
        return timedelta(0)
    return now - caller


def moved(moment: datetime, headers: Mapping[str, str], now: datetime) -> datetime:
    """A time of measurement, by the sandbox's clock."""
    more = shift(moment, headers, now)
    return moment if abs(more) < SMALL else moment + more


def moved_range(start: float, end: float, headers: Mapping[str, str], now: datetime) -> tuple[float, float]:
    """A range that ends at the caller's now ends at the sandbox's, and one that goes beyond it goes as far beyond the sandbox's. In seconds
    since 1970."""
    caller = _date(headers)
    if caller is not None and start <= caller.timestamp() and caller + LATER < datetime.fromtimestamp(end, UTC):
        return start, max(end, end + (now - caller).total_seconds())
    more = shift(datetime.fromtimestamp(end, UTC), headers, now)
    seconds = more.total_seconds()
    return (start, max(end, end + seconds)) if abs(more) < SMALL else (start + seconds, end + seconds)


def _date(headers: Mapping[str, str]) -> datetime | None:
    text = next((value for name, value in headers.items() if name.lower() == "x-amz-date"), None)
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) if text else None
    except ValueError:
        return None
