"""What ModifyInstanceEventStartTime and ReportInstanceStatus may contain."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.services.ec2 import errors
from sandbox.services.ec2.events_model import NOTICE, SOON, ScheduledEvent

REASONS = (
    "instance-stuck-in-state", "unresponsive", "not-accepting-credentials", "password-not-available", "performance-network",
    "performance-instance-store", "performance-ebs-volume", "performance-other", "other",
)  # fmt: skip


def check_new_start(event: ScheduledEvent, start: datetime, now: datetime) -> None:
    """EC2-34: only an event with a deadline that has not begun, to a time from an hour from now up to the deadline."""
    if not event.active or event.deadline is None:
        raise errors.wrong_event_start(f"The event '{event.event_id}' cannot be rescheduled.")
    if event.not_before - now < SOON:
        raise errors.wrong_event_start(f"The event '{event.event_id}' begins within 5 minutes and cannot be rescheduled.")
    if start < now + NOTICE:
        raise errors.wrong_event_start("The new start time must be at least 60 minutes from now.")
    if start > event.deadline:
        raise errors.wrong_event_start(f"The new start time must not be after the deadline {event.deadline:%Y-%m-%dT%H:%M:%SZ}.")


def check_report(parameters: Mapping[str, Any]) -> None:
    if (status := parameters.get("Status")) not in ("ok", "impaired"):
        raise errors.wrong_value(str(status), "Status")
    if wrong := next((code for code in parameters.get("ReasonCodes", []) if code not in REASONS), None):
        raise errors.wrong_value(wrong, "ReasonCode")
