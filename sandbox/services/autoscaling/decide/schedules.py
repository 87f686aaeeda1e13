"""Scheduled actions: when each is due, in whose time zone, and what the loop does about it. Pure (ASG-108, section 2.9).

An action keeps the moment when it is next due. A moment that passed while the sandbox was off is made good once, as AWS would have met it.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from sandbox.core.control import Action, Decision
from sandbox.core.persisted import persisted

FIELDS = 5  # minute, hour, day of month, month, day of week


@persisted("autoscaling.ScheduledAction")
@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledAction:
    arn: str
    name: str
    auto_scaling_group_name: str
    due: datetime  # when it runs next
    start: datetime | None = None
    end: datetime | None = None  # None: it recurs for ever
    recurrence: str | None = None  # None: once
    time_zone: str | None = None  # None: UTC
    min_size: int | None = None  # None: left as it is; so are the other two
    max_size: int | None = None
    desired_capacity: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The picture of one group's actions."""

    actions: tuple[ScheduledAction, ...]
    suspended: bool = False  # the process ScheduledActions


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAction(Action):
    """`again`: the action as it is kept for its next time; None: it is forgotten. `skipped`: the group is left as it is."""

    action: ScheduledAction
    again: ScheduledAction | None
    skipped: bool


def decide(schedule: Schedule, now: datetime) -> Decision[None]:
    due = sorted((a for a in schedule.actions if a.due <= now), key=lambda action: action.due)
    runs = tuple(RunAction(action=a, again=following(a, now), skipped=schedule.suspended) for a in due)
    coming = [a.due for a in schedule.actions if a.due > now] + [run.again.due for run in runs if run.again]
    return Decision(memory=None, actions=runs, look_again=min(coming) - now if coming else None)


def following(action: ScheduledAction, now: datetime) -> ScheduledAction | None:
    """The action after it ran: with its next time, or None when it has had its last."""
    if action.recurrence is None:
        return None
    due = next_time(action.recurrence, action.time_zone, now)
    return None if action.end is not None and due > action.end else replace(action, due=due, start=due)


def next_time(recurrence: str, time_zone: str | None, after: datetime) -> datetime:
    """The first moment after `after` that the cron expression means in the time zone. Raises ValueError: it is none, or never comes."""
    if len(recurrence.split()) != FIELDS:
        raise ValueError(f"{recurrence!r} does not have {FIELDS} fields")
    local = after.astimezone(ZoneInfo(time_zone or "UTC"))
    try:
        return next(CronSim(recurrence, local)).astimezone(UTC)
    except CronSimError as error:
        raise ValueError(str(error)) from None
    except StopIteration:
        raise ValueError(f"{recurrence!r} never comes") from None


@lru_cache(maxsize=1)
def time_zones() -> frozenset[str]:
    """IANA names; reading them takes a walk over the data files."""
    return frozenset(available_timezones())


def bounds(action: ScheduledAction, low: int, high: int, desired: int) -> tuple[int, int, int]:
    """Min, max and desired after the action. Raises ValueError when they cannot be."""
    low = low if action.min_size is None else action.min_size
    high = high if action.max_size is None else action.max_size
    if low > high:
        raise ValueError(f"Max bound, {high}, must be greater than or equal to min bound, {low}")
    wanted = action.desired_capacity
    if wanted is not None and not low <= wanted <= high:
        raise ValueError(f"Desired capacity:{wanted} must be between the specified min size:{low} and max size:{high}")
    return low, high, min(max(desired, low), high) if wanted is None else wanted
