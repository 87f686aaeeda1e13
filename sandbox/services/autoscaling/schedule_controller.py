"""The loop of scheduled actions: one key for each group that has any. It sleeps until the next action is due.

What an action does is what UpdateAutoScalingGroup would do, in the name of the schedule; the group's own loop then follows.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.autoscaling.models import autoscaling_backends

from sandbox.aws.context import context
from sandbox.core.control import Action, Decision, Scope, Shell
from sandbox.services.autoscaling.decide import events, schedules, texts
from sandbox.services.autoscaling.decide.schedules import RunAction, Schedule, ScheduledAction
from sandbox.services.autoscaling.model import Process
from sandbox.services.autoscaling.state import snapshot, writes


class ScheduleController(Shell[Schedule, None]):
    name = "autoscaling-schedule"

    def keys(self) -> Iterable[str]:
        return tuple(
            dict.fromkeys(
                Scope(account, region).key(action.auto_scaling_group_name)
                for account, regions in autoscaling_backends.items()
                for region, backend in regions.items()
                for action in backend.scheduled_actions.values()
            )
        )

    def observe(self, key: str, now: datetime) -> Schedule | None:
        scope, name = Scope.split(key)
        group = snapshot.find(scope, name)
        if group is None:
            return None
        actions = group.autoscaling_backend.scheduled_actions.values()
        mine = tuple(a for a in actions if a.auto_scaling_group_name == name and group.sandbox.deleting is None)
        return Schedule(actions=mine, suspended=Process.SCHEDULED_ACTIONS in group.sandbox.suspended) if mine else None

    def decide(self, observed: Schedule, memory: None, now: datetime) -> Decision[None]:
        return schedules.decide(observed, now)

    def act(self, key: str, action: Action, now: datetime) -> None:
        assert isinstance(action, RunAction)
        group = snapshot.find(*Scope.split(key))
        if not action.skipped:
            self._resize(group, action.action, now)
        else:
            self._tell(group, action.action, "is skipped: the process ScheduledActions is suspended")
        kept = group.autoscaling_backend.scheduled_actions
        if action.again is None:
            del kept[(group.name, action.action.name)]
        else:
            kept[(group.name, action.action.name)] = action.again

    def _resize(self, group: Any, action: ScheduledAction, now: datetime) -> None:
        try:
            low, high, desired = schedules.bounds(action, group.min_size, group.max_size, group.desired_capacity)
        except ValueError as error:
            self._tell(group, action, f"cannot be: {error}")
            return
        with self.journal.because(self._tell(group, action, f"runs: min {low}, max {high}, desired {desired}")):
            group.min_size, group.max_size = low, high
            old, group.desired_capacity = group.desired_capacity, desired
            writes.note_change(group, old, texts.scheduled(now, (low, high, desired), old))
        context().wake("autoscaling", Scope(group.autoscaling_backend.account_id, group.autoscaling_backend.region_name).key(group.name))

    def _tell(self, group: Any, action: ScheduledAction, what: str) -> str:
        """→ the event's id."""
        summary = f"scheduled action {action.name} of {group.name} {what}"
        made = self.journal.latest(action.name)
        return self.journal.record(
            events.event(events.SCHEDULE, summary, events.Told(group=group.name, cause=made, also=(action.name,)))
        ).id
