"""What decide() may answer with: frozen steps, each with the event that it is. controller.py carries them out, in order."""

from dataclasses import dataclass
from datetime import datetime

from sandbox.core.control import Action
from sandbox.core.events import Event
from sandbox.services.autoscaling.model import ActivityKind, AttachmentMove, HealthFailure, Move, Purpose, StatusCode, Trigger


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Action):
    """`event` is recorded first and is the cause of what the step does; `because` is the cause where there is no event."""

    event: Event | None = None
    because: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchInstances(Step):
    """RunInstances, membership and an activity for each. A refusal becomes a Failed activity and a failure of the zone (ASG-26, ASG-60)."""

    zone: str
    subnet_id: str
    count: int
    cause: str
    purpose: Purpose
    trigger: Trigger | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminateInstance(Step):
    instance_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterTargets(Step):
    target_group_arn: str
    instance_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeregisterTargets(Step):
    target_group_arn: str
    instance_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveMember(Step):
    instance_id: str
    move: Move


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveAttachment(Step):
    target_group_arn: str
    move: AttachmentMove


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkUnhealthy(Step):
    instance_id: str
    failure: HealthFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenActivity(Step):
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
class UpdateActivity(Step):
    activity_id: str
    description: str
    status: StatusCode
    progress: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseActivity(Step):
    activity_id: str
    description: str
    status: StatusCode = StatusCode.SUCCESSFUL
    status_message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Owe(Step):
    """The place of a member that was taken out is to be filled."""

    instance_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FailZone(Step):
    """A launch failed in the zone after RunInstances had accepted it."""

    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle(Step):
    """The first `changes` and `owed` of the group have been acted on."""

    changes: int
    owed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify(Step):
    """The topics that asked for it are told of an ended activity."""

    activity_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetGroup(Step):
    """The last member of a force-deleted group is gone."""
