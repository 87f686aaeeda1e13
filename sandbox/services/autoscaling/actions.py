"""What Auto Scaling's decisions may answer with. The controllers carry them out, in order."""

from dataclasses import dataclass
from datetime import datetime

from sandbox.core.control import Action
from sandbox.core.metrics import MetricDatum
from sandbox.services.autoscaling.activity_model import ActivityKind, StatusCode, Trigger
from sandbox.services.autoscaling.lifecycle_model import AttachmentMove, Move
from sandbox.services.autoscaling.model import HealthFailure, Purpose
from sandbox.services.autoscaling.schedule_model import GroupSize, ScheduledAction


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchInstances(Action):
    """RunInstances, membership and an activity for each. A refusal becomes a Failed activity and a failure of the zone (ASG-26, ASG-60)."""

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
class MarkUnhealthy(Action):
    instance_id: str
    failure: HealthFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenActivity(Action):
    """`end` given: it is over as soon as it began (ASG-62)."""

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
class Owe(Action):
    """The place of a member that was taken out is to be filled."""

    instance_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FailZone(Action):
    """A launch failed in the zone after RunInstances had accepted it."""

    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle(Action):
    """The first `changes` and `owed` of the group have been acted on."""

    changes: int
    owed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify(Action):
    """The topics that asked for it are told of an ended activity."""

    activity_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetGroup(Action):
    """The last member of a force-deleted group is gone."""


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
