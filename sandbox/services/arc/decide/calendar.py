"""When practice runs may start: blocked dates, blocked and allowed windows, all in UTC. Pure (ARC-7).

A window is `Mon:09:00-Mon:17:00`; it starts and ends on the same day.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sandbox.services.arc.model import PracticeConfiguration

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
WINDOW = re.compile(r"(\w{3}):(\d{2}):(\d{2})-(\w{3}):(\d{2}):(\d{2})")


@dataclass(frozen=True, slots=True)
class Window:
    day: int  # 0: Monday
    start: time
    end: time

    def contains(self, now: datetime) -> bool:
        return now.weekday() == self.day and self.start <= now.time() < self.end


def window(text: str) -> Window:
    """Raises ValueError with what is wrong."""
    found = WINDOW.fullmatch(text)
    if found is None or found[1] not in DAYS or found[4] not in DAYS:
        raise ValueError(f"{text} is not a window: write it as Mon:09:00-Mon:17:00")
    if found[1] != found[4]:
        raise ValueError(f"the window {text} must start and end on the same day")
    try:
        start, end = time(int(found[2]), int(found[3])), time(int(found[5]), int(found[6]))
    except ValueError:
        raise ValueError(f"{text} has a time that does not exist") from None
    if start >= end:
        raise ValueError(f"the window {text} must end after its start")
    return Window(DAYS.index(found[1]), start, end)


def in_blocked_date(practice: PracticeConfiguration, now: datetime) -> bool:
    return now.date().isoformat() in practice.blocked_dates


def in_blocked_window(practice: PracticeConfiguration, now: datetime) -> bool:
    return _in_any(practice.blocked_windows, now)


def outside_allowed_windows(practice: PracticeConfiguration, now: datetime) -> bool:
    return bool(practice.allowed_windows) and not _in_any(practice.allowed_windows, now)


def is_open(practice: PracticeConfiguration, now: datetime) -> bool:
    """Whether neither dates nor windows forbid a start now."""
    return not (in_blocked_date(practice, now) or in_blocked_window(practice, now) or outside_allowed_windows(practice, now))


def next_change(practice: PracticeConfiguration, now: datetime) -> datetime:
    """The next moment at which is_open() may answer differently: a midnight, or the start or end of a window."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    edges = [edge for each in (*practice.blocked_windows, *practice.allowed_windows) for edge in (window(each).start, window(each).end)]
    moments = [today + timedelta(days=1), *(today + timedelta(hours=edge.hour, minutes=edge.minute) for edge in edges)]
    return min(moment for moment in moments if moment > now)


def _in_any(windows: Iterable[str], now: datetime) -> bool:
    return any(window(each).contains(now) for each in windows)
