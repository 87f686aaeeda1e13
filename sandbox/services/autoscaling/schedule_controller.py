"""The loop of scheduled actions: one key for each group that has any. It sleeps until the next action is due.

What an action does is what UpdateAutoScalingGroup would do, in the name of the schedule; the group's own loop then launches or terminates.
"""

from collections.abc import Iterable
from datetime import datetime

from sandbox.aws.context import context
from sandbox.core.control import Action, Decision, Scope, Shell
from sandbox.services.autoscaling.actions import RunScheduledAction
from sandbox.services.autoscaling.decide import schedules
from sandbox.services.autoscaling.schedule_model import Schedule
from sandbox.services.autoscaling.state import snapshot, writes


class ScheduleController(Shell[Schedule, None]):
    name = "autoscaling-schedule"

    def keys(self) -> Iterable[str]:
        return tuple(scope.key(name) for scope, name in snapshot.scheduled())

    def observe(self, key: str, now: datetime) -> Schedule | None:
        group = snapshot.find(*Scope.split(key))
        return snapshot.read_schedule(group, self.journal) if group else None

    def decide(self, observed: Schedule, memory: None, now: datetime) -> Decision[None]:
        return schedules.decide(observed, now)

    def act(self, key: str, action: Action, now: datetime) -> None:
        match action:
            case RunScheduledAction():
                writes.run_scheduled_action(snapshot.find(*Scope.split(key)), action)
                context().wake("autoscaling", key)
