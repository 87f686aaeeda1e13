"""Time ranges of requests, moved from the caller's clock to the sandbox's. The sandbox's clock may run ahead of the wall clock. A caller
who asks for "the last hour" computes it from their own clock and gets the sandbox's last hour.

The request's signature carries the caller's time (X-Amz-Date), which shows whether a range ends at the caller's now.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

EARLIER, LATER = timedelta(minutes=5), timedelta(minutes=1)
"""An end within this distance of the caller's now means now: callers round down to five minutes, or slightly up."""


def shift(end: datetime, headers: Mapping[str, str], now: datetime) -> timedelta:
    """What to add to both ends of a range that ends at `end`. Zero if it does not end at the caller's now, or if it ends nearer to the
    sandbox's `now` (the caller uses the sandbox's clock)."""
    caller = _date(headers)
    if caller is None or not caller - EARLIER <= end <= caller + LATER:
        return timedelta(0)
    if abs(now - end) <= abs(caller - end):
        return timedelta(0)
    return now - caller


def _date(headers: Mapping[str, str]) -> datetime | None:
    text = next((value for name, value in headers.items() if name.lower() == "x-amz-date"), None)
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) if text else None
    except ValueError:
        return None
