"""Small runs for the tests of measures: records written as letters, and events of the journal."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.traffic.measures.events import JournalEvent
from sandbox.traffic.measures.levels import Levels
from sandbox.traffic.outcomes import Failure, RequestOutcome, classify
from sandbox.traffic.records import Recorder, Records
from sandbox.traffic.rows import Attempt

BEGIN = datetime(2026, 5, 7, 17, 0, tzinfo=UTC)
GROUP, TARGET_GROUP = "web-asg", "web-targets"
A, B, C = "us-east-1a", "us-east-1b", "us-east-1c"

OUTCOMES = {
    ".": (classify(200, "i-1", A), 0.01),
    ",": (classify(200, "i-2", B), 0.02),
    "s": (classify(200, "i-1", A), 0.9),  # slow
    "4": (classify(404, "i-2", B), 0.01),
    "2": (classify(502), 0.01),
    "3": (classify(503), 0.01),
    "5": (classify(500, "i-2", B), 0.01),
    "r": (RequestOutcome(failure=Failure.REFUSED), 0.0),
    "c": (RequestOutcome(failure=Failure.CONNECT_TIMEOUT), 1.0),
    "t": (RequestOutcome(failure=Failure.CLIENT_TIMEOUT, node="127.0.0.1"), 5.0),
    "x": (RequestOutcome(failure=Failure.RESET, node="127.0.0.1"), 0.1),
    "n": (RequestOutcome(failure=Failure.NOT_SENT), 0.0),
}


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def traffic(intents: Sequence[str] | str, rate: float = 1.0, speed: float = 1.0) -> Records:
    """Each intent is the letters of its attempts (OUTCOMES), which follow each other without a wait."""
    recorder = Recorder(BEGIN, speed)
    for number, letters in enumerate(intents):
        attempts, offset = [], number / rate
        for letter in letters:
            outcome, latency = OUTCOMES[letter]
            attempts.append(Attempt(offset, latency, outcome))
            offset += latency
        recorder.add(number, *attempts)
    return recorder.records()


def levels(*points: tuple[float, float], before: float = 0.0) -> Levels:
    return Levels(tuple((at(seconds), value) for seconds, value in points), before)


def event(seconds: float, kind: str, resources: Sequence[str] = (), summary: str = "", **detail: Any) -> JournalEvent:
    return JournalEvent(
        id=f"e{seconds:g}", at=at(seconds), source="aws", kind=kind, summary=summary, resources=tuple(resources), detail=detail
    )


def target(seconds: float, instance: str, previous: str, state: str, group: str = TARGET_GROUP) -> JournalEvent:
    detail: dict[str, Any] = {"target-group": group, "target": {"id": instance, "port": 80}, "previous-state": previous, "state": state}
    return event(seconds, "Target Health State Change", [instance, group], **detail)
