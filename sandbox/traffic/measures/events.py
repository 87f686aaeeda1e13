"""The journal's events as frozen values, from the answer of GET /_sandbox/events; and what they say of targets, alarms and activities."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.traffic.measures.levels import Levels

STATE_CHANGE, STATUS_CHECK = "EC2 Instance State-change Notification", "Instance Status Check Change"
TARGET = "Target Health State Change"
ALARM = "CloudWatch Alarm State Change"
LAUNCHED, NOT_LAUNCHED = "EC2 Instance Launch Successful", "EC2 Instance Launch Unsuccessful"
STARTED, ENDED, TERMINATED = "Scaling Activity Started", "Scaling Activity Ended", "EC2 Instance Terminate Successful"
DESIRED = "Desired Capacity Change"
GONE = ("shutting-down", "terminated", "stopping", "stopped")
LAUNCHES = re.compile(r"launches (\d+) instance")


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEvent:
    id: str
    at: datetime  # sandbox time
    source: str  # "aws.ec2"
    kind: str  # the detail type, as EventBridge calls it
    summary: str
    resources: tuple[str, ...]
    detail: Mapping[str, Any]
    cause: str | None = None  # id of the event that led to it

    def about(self, name: str) -> bool:
        return name in self.resources


def event_of(given: Mapping[str, Any]) -> JournalEvent:
    """One of the answer's "events"."""
    return JournalEvent(
        id=given["id"],
        at=datetime.fromisoformat(given["time"]),
        source=given["source"],
        kind=given["detail-type"],
        summary=given["summary"],
        resources=tuple(given["resources"]),
        detail=given["detail"],
        cause=given["cause"],
    )


def of_kind(events: Iterable[JournalEvent], *kinds: str) -> list[JournalEvent]:
    return [event for event in events if event.kind in kinds]


def healthy_targets(events: Iterable[JournalEvent], target_group: str, chosen: Callable[[str], bool] = lambda _: True) -> Levels:
    """The number of healthy targets of the target group (its name). `chosen`: instance id → whether it counts, for one zone's targets."""
    health: dict[str, bool] = {}
    points: list[tuple[datetime, float]] = []
    for event in of_kind(events, TARGET):
        target = str(event.detail["target"]["id"])
        if event.detail["target-group"] == target_group and chosen(target):
            health[target] = event.detail["state"] == "healthy"
            points.append((event.at, float(sum(health.values()))))
    return Levels(tuple(points))


def in_service(events: Iterable[JournalEvent], group: str) -> Levels:
    """The number of the group's instances in service: launched, and neither taken out of service nor stopped."""
    serving: set[str] = set()
    points: list[tuple[datetime, float]] = []
    for event in of_kind(events, LAUNCHED, STARTED, STATE_CHANGE):
        if event.kind == STATE_CHANGE and event.detail["state"] in GONE:
            serving.discard(event.detail["instance-id"])
        elif event.kind == LAUNCHED and event.about(group):
            serving.add(event.detail["EC2InstanceId"])
        elif event.kind == STARTED and event.about(group):
            serving -= set(event.resources)
        points.append((event.at, float(len(serving))))
    return Levels(tuple(points))


def desired_capacity(events: Iterable[JournalEvent], group: str) -> Levels:
    found = [event for event in of_kind(events, DESIRED) if event.about(group)]
    return Levels(tuple((event.at, float(event.detail["NewDesiredCapacity"])) for event in found))


def activities_in_progress(events: Iterable[JournalEvent], group: str) -> Levels:
    """The number of instances of the group that are being launched or terminated."""
    progress = _Progress()
    points: list[tuple[datetime, float]] = []
    for event in of_kind(events, STARTED, ENDED, LAUNCHED, NOT_LAUNCHED, TERMINATED):
        if event.about(group):
            progress.note(event, [name for name in event.resources if name.startswith("i-")])
            points.append((event.at, float(progress.launching + len(progress.leaving))))
    return Levels(tuple(points))


class _Progress:
    """The start of a launch says how many instances, and names none; each success, and each later failure, names one. A launch that EC2
    refuses names none, and none of its instances was launched."""

    def __init__(self) -> None:
        self.launching, self.leaving = 0, set[str]()
        self._asked = 0  # instances of the last launch

    def note(self, event: JournalEvent, instances: list[str]) -> None:
        if event.kind == STARTED and instances:
            self.leaving |= set(instances)
        elif event.kind == STARTED:
            found = LAUNCHES.search(event.summary)
            self._asked = int(found[1]) if found else 1
            self.launching += self._asked
        elif event.kind in (LAUNCHED, NOT_LAUNCHED):
            self.launching = max(0, self.launching - (len(instances) or self._asked))
        else:
            self.leaving -= set(instances)
