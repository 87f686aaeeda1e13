"""Scheduled events of instances (EC2-34): what AWS announces for an instance, when it happens, and what became of it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from sandbox.core.persisted import persisted

NOTICE = timedelta(minutes=60)  # a new start is at least that far away
SOON = timedelta(minutes=5)  # an event that begins within that time cannot be moved
STOPS = ("instance-stop", "instance-retirement")
"""The codes whose instance is stopped; the others reboot it. AWS retires an instance with an EBS root volume by stopping it."""


@persisted("ec2.ScheduledEventState")
class EventState(Enum):
    ACTIVE = "active"
    COMPLETED = "completed"
    CANCELED = "canceled"


PREFIXES = {EventState.ACTIVE: "", EventState.COMPLETED: "[Completed] ", EventState.CANCELED: "[Canceled] "}


@persisted("ec2.ScheduledEvent")
@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledEvent:
    event_id: str  # "instance-event-0123456789abcdef0"
    code: str
    text: str
    not_before: datetime
    not_after: datetime | None = None
    deadline: datetime | None = None  # until when it can be moved; None: it cannot
    state: EventState = EventState.ACTIVE

    @property
    def active(self) -> bool:
        return self.state is EventState.ACTIVE

    @property
    def description(self) -> str:
        return PREFIXES[self.state] + self.text

    def moved_to(self, start: datetime) -> "ScheduledEvent":
        """It begins then, and lasts as long."""
        return replace(self, not_before=start, not_after=self.not_after and start + (self.not_after - self.not_before))

    def as_aws(self) -> dict[str, str | datetime]:
        """InstanceStatusEvent."""
        found: dict[str, str | datetime | None] = {
            "InstanceEventId": self.event_id,
            "Code": self.code,
            "Description": self.description,
            "NotBefore": self.not_before,
            "NotAfter": self.not_after,
            "NotBeforeDeadline": self.deadline,
        }
        return {name: value for name, value in found.items() if value is not None}
