"""The events of a group, for the journal: AWS's detail-types where AWS has one (ASG-93), short titles elsewhere. Pure.

Decisions attach them to their actions; the API operations record them directly.
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
LAUNCH_HOOK = "EC2 Instance-launch Lifecycle Action"
TERMINATE_HOOK = "EC2 Instance-terminate Lifecycle Action"
HOOK = "Lifecycle Hook Change"
HOOK_ENDED = "Lifecycle Action Ended"
REFRESH_STARTED = "EC2 Auto Scaling Instance Refresh Started"
REFRESH_CHECKPOINT = "EC2 Auto Scaling Instance Refresh Checkpoint Reached"
REFRESH_BAKING = "EC2 Auto Scaling Instance Refresh Started Baking"
REFRESH_SUCCEEDED = "EC2 Auto Scaling Instance Refresh Succeeded"
REFRESH_FAILED = "EC2 Auto Scaling Instance Refresh Failed"
REFRESH_CANCELLED = "EC2 Auto Scaling Instance Refresh Cancelled"
ROLLBACK_STARTED = "EC2 Auto Scaling Instance Refresh Rollback Started"
ROLLBACK_SUCCEEDED = "EC2 Auto Scaling Instance Refresh Rollback Succeeded"
ROLLBACK_FAILED = "EC2 Auto Scaling Instance Refresh Rollback Failed"
REFRESH = "Instance Refresh Change"
STARTED = "Scaling Activity Started"
ENDED = "Scaling Activity Ended"
HEALTH = "Instance Health Status Change"
ATTACHMENT = "Load Balancer Target Group State Change"
DESIRED = "Desired Capacity Change"
GROUP = "Auto Scaling Group Change"
POLICY = "Scaling Policy Change"
SCHEDULE = "Scheduled Action"
NOT_PUBLISHED = "Notification Not Published"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What an event is about, and what caused it."""

    group: str
    instance_id: str | None = None
    cause: str | None = None  # id of the event that led here
    other_resources: tuple[str, ...] = ()  # ARNs and names besides the group and the instance

    @property
    def resources(self) -> tuple[str, ...]:
        return (self.group, *((self.instance_id,) if self.instance_id else ()), *self.other_resources)


def event(detail_type: str, summary: str, subject: Subject, detail: Mapping[str, Any] | None = None) -> Event:
    return Event(
        source="aws.autoscaling",
        detail_type=detail_type,
        summary=summary,
        resources=subject.resources,
        detail={"AutoScalingGroupName": subject.group} | dict(detail or {}),
        cause=subject.cause,
    )


def of_activity(detail_type: str, summary: str, subject: Subject, activity: Activity | None) -> Event:
    """With the fields that AWS's own events carry of the activity."""
    detail: dict[str, Any] = {"EC2InstanceId": subject.instance_id} if subject.instance_id else {}
    if activity is not None:
        detail |= {"ActivityId": activity.id, "Description": activity.description, "Cause": activity.cause}
    return event(detail_type, summary, subject, detail)


def marked_unhealthy(subject: Subject, failure: HealthFailure) -> Event:
    summary = f"{subject.group} marks {subject.instance_id} Unhealthy: {failure.value}"
    return event(HEALTH, summary, subject, {"EC2InstanceId": subject.instance_id, "HealthStatus": "Unhealthy"})
