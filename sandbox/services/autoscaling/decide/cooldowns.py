"""The cooldown of a group (SCL-34, SCL-35): what must end, and how long ago, before a simple policy or a polite request may resize it."""

from datetime import datetime, timedelta
from typing import Any

from sandbox.services.autoscaling.model import Activity, ActivityKind

SIZING = (ActivityKind.LAUNCH, ActivityKind.TERMINATE)


def blocking(group: Any, now: datetime) -> Activity | None:
    """The activity that is still open, or ended so little ago that its cooldown lasts; None: the group is free."""
    for activity in group.sandbox.activities.values():
        if activity.kind not in SIZING:
            continue
        if activity.end is None or now < activity.end + _cooldown(group, activity):
            return activity  # type: ignore[no-any-return]
    return None


def _cooldown(group: Any, activity: Activity) -> timedelta:
    own = activity.trigger.cooldown if activity.trigger else None
    return timedelta(seconds=group.default_cooldown) if own is None else own
