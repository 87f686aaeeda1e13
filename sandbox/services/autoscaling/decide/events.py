"""The events of a group, for the journal: AWS's detail-types where AWS has one (ASG-93), short titles elsewhere. Pure.

Shared by what decides (they travel in steps) and by what answers API requests (api/assembly.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.core.events import Event
from sandbox.services.autoscaling.activity_model import Activity
from sandbox.services.autoscaling.model import HealthFailure

LAUNCHED = "EC2 Instance Launch Successful"
NOT_LAUNCHED = "EC2 Instance Launch Unsuccessful"
TERMINATED = "EC2 Instance Terminate Successful"
STARTED = "Scaling Activity Started"
ENDED = "Scaling Activity Ended"
HEALTH = "Instance Health Status Change"
ATTACHMENT = "Load Balancer Target Group State Change"
DESIRED = "Desired Capacity Change"
GROUP = "Auto Scaling Group Change"
POLICY = "Scaling Policy Change"
SCHEDULE = "Scheduled Action"
UNTOLD = "Notification Not Published"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What an event is about and why."""

    group: str
    instance_id: str | None = None
    cause: str | None = None  # id of the event that led here
    also: tuple[str, ...] = ()  # further resources

    @property
    def resources(self) -> tuple[str, ...]:
        return (self.group, *((self.instance_id,) if self.instance_id else ()), *self.also)


def event(detail_type: str, summary: str, told: Told, detail: Mapping[str, Any] | None = None) -> Event:
    return Event(
        source="aws.autoscaling",
        detail_type=detail_type,
        summary=summary,
        resources=told.resources,
        detail={"AutoScalingGroupName": told.group} | dict(detail or {}),
        cause=told.cause,
    )


def of_activity(detail_type: str, summary: str, told: Told, activity: Activity | None) -> Event:
    """With the fields that AWS's own events carry of the activity."""
    detail: dict[str, Any] = {"EC2InstanceId": told.instance_id} if told.instance_id else {}
    if activity is not None:
        detail |= {"ActivityId": activity.id, "Description": activity.description, "Cause": activity.cause}
    return event(detail_type, summary, told, detail)


def marked_unhealthy(told: Told, failure: HealthFailure) -> Event:
    summary = f"{told.group} marks {told.instance_id} Unhealthy: {failure.value}"
    return event(HEALTH, summary, told, {"EC2InstanceId": told.instance_id, "HealthStatus": "Unhealthy"})
