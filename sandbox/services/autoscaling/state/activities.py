"""The scaling activities of a group: opened, updated, closed and stored (section 2.5). Each function changes moto's group alone."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.moto_api._internal import mock_random

from sandbox.aws.context import context
from sandbox.services.autoscaling.actions import CloseActivity, OpenActivity, UpdateActivity
from sandbox.services.autoscaling.activity_model import Activity, ActivityKind
from sandbox.services.autoscaling.decide import cooldowns, notifications
from sandbox.services.autoscaling.state.store import HISTORY, member_of


def act(group: Any, action: OpenActivity | UpdateActivity | CloseActivity) -> None:
    match action:
        case OpenActivity():
            open_activity(group, action)
        case UpdateActivity():
            update_activity(group, action)
        case CloseActivity():
            close_activity(group, action)


def open_activity(group: Any, opening: OpenActivity) -> Activity:
    """Until it is closed, the activity is the member's open one."""
    member = member_of(group, opening.instance_id) if opening.instance_id else None
    subnet = member.instance.subnet_id if member and opening.kind is not ActivityKind.ATTACH else None  # section 2.5: attach shows none
    activity = Activity(
        id=str(mock_random.uuid4()),
        kind=opening.kind,
        description=opening.description,
        cause=opening.cause,
        start=context().clock.now(),
        end=opening.end,
        status=opening.status,
        progress=opening.progress,
        instance_id=opening.instance_id,
        zone=member.availability_zone if member else None,
        subnet_id=subnet,
        trigger=opening.trigger,
    )
    add(group, activity)
    if member and opening.end is None:
        member.activity_id = activity.id
    return activity


def update_activity(group: Any, update: UpdateActivity) -> None:
    activities = group.sandbox.activities
    activities[update.activity_id] = replace(
        activities[update.activity_id], description=update.description, status=update.status, progress=update.progress
    )


def close_activity(group: Any, closing: CloseActivity) -> None:
    activities = group.sandbox.activities
    activities[closing.activity_id] = replace(
        activities[closing.activity_id],
        description=closing.description,
        status=closing.status,
        status_message=closing.status_message,
        progress=100,
        end=context().clock.now(),
    )
    request_notification(group, activities[closing.activity_id])
    for member in group.instance_states:
        if member.activity_id == closing.activity_id:
            member.activity_id = None


def request_notification(group: Any, activity: Activity) -> None:
    """ASG-119: the controller publishes the activity, when a topic is configured for its type."""
    configured = {kind for kinds in group.sandbox.notifications.values() for kind in kinds}
    if notifications.kind(activity) in configured:
        group.sandbox.pending_notifications.append(activity.id)


def add(group: Any, activity: Activity) -> None:
    """Six weeks of history (ASG-56)."""
    activities = group.sandbox.activities
    activities[activity.id] = activity
    for old in [a for a in activities.values() if a.end is not None and a.start < activity.start - HISTORY]:
        del activities[old.id]


def last_activity_end(group: Any) -> datetime | None:
    """When the last launch or termination of the group ended: the cooldown counts from there (SCL-34)."""
    return max((a.end for a in group.sandbox.activities.values() if a.end and a.kind.changes_size), default=None)


def blocking(group: Any, now: datetime) -> Activity | None:
    """The activity because of which a cooldown is in force (SCL-34, SCL-35); None: there is none."""
    return cooldowns.blocking(group.sandbox.activities.values(), timedelta(seconds=group.default_cooldown), now)
