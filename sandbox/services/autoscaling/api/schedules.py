"""Operations on scheduled actions (ASG-108). schedule_controller.py runs the actions.

One of the parts of `SandboxAutoScaling` (api/assembly.py).
"""

# mypy: allow-subclassing-any

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.moto_api._internal import mock_random
from moto.utilities.utils import get_partition

from sandbox.aws.context import context
from sandbox.aws.seams import adds, replaces
from sandbox.core.errors import ApiError
from sandbox.services.autoscaling import errors
from sandbox.services.autoscaling.api.groups import GroupOperations
from sandbox.services.autoscaling.api.quotas import Quota
from sandbox.services.autoscaling.decide import events, schedules
from sandbox.services.autoscaling.schedule_model import ScheduledAction
from sandbox.services.autoscaling.state.store import aware

MOST_IN_A_BATCH = 50
SIZES = ("MinSize", "MaxSize", "DesiredCapacity")


class ScheduleOperations(GroupOperations):
    """Scheduled actions. `self.scheduled_actions`: (group name, action name) → ScheduledAction."""

    @adds(why="ASG-108: checked, unique by group and by time, and run")
    def put_scheduled_action(self, group_name: str, given: Mapping[str, Any]) -> None:
        group = self.group(group_name)
        self._refuse_while_deleting(group)
        key = (group_name, given["ScheduledActionName"])
        old = self.scheduled_actions.get(key)
        action = _action(self._scheduled_action_arn(key) if old is None else old.arn, key, given)
        for other in self.scheduled_actions.values():
            if other.auto_scaling_group_name == group_name and other.name != action.name and other.due == action.due:
                raise errors.start_time_taken()
        Quota.SCHEDULED_ACTIONS.check(sum(name == group_name for name, _ in {*self.scheduled_actions, key}))
        self.scheduled_actions[key] = action
        summary = (
            f"scheduled action {action.name} of {group_name} is {'updated' if old else 'created'}; it runs next at {action.due:%F %T} UTC"
        )
        context().journal.record(events.event(events.SCHEDULE, summary, events.Subject(group=group_name, other_resources=(action.name,))))

    def _scheduled_action_arn(self, key: tuple[str, str]) -> str:
        prefix = f"arn:{get_partition(self.region_name)}:autoscaling:{self.region_name}:{self.account_id}"
        named = f"autoScalingGroupName/{key[0]}:scheduledActionName/{key[1]}"
        return f"{prefix}:scheduledUpdateGroupAction:{mock_random.uuid4()}:{named}"

    @replaces(why="ASG-108: an unknown group is an error; each action by itself")
    def batch_put_scheduled_update_group_action(self, group_name: str, actions: list[dict[str, Any]]) -> list[dict[str, str]]:
        self.group(group_name)
        _check_batch(actions)
        failed = []
        for given in actions:
            try:
                self.put_scheduled_action(group_name, given)
            except ApiError as error:
                failed.append(_failure(given["ScheduledActionName"], error))
        return failed

    @adds(why="the time window; an unknown group is an error")
    def described_scheduled_actions(self, given: Mapping[str, Any]) -> list[dict[str, Any]]:
        group_name, names = given.get("AutoScalingGroupName"), given.get("ScheduledActionNames") or []
        start, end = _moment(given.get("StartTime")), _moment(given.get("EndTime"))
        if group_name:
            self.group(group_name)
        return [
            _wire(action)
            for action in sorted(self.scheduled_actions.values(), key=lambda action: action.due)
            if group_name in (None, action.auto_scaling_group_name)
            and (not names or action.name in names)
            and (start is None or action.due >= start)
            and (end is None or action.due <= end)
        ]

    @replaces(why="by group and name")
    def delete_scheduled_action(self, auto_scaling_group_name: str, scheduled_action_name: str) -> None:
        group, name = self.group(auto_scaling_group_name), scheduled_action_name
        if (group.name, name) not in self.scheduled_actions:
            raise errors.unknown_scheduled_action(name)
        del self.scheduled_actions[(group.name, name)]
        summary = f"scheduled action {name} of {group.name} is deleted"
        context().journal.record(events.event(events.SCHEDULE, summary, events.Subject(group=group.name, other_resources=(name,))))

    @replaces(why="an unknown group is an error; each action by itself")
    def batch_delete_scheduled_action(self, group_name: str, names: list[str]) -> list[dict[str, str]]:
        self.group(group_name)
        _check_batch(names)
        failed = []
        for name in names:
            try:
                self.delete_scheduled_action(group_name, name)
            except ApiError as error:
                failed.append(_failure(name, error))
        return failed


# ---- checks ------------------------------------------------------------------------------------------------------------------------------


def _check_batch(given: Iterable[Any]) -> None:
    if len(list(given)) > MOST_IN_A_BATCH:
        raise errors.invalid(f"The number of scheduled actions must not exceed {MOST_IN_A_BATCH}.")


def _failure(name: str, error: ApiError) -> dict[str, str]:
    return {"ScheduledActionName": name, "ErrorCode": error.code, "ErrorMessage": error.message}


def _action(arn: str, key: tuple[str, str], given: Mapping[str, Any]) -> ScheduledAction:
    now = context().clock.now()
    start, end = _moment(given.get("StartTime") or given.get("Time")), _moment(given.get("EndTime"))
    _check_times(start, end, now)
    action = ScheduledAction(
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
    if end is not None and action.due > end:
        raise errors.invalid("The scheduled action would never run: its first time is after the end time.")
    _check_sizes(given)
    return action


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


def _moment(given: datetime | str | None) -> datetime | None:
    if given is None:
        return None
    try:
        moment = datetime.fromisoformat(given) if isinstance(given, str) else given
    except ValueError:
        raise errors.invalid(f"The timestamp '{given}' is not valid. Write it as 2026-01-02T03:04:05Z.") from None
    return aware(moment).astimezone(UTC)


def _wire(action: ScheduledAction) -> dict[str, Any]:
    """StartTime is the next time, also of an action that was given none."""
    shown = {
        "AutoScalingGroupName": action.auto_scaling_group_name,
        "ScheduledActionName": action.name,
        "ScheduledActionARN": action.arn,
        "Time": action.due,
        "StartTime": action.due,
        "EndTime": action.end,
        "Recurrence": action.recurrence,
        "TimeZone": action.time_zone,
        "MinSize": action.min_size,
        "MaxSize": action.max_size,
        "DesiredCapacity": action.desired_capacity,
    }
    return {name: value for name, value in shown.items() if value is not None}
