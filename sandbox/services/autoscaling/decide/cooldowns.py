"""The cooldown of a group (SCL-34, SCL-35): a launch or termination blocks simple policies, and requests that honor the cooldown. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sandbox.services.autoscaling.activity_model import Activity


def blocking(activities: Iterable[Activity], default_cooldown: timedelta, now: datetime) -> Activity | None:
    """The first launch or termination that is still open, or whose cooldown has not passed since its end; None: nothing blocks."""
    for activity in activities:
        if activity.kind.changes_size and (activity.end is None or now < activity.end + _cooldown(activity, default_cooldown)):
            return activity
    return None


def _cooldown(activity: Activity, default: timedelta) -> timedelta:
    own = activity.trigger.cooldown if activity.trigger else None
    return default if own is None else own
