"""What Auto Scaling's decisions may answer with. The controllers carry them out, in order."""

from dataclasses import dataclass
from datetime import datetime

from sandbox.core.control import Action
from sandbox.core.metrics import MetricDatum
from sandbox.services.autoscaling.activity_model import ActivityKind, StatusCode, Trigger
from sandbox.services.autoscaling.hook_model import Result, Transition
from sandbox.services.autoscaling.lifecycle_model import AttachmentMove, Move
from sandbox.services.autoscaling.model import HealthFailure, Purpose
from sandbox.services.autoscaling.refresh_model import Refresh
from sandbox.services.autoscaling.schedule_model import GroupSize, ScheduledAction


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchInstances(Action):
    """RunInstances; each instance becomes a member with a launch activity. An error becomes a Failed activity (ASG-26, ASG-60)."""

    zone: str
    subnet_id: str
    count: int
    cause: str
    purpose: Purpose
    trigger: Trigger | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminateInstance(Action):
    instance_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterTargets(Action):
    target_group_arn: str
    instance_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeregisterTargets(Action):
    target_group_arn: str
    instance_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveMember(Action):
    instance_id: str
    move: Move


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveAttachment(Action):
    target_group_arn: str
    move: AttachmentMove


@dataclass(frozen=True, slots=True, kw_only=True)
class StartLifecycleActions(Action):
    """The member waits from now on for the group's hooks of `transition`: one action with its own token for each (ASG-89, ASG-93)."""

    instance_id: str
    transition: Transition


@dataclass(frozen=True, slots=True, kw_only=True)
class EndLifecycleAction(Action):
    """The hook's timeout is over: its default result applies (ASG-89)."""

    instance_id: str
    hook: str  # name
    result: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifyLifecycleAction(Action):
    """Sends the message of ASG-92 to the hook's notification target."""

    instance_id: str
    hook: str  # name


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkUnhealthy(Action):
    instance_id: str
    failure: HealthFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenActivity(Action):
    """`end` given: the activity ends at once (ASG-62)."""

    kind: ActivityKind
    description: str
    cause: str
    status: StatusCode
    progress: int
    instance_id: str | None = None
    end: datetime | None = None
    trigger: Trigger | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateActivity(Action):
    activity_id: str
    description: str
    status: StatusCode
    progress: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseActivity(Action):
    activity_id: str
    description: str
    status: StatusCode = StatusCode.SUCCESSFUL
    status_message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestReplacement(Action):
    """An instance is to be launched in place of the member that was taken out of service."""

    instance_id: str
    refresh: bool = False  # by an instance refresh; else because it was unhealthy


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateRefresh(Action):
    """The active instance refresh is this from now on (ASG-100)."""

    refresh: Refresh


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordZoneFailure(Action):
    """A launch failed in the zone after RunInstances had accepted it: launches in the zone wait for its next retry."""

    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearHandledRequests(Action):
    """The first `changes` and `replacements` that wait on the group have been acted on: they are removed."""

    changes: int
    replacements: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishNotification(Action):
    """Publishes the end of an activity to the topics whose configuration names its type."""

    activity_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveGroup(Action):
    """The last member of a force-deleted group has been terminated."""


# ---- schedule_controller.py --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RunScheduledAction(Action):
    """A scheduled action is due. `next_run` replaces it; None: it is deleted, because it has no further time."""

    name: str
    next_run: ScheduledAction | None
    size: GroupSize | None = None  # of the group from now on; None: the group stays as it is
    sentence: str = ""  # of the change of size, for the causes of activities


# ---- metrics_controller.py ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishGroupMetrics(Action):
    group: str  # name
    minute: datetime  # its start
    data: tuple[MetricDatum, ...]
