"""Validation of requests for scheduled actions (ASG-108): AWS's error, or the action that the request describes.

Checks against the group and its other actions are in api/schedules.py.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sandbox.aws.context import context
from sandbox.services.autoscaling import errors
from sandbox.services.autoscaling.decide import schedules
from sandbox.services.autoscaling.schedule_model import ScheduledAction
from sandbox.services.autoscaling.state.store import aware

MOST_IN_A_BATCH = 50
SIZES = ("MinSize", "MaxSize", "DesiredCapacity")


def batch(given: Iterable[Any]) -> None:
    if len(list(given)) > MOST_IN_A_BATCH:
        raise errors.invalid(f"The number of scheduled actions must not exceed {MOST_IN_A_BATCH}.")


def action(arn: str, key: tuple[str, str], given: Mapping[str, Any]) -> ScheduledAction:
    now = context().clock.now()
    start, end = moment(given.get("StartTime") or given.get("Time")), moment(given.get("EndTime"))
    _check_times(start, end, now)
    scheduled = ScheduledAction(
        arn=arn,
        name=key[1],
        auto_scaling_group_name=key[0],
        due=_due(given, start, now),
        start=start,
        end=end,
        recurrence=given.get("Recurrence") or None,
        time_zone=given.get("TimeZone") or None,
        min_size=given.get("MinSize"),
        max_size=given.get("MaxSize"),
        desired_capacity=given.get("DesiredCapacity"),
    )
    if end is not None and scheduled.due > end:
        raise errors.invalid("The scheduled action would never run: its first time is after the end time.")
    _check_sizes(given)
    return scheduled


def _check_times(start: datetime | None, end: datetime | None, now: datetime) -> None:
    if start is not None and start < now:
        raise errors.invalid("Given start time is in the past")
    if end is not None and end < now:
        raise errors.invalid("Given end time is in the past")
    if start is not None and end is not None and end <= start:
        raise errors.invalid("Given end time is before the start time")


def _due(given: Mapping[str, Any], start: datetime | None, now: datetime) -> datetime:
    recurrence, zone = given.get("Recurrence"), given.get("TimeZone")
    if zone and zone not in schedules.time_zones():
        raise errors.invalid(f"Given time zone {zone} is not valid.")
    if not recurrence:
        if start is None:
            raise errors.invalid("You must specify a StartTime or a Recurrence for a scheduled action.")
        return start
    try:
        first = schedules.next_time(recurrence, zone, now)
    except ValueError as error:
        raise errors.invalid(f"Given recurrence string:{recurrence} is not valid: {error}.") from None
    return start or first


def _check_sizes(given: Mapping[str, Any]) -> None:
    low, high, desired = (given.get(name) for name in SIZES)
    if low is None and high is None and desired is None:
        raise errors.invalid("At least one of MinSize, MaxSize and DesiredCapacity must be specified for a scheduled action.")
    for name, size in zip(SIZES, (low, high, desired), strict=True):
        if size is not None and size < 0:
            raise errors.invalid(f"{name} must not be negative.")
    if low is not None and high is not None and low > high:
        raise errors.bounds_crossed(low, high)
    if desired is not None and not (low or 0) <= desired <= (desired if high is None else high):
        raise errors.desired_out_of_bounds(desired, low or 0, desired if high is None else high)


def moment(given: datetime | str | None) -> datetime | None:
    if given is None:
        return None
    try:
        time = datetime.fromisoformat(given) if isinstance(given, str) else given
    except ValueError:
        raise errors.invalid(f"The timestamp '{given}' is not valid. Write it as 2026-01-02T03:04:05Z.") from None
    return aware(time).astimezone(UTC)
