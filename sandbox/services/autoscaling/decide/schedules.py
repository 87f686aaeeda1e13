"""Scheduled actions: when each is due, in its time zone, and the size that it gives the group. Pure (ASG-108, section 2.9).

An action stores the time of its next run. If that time passed while the sandbox was off, the action runs once when the sandbox is back.
"""

from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from sandbox.core.control import Decision
from sandbox.core.events import Event
from sandbox.services.autoscaling.actions import RunScheduledAction
from sandbox.services.autoscaling.decide import events, texts
from sandbox.services.autoscaling.schedule_model import GroupSize, Schedule, ScheduledAction

FIELDS = 5  # minute, hour, day of month, month, day of week


def decide(schedule: Schedule, now: datetime) -> Decision[None]:
    """The actions that are due, in the order of their times: each starts from the size that the one before it left."""
    runs: list[RunScheduledAction] = []
    for action in sorted((a for a in schedule.actions if a.due <= now), key=lambda action: action.due):
        size = next((run.size for run in reversed(runs) if run.size), schedule.size)
        runs.append(_run(replace(schedule, size=size), action, now))
    upcoming = [a.due for a in schedule.actions if a.due > now] + [run.next_run.due for run in runs if run.next_run]
    return Decision(memory=None, actions=tuple(runs), look_again=min(upcoming) - now if upcoming else None)


def _run(schedule: Schedule, action: ScheduledAction, now: datetime) -> RunScheduledAction:
    run = RunScheduledAction(name=action.name, next_run=next_run(action, now))
    if schedule.suspended:  # ASG-95
        return replace(run, event=_event(schedule, action, "is skipped: the process ScheduledActions is suspended"))
    try:
        size = resized(action, schedule.size)
    except ValueError as error:
        return replace(run, event=_event(schedule, action, f"failed: {error}"))
    low, high, desired = size.min_size, size.max_size, size.desired_capacity
    sentence = texts.scheduled(now, (low, high, desired), schedule.size.desired_capacity)
    event = _event(schedule, action, f"runs: min {low}, max {high}, desired {desired}")
    return replace(run, size=size, sentence=sentence, event=event)


def _event(schedule: Schedule, action: ScheduledAction, what: str) -> Event:
    group = schedule.auto_scaling_group_name
    subject = events.Subject(group=group, cause=schedule.causes.get(action.name), other_resources=(action.name,))
    return events.event(events.SCHEDULE, f"scheduled action {action.name} of {group} {what}", subject)


def next_run(action: ScheduledAction, now: datetime) -> ScheduledAction | None:
    """The action with the time of its next run; None: it does not run again."""
    if action.recurrence is None:
        return None
    due = next_time(action.recurrence, action.time_zone, now)
    return None if action.end is not None and due > action.end else replace(action, due=due, start=due)


def next_time(recurrence: str, time_zone: str | None, after: datetime) -> datetime:
    """The first time after `after` that matches the cron expression in the time zone.

    Raises ValueError when the expression is invalid or matches no time."""
    if len(recurrence.split()) != FIELDS:
        raise ValueError(f"{recurrence!r} does not have {FIELDS} fields")
    local = after.astimezone(ZoneInfo(time_zone or "UTC"))
    try:
        return next(CronSim(recurrence, local)).astimezone(UTC)
    except CronSimError as error:
        raise ValueError(str(error)) from None
    except StopIteration:
        raise ValueError(f"{recurrence!r} matches no time") from None


@lru_cache(maxsize=1)
def time_zones() -> frozenset[str]:
    """IANA names. Cached: reading them means listing the data files."""
    return frozenset(available_timezones())


def resized(action: ScheduledAction, size: GroupSize) -> GroupSize:
    """The group's size after the action. Raises ValueError when the sizes contradict each other."""
    low = size.min_size if action.min_size is None else action.min_size
    high = size.max_size if action.max_size is None else action.max_size
    if low > high:
        raise ValueError(f"Max bound, {high}, must be greater than or equal to min bound, {low}")
    desired = action.desired_capacity
    if desired is None:
        desired = min(max(size.desired_capacity, low), high)  # ASG-4
    elif not low <= desired <= high:
        raise ValueError(f"Desired capacity:{desired} must be between the specified min size:{low} and max size:{high}")
    return GroupSize(min_size=low, max_size=high, desired_capacity=desired)
