"""Reads the journal of a run from GET /_sandbox/events. sandbox/traffic/measures/events.py has the values."""

from sandbox.client import SandboxClient
from sandbox.traffic.measures.events import (
    ALARM,
    DESIRED,
    LAUNCHED,
    STARTED,
    STATE_CHANGE,
    STATUS_CHECK,
    TARGET,
    JournalEvent,
    event_of,
    of_kind,
)
from sandbox.traffic.measures.events import NOT_LAUNCHED as LAUNCH_FAILED
from sandbox.traffic.measures.events import TERMINATED as LEFT

__all__ = [
    "ALARM",
    "API_CALL",
    "DESIRED",
    "FAULT_BEGAN",
    "FAULT_ENDED",
    "LAUNCHED",
    "LAUNCH_FAILED",
    "LEFT",
    "STARTED",
    "STATE_CHANGE",
    "STATUS_CHECK",
    "TARGET",
    "JournalEvent",
    "events_since",
    "last_id",
    "of_kind",
]

API_CALL = "AWS API Call via CloudTrail"
FAULT_BEGAN, FAULT_ENDED = "Fault Injected", "Fault Cleared"


def last_id(client: SandboxClient) -> str | None:
    """The id of the newest event now; None: there is none."""
    found = client.get("events", newest=1)["last"]
    return str(found) if found else None


def events_since(client: SandboxClient, after: str | None) -> tuple[JournalEvent, ...]:
    """All events after that one, oldest first."""
    found: list[JournalEvent] = []
    while True:
        answer = client.get("events", after=after or "e0")
        found += [event_of(given) for given in answer["events"]]
        if not answer["events"]:
            return tuple(found)
        after = answer["last"]
