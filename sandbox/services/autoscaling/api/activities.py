"""DescribeScalingActivities: which activities it returns, in which order, and with which members (ASG-56, section 2.5)."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.core.text import at
from sandbox.services.autoscaling import errors
from sandbox.services.autoscaling.activity_model import Activity
from sandbox.services.autoscaling.state.store import aware

MOST = 100  # a page
PART_OF_A_SECOND = timedelta(microseconds=999_999)  # added before a time is cut to seconds: rounds up
FILTERS = ("StartTimeLowerBound", "StartTimeUpperBound", "Status")
Found = tuple[Any, Activity]  # moto's group, which may be deleted, and its activity


def select(backend: Any, given: Mapping[str, Any]) -> list[Found]:
    """The activities that the request selects: open ones first, then the newest start first."""
    name, ids = given.get("AutoScalingGroupName"), given.get("ActivityIds")
    existing = [(group, a) for group in backend.autoscaling_groups.values() for a in group.sandbox.activities.values()]
    found = existing + (list(backend.deleted_activities) if given.get("IncludeDeletedGroups") else [])
    if name and name not in backend.autoscaling_groups and not any(group.name == name for group, _ in found):
        raise errors.unknown_group(name)
    chosen = [(g, a) for g, a in found if (not name or g.name == name) and (not ids or a.id in ids)]
    for filter_ in given.get("Filters") or []:
        chosen = [each for each in chosen if _passes(each[1], filter_["Name"], filter_["Values"])]
    newest_first = sorted(chosen, key=lambda each: each[1].start)[::-1]
    return sorted(newest_first, key=lambda each: each[1].end is not None)


def _passes(activity: Activity, name: str, values: list[str]) -> bool:
    match name:
        case "Status":
            return activity.status.value in values
        case "StartTimeLowerBound":
            return activity.start >= _time(values[0])
        case "StartTimeUpperBound":
            return activity.start <= _time(values[0])
    raise errors.invalid(f"Invalid filter name: {name}. Valid filters are: {', '.join(FILTERS)}.")


def _time(text: str) -> datetime:
    try:
        return aware(datetime.fromisoformat(text)).astimezone(UTC)
    except ValueError:
        raise errors.invalid(f"The timestamp '{text}' is not valid. Write it as 2026-01-02T03:04:05Z.") from None


def wire(group: Any, activity: Activity) -> dict[str, Any]:
    """As the API returns it: the start in milliseconds, the end in whole seconds and never before the start."""
    exists = group.autoscaling_backend.autoscaling_groups.get(group.name) is group
    return {
        "ActivityId": activity.id,
        "AutoScalingGroupName": group.name,
        "Description": activity.description,
        "Cause": activity.cause,
        "StartTime": activity.start.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "EndTime": at(activity.end + PART_OF_A_SECOND) if activity.end else None,
        "StatusCode": activity.status.value,
        "StatusMessage": activity.status_message,
        "Progress": activity.progress,
        "Details": _details(activity),
        "AutoScalingGroupState": "InService" if exists else "Deleted",
        "AutoScalingGroupARN": group.arn,
    }


def _details(activity: Activity) -> str:
    given = {"Subnet ID": activity.subnet_id, "Availability Zone": activity.zone}
    return json.dumps({name: value for name, value in given.items() if value}, separators=(",", ":"))
