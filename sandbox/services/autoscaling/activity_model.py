"""Scaling activities as values (section 2.5 of the rules): what DescribeScalingActivities shows, and the policy that triggered each."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from sandbox.core.persisted import persisted


@persisted("autoscaling.StatusCode")
class StatusCode(Enum):
    """Of an activity (ASG-55), without the codes of Spot Instances and in-place updates."""

    PRE_IN_SERVICE = "PreInService"
    IN_PROGRESS = "InProgress"
    WAITING_FOR_ELB_CONNECTION_DRAINING = "WaitingForELBConnectionDraining"
    MID_LIFECYCLE_ACTION = "MidLifecycleAction"
    MID_TERMINATING_LIFECYCLE_ACTION = "MidTerminatingLifecycleAction"  # ASG-59: not in the model of the API
    WAITING_FOR_INSTANCE_WARMUP = "WaitingForInstanceWarmup"
    SUCCESSFUL = "Successful"
    FAILED = "Failed"
    CANCELLED = "Cancelled"


@persisted("autoscaling.ActivityKind")
class ActivityKind(Enum):
    LAUNCH = "launch"
    TERMINATE = "terminate"
    ATTACH = "attach"
    DETACH = "detach"
    ENTER_STANDBY = "enter standby"
    EXIT_STANDBY = "exit standby"
    REFUSAL = "refusal"  # the group could not act: ASG-62

    @property
    def changes_size(self) -> bool:
        """The cooldown counts from the end of such an activity (SCL-34)."""
        return self in (ActivityKind.LAUNCH, ActivityKind.TERMINATE)


@persisted("autoscaling.Trigger")
@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """The scaling policy behind a change of size."""

    policy_arn: str
    alarm: str | None = None  # name; None: a user executed the policy
    warmup: timedelta | None = None  # of the instances that it launches; None: the group's default (SCL-17)
    cooldown: timedelta | None = None  # of a simple policy; None: the group's default (SCL-34)


@persisted("autoscaling.Activity")
@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One scaling activity (section 2.5)."""

    id: str
    kind: ActivityKind
    description: str
    cause: str
    start: datetime
    status: StatusCode
    progress: int  # per cent
    instance_id: str | None = None  # None: no instance was launched
    zone: str | None = None
    subnet_id: str | None = None
    end: datetime | None = None  # None: still open
    status_message: str | None = None
    trigger: Trigger | None = None  # None: no policy triggered it
