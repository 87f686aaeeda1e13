"""Time ranges of requests, read as their caller means them. The sandbox's clock may run ahead of the wall's; a caller who asks for
"the last hour" computes it from his own clock, and gets the sandbox's last hour.

When a range ends at the caller's now is told by the request's signature, which carries the caller's date (X-Amz-Date).
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

EARLIER, LATER = timedelta(minutes=5), timedelta(minutes=1)
"""How far from the caller's now an end still means now: callers round down to five minutes, and a little up."""


def shift(end: datetime, headers: Mapping[str, str], now: datetime) -> timedelta:
    """What to add to both ends of a range that ends at `end`; nothing when it does not end at the caller's now, or ends nearer to the
    sandbox's `now` (a caller who knows the sandbox's clock)."""
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
