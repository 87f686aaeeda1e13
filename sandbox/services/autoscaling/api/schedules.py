"""Operations on scheduled actions (ASG-108). schedule_controller.py runs the actions.

One of the parts of `SandboxAutoScaling` (api/assembly.py).
"""

# mypy: allow-subclassing-any

from collections.abc import Mapping
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
from sandbox.services.autoscaling.api.validation import schedules as schedule_validation
from sandbox.services.autoscaling.decide import events
from sandbox.services.autoscaling.schedule_model import ScheduledAction


class ScheduleOperations(GroupOperations):
    """Scheduled actions. `self.scheduled_actions`: (group name, action name) → ScheduledAction."""

    @adds(why="ASG-108: checked, unique by group and by time, and run")
    def put_scheduled_action(self, group_name: str, given: Mapping[str, Any]) -> None:
        group = self.group(group_name)
        self._refuse_while_deleting(group)
        key = (group_name, given["ScheduledActionName"])
        old = self.scheduled_actions.get(key)
        action = schedule_validation.action(self._scheduled_action_arn(key) if old is None else old.arn, key, given)
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
        schedule_validation.batch(actions)
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
        start, end = schedule_validation.moment(given.get("StartTime")), schedule_validation.moment(given.get("EndTime"))
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
            raise errors.unknown_scheduled_action()
        del self.scheduled_actions[(group.name, name)]
        summary = f"scheduled action {name} of {group.name} is deleted"
        context().journal.record(events.event(events.SCHEDULE, summary, events.Subject(group=group.name, other_resources=(name,))))

    @replaces(why="an unknown group is an error; each action by itself")
    def batch_delete_scheduled_action(self, group_name: str, names: list[str]) -> list[dict[str, str]]:
        self.group(group_name)
        schedule_validation.batch(names)
        failed = []
        for name in names:
            try:
                self.delete_scheduled_action(group_name, name)
            except ApiError as error:
                failed.append(_failure(name, error))
        return failed


def _failure(name: str, error: ApiError) -> dict[str, str]:
    return {"ScheduledActionName": name, "ErrorCode": error.code, "ErrorMessage": error.message}


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
