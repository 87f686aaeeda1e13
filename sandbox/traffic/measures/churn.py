"""What Auto Scaling did that was not needed: healthy instances terminated, launches in vain, launches that failed."""

import re
from collections import Counter
from collections.abc import Collection, Iterable

from sandbox.traffic.measures.events import LAUNCHED, NOT_LAUNCHED, STARTED, TERMINATED, JournalEvent, of_kind

OTHER = "other"
CODES = (  # the words of a launch's failure, as the group's activity reports it → EC2's error code
    (re.compile(r"do not have sufficient .*capacity|insufficient capacity", re.IGNORECASE), "InsufficientInstanceCapacity"),
    (re.compile(r"vCPU capacity|vCPU limit|VcpuLimitExceeded"), "VcpuLimitExceeded"),
    (re.compile(r"Request limit exceeded|RequestLimitExceeded"), "RequestLimitExceeded"),
    (re.compile(r"internal error|InternalError", re.IGNORECASE), "InternalError"),
    (re.compile(r"Unavailable|overloaded", re.IGNORECASE), "Unavailable"),
)


def launched(events: Iterable[JournalEvent], group: str) -> list[str]:
    """Instances that came into service, in order."""
    return [str(event.detail["EC2InstanceId"]) for event in of_kind(events, LAUNCHED) if event.about(group)]


def terminated(events: Iterable[JournalEvent], group: str) -> list[str]:
    """Instances that the group has begun to terminate, in order."""
    found: dict[str, None] = {}
    for event in of_kind(events, STARTED, TERMINATED):
        if not event.about(group):
            continue
        # A launch's activity names no instance when it starts.
        found |= dict.fromkeys(name for name in event.resources if name.startswith("i-"))
    return list(found)


def needless_kills(events: Iterable[JournalEvent], group: str, broken: Collection[str], excused: Collection[str] = ()) -> list[str]:
    """Instances that the group terminated although nothing was wrong with them. `broken`: instances with a fault; `excused`: those that
    left because fewer were desired, or because an operator replaced them."""
    return [instance for instance in terminated(events, group) if instance not in broken and instance not in excused]


def launch_failures(events: Iterable[JournalEvent], group: str) -> dict[str, int]:
    """EC2's error code → launches that failed, the most first."""
    found = [event for event in of_kind(events, NOT_LAUNCHED) if event.about(group)]
    return dict(Counter(code_of(event.summary) for event in found).most_common())


def code_of(message: str) -> str:
    """The error code of a failed launch's message; "other" for one that is not known."""
    return next((code for pattern, code in CODES if pattern.search(message)), OTHER)


def thrash(launches: int, needed: int) -> float | None:
    """Launches ÷ those that were needed: the growth of the group, and the broken instances that it replaced. 1 is the least; None when
    nothing was launched; infinite when nothing was needed."""
    if not launches:
        return None
    return launches / needed if needed else float("inf")
