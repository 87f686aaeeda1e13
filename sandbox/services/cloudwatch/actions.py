"""What decide/alarms.py may answer with; controller.py carries it out."""

from dataclasses import dataclass
from datetime import datetime

from sandbox.core.control import Action
from sandbox.services.cloudwatch.model import ActionsSuppression, StateChange, StateValue


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateState(Action):
    change: StateChange


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearSetStates(Action):
    """The actions of the states that SetAlarmState set are in this decision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateSuppression(Action):
    suppression: ActionsSuppression


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmAction(Action):
    """An action that the alarm names by its ARN, for a change of state."""

    arn: str
    state_updated_at: datetime
    repeated: bool = False  # run again while the state lasts (SCL-4): only a result that differs from the last is an item of the history


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifyTopic(AlarmAction):
    subject: str
    message: str  # JSON with default, sms, email: MessageStructure=json


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecuteScalingPolicy(AlarmAction):
    state: StateValue
    datapoints: tuple[float, ...]  # that were evaluated, oldest first
    threshold: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ec2Action(AlarmAction):
    verb: str  # "stop", "terminate", "reboot" or "recover"
    instance_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsupportedAction(AlarmAction):
    """The sandbox has no such action: its failure is an item of the history."""

    error: str
