"""What a game day is worth. Pure."""

from collections.abc import Collection, Iterable
from datetime import timedelta

from sandbox.core.events import Event

FULL, LEAST = 1000, 100  # points of the right answer: at once, and at the latest
PER_SECOND = 1  # of sandbox time between the fault and the right answer
WRONG, HARM = -100, -50
HARMFUL = ("TerminateInstances", "StopInstances", "RebootInstances", "TerminateInstanceInAutoScalingGroup")


def found_after(time: timedelta) -> int:
    return max(LEAST, FULL - int(time.total_seconds()) * PER_SECOND)


def needless(events: Iterable[Event], hit: Collection[str]) -> int:
    """How many times somebody took an instance away that the fault did not touch, or injected a fault of their own."""
    return sum(len(_harmed(each) - set(hit)) if each.detail_type != "Fault Injected" else 1 for each in events)


def _harmed(event: Event) -> set[str]:
    detail = event.detail
    by_a_service = str(detail.get("sourceIPAddress", "")).endswith(".amazonaws.com")
    if detail.get("eventName") not in HARMFUL or by_a_service or detail.get("errorCode"):
        return set()
    return {name for name in event.resources if name.startswith("i-")}
