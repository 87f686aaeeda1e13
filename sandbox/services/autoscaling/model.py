"""The nouns of EC2 Auto Scaling: states as tables, and the frozen observed state of a group that decide() gets.

state/snapshot.py reads it from moto's objects; decide/groups.py and its parts return the actions of actions.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from sandbox.core.persisted import persisted


class LifecycleState(Enum):
    """ASG-78. Those that the sandbox's groups move through are in TRANSITIONS; the others belong to hooks and warm pools."""

    PENDING = "Pending"
    PENDING_WAIT = "Pending:Wait"
    PENDING_PROCEED = "Pending:Proceed"
    QUARANTINED = "Quarantined"
    IN_SERVICE = "InService"
    TERMINATING = "Terminating"
    TERMINATING_WAIT = "Terminating:Wait"
    TERMINATING_PROCEED = "Terminating:Proceed"
    TERMINATING_RETAINED = "Terminating:Retained"
    TERMINATED = "Terminated"
    DETACHING = "Detaching"
    DETACHED = "Detached"
    ENTERING_STANDBY = "EnteringStandby"
    STANDBY = "Standby"
    REPLACING_ROOT_VOLUME = "ReplacingRootVolume"
    REPLACING_ROOT_VOLUME_WAIT = "ReplacingRootVolume:Wait"
    REPLACING_ROOT_VOLUME_PROCEED = "ReplacingRootVolume:Proceed"
    ROOT_VOLUME_REPLACED = "RootVolumeReplaced"
    WARMED_PENDING = "Warmed:Pending"
    WARMED_PENDING_WAIT = "Warmed:Pending:Wait"
    WARMED_PENDING_PROCEED = "Warmed:Pending:Proceed"
    WARMED_PENDING_RETAINED = "Warmed:Pending:Retained"
    WARMED_TERMINATING = "Warmed:Terminating"
    WARMED_TERMINATING_WAIT = "Warmed:Terminating:Wait"
    WARMED_TERMINATING_PROCEED = "Warmed:Terminating:Proceed"
    WARMED_TERMINATING_RETAINED = "Warmed:Terminating:Retained"
    WARMED_TERMINATED = "Warmed:Terminated"
    WARMED_STOPPED = "Warmed:Stopped"
    WARMED_RUNNING = "Warmed:Running"
    WARMED_HIBERNATED = "Warmed:Hibernated"

    @property
    def counts_toward_desired_capacity(self) -> bool:
        """What the group compares with its desired capacity: neither standby (ASG-73) nor members that leave."""
        return self in _COUNTED

    @property
    def has_left(self) -> bool:
        """No longer listed: the member has left the group (ASG-71, ASG-81)."""
        return self in _LEFT

    @property
    def is_draining(self) -> bool:
        """Deregistered from the target groups, and waiting for the end of the deregistration delay."""
        return self in _DRAINING

    @property
    def is_pending(self) -> bool:
        return self in _PENDING

    @property
    def is_terminating(self) -> bool:
        return self in _TERMINATING

    @property
    def is_leaving(self) -> bool:
        """On its way out of the group: terminating, or detaching."""
        return self.is_terminating or self is LifecycleState.DETACHING

    @property
    def is_changing(self) -> bool:
        """The group itself moves the member on: look again soon."""
        return self.is_draining or self is LifecycleState.PENDING or self is LifecycleState.TERMINATING_PROCEED


class Move(Enum):
    """What moves a member."""

    ENTER_SERVICE = "running and registered"
    FAIL = "launch failed"
    TAKE_OUT = "taken out of service"
    PROCEED = "drained"
    LEAVE = "gone"
    DETACH = "detached by a user"
    ENTER_STANDBY = "put in standby by a user"
    EXIT_STANDBY = "taken out of standby by a user"


TRANSITIONS: Mapping[tuple[LifecycleState, Move], LifecycleState] = {
    (LifecycleState.PENDING, Move.ENTER_SERVICE): LifecycleState.IN_SERVICE,  # ASG-79
    (LifecycleState.PENDING, Move.FAIL): LifecycleState.TERMINATED,
    (LifecycleState.PENDING, Move.TAKE_OUT): LifecycleState.TERMINATING,
    (LifecycleState.IN_SERVICE, Move.TAKE_OUT): LifecycleState.TERMINATING,
    (LifecycleState.ENTERING_STANDBY, Move.TAKE_OUT): LifecycleState.TERMINATING,
    (LifecycleState.STANDBY, Move.TAKE_OUT): LifecycleState.TERMINATING,
    (LifecycleState.DETACHING, Move.TAKE_OUT): LifecycleState.TERMINATING,  # the group is force-deleted meanwhile
    (LifecycleState.TERMINATING, Move.PROCEED): LifecycleState.TERMINATING_PROCEED,  # ASG-80
    (LifecycleState.TERMINATING_PROCEED, Move.LEAVE): LifecycleState.TERMINATED,
    (LifecycleState.IN_SERVICE, Move.DETACH): LifecycleState.DETACHING,  # ASG-71
    (LifecycleState.STANDBY, Move.DETACH): LifecycleState.DETACHING,
    (LifecycleState.DETACHING, Move.PROCEED): LifecycleState.DETACHED,
    (LifecycleState.IN_SERVICE, Move.ENTER_STANDBY): LifecycleState.ENTERING_STANDBY,  # ASG-73
    (LifecycleState.ENTERING_STANDBY, Move.PROCEED): LifecycleState.STANDBY,
    (LifecycleState.STANDBY, Move.EXIT_STANDBY): LifecycleState.PENDING,
}

_COUNTED = frozenset({LifecycleState.PENDING, LifecycleState.IN_SERVICE})
_LEFT = frozenset({LifecycleState.TERMINATED, LifecycleState.DETACHED})
_DRAINING = frozenset({LifecycleState.TERMINATING, LifecycleState.DETACHING, LifecycleState.ENTERING_STANDBY})
_TERMINATING = frozenset({LifecycleState.TERMINATING, LifecycleState.TERMINATING_WAIT, LifecycleState.TERMINATING_PROCEED})
_PENDING = frozenset({LifecycleState.PENDING, LifecycleState.PENDING_WAIT, LifecycleState.PENDING_PROCEED})


@persisted("autoscaling.AttachmentState")
class AttachmentState(Enum):
    """ASG-82."""

    ADDING = "Adding"
    ADDED = "Added"
    IN_SERVICE = "InService"
    REMOVING = "Removing"
    REMOVED = "Removed"


class AttachmentMove(Enum):
    REGISTER = "all instances registered"
    PASS = "one instance passed its health checks"
    DETACH = "detached by a user"
    DRAIN = "all instances deregistered"


ATTACHMENT_TRANSITIONS: Mapping[tuple[AttachmentState, AttachmentMove], AttachmentState] = {
    (AttachmentState.ADDING, AttachmentMove.REGISTER): AttachmentState.ADDED,
    (AttachmentState.ADDED, AttachmentMove.PASS): AttachmentState.IN_SERVICE,
    (AttachmentState.IN_SERVICE, AttachmentMove.PASS): AttachmentState.IN_SERVICE,  # attached at creation: shown so before any passed
    (AttachmentState.ADDING, AttachmentMove.DETACH): AttachmentState.REMOVING,
    (AttachmentState.ADDED, AttachmentMove.DETACH): AttachmentState.REMOVING,
    (AttachmentState.IN_SERVICE, AttachmentMove.DETACH): AttachmentState.REMOVING,
    (AttachmentState.REMOVING, AttachmentMove.DRAIN): AttachmentState.REMOVED,
}


@persisted("autoscaling.Process")
class Process(Enum):
    """Section 2.9 of the rules: what a group does by itself, each of which can be suspended (ASG-95)."""

    LAUNCH = "Launch"
    TERMINATE = "Terminate"
    ADD_TO_LOAD_BALANCER = "AddToLoadBalancer"
    ALARM_NOTIFICATION = "AlarmNotification"
    AZ_REBALANCE = "AZRebalance"
    HEALTH_CHECK = "HealthCheck"
    INSTANCE_REFRESH = "InstanceRefresh"
    REPLACE_UNHEALTHY = "ReplaceUnhealthy"
    SCHEDULED_ACTIONS = "ScheduledActions"


class Health(Enum):
    HEALTHY = "Healthy"
    UNHEALTHY = "Unhealthy"


@persisted("autoscaling.HealthFailure")
class HealthFailure(Enum):
    """Which check found a member unhealthy; the values go on `explain`'s lines."""

    NOT_RUNNING = "the instance is not running"  # ASG-41
    STATUS_CHECK = "the EC2 status checks fail"  # ASG-42
    ELB = "the load balancer's health checks fail"  # ASG-44
    USER = "a user marked it"  # ASG-46


@persisted("autoscaling.StatusCode")
class StatusCode(Enum):
    """Of an activity: those of ASG-55 that a group without hooks, spot and refresh comes through."""

    PRE_IN_SERVICE = "PreInService"
    IN_PROGRESS = "InProgress"
    WAITING_FOR_ELB_CONNECTION_DRAINING = "WaitingForELBConnectionDraining"
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
    REFUSAL = "refusal"  # nothing could be done: ASG-62


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
    instance_id: str | None = None  # None: no instance came of it
    zone: str | None = None
    subnet_id: str | None = None
    end: datetime | None = None  # None: still open
    status_message: str | None = None
    trigger: Trigger | None = None  # None: no policy began it


@persisted("autoscaling.Purpose")
class Purpose(Enum):
    """Why an instance was launched."""

    DIFFERENCE = "difference between desired and actual capacity"
    REPLACEMENT = "replacement of an unhealthy instance"
    REBALANCE = "balance of the zones"


@persisted("autoscaling.LaunchSource")
@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchSource:
    """The launch configuration or launch template version that an instance was made from, or that the group uses now."""

    name: str  # of the configuration, or the template's id
    version: int | None = None  # None: it is a launch configuration
    created_at: datetime  # of the configuration or the version: oldest is smallest

    @property
    def is_template(self) -> bool:
        return self.version is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    instance_id: str
    zone: str
    lifecycle: LifecycleState
    instance_state: str  # EC2's: "running"
    launched_at: datetime
    source: LaunchSource
    health: Health = Health.HEALTHY
    failure: HealthFailure | None = None  # why it is unhealthy
    impaired: bool = False  # an EC2 status check fails now
    targets: Mapping[str, str] = field(default_factory=dict)  # target group ARN → TargetHealth.State, where it is registered or draining
    in_service_since: datetime | None = None  # None: not in service since its launch, attachment or standby
    protected: bool = False  # from scale-in
    purpose: Purpose = Purpose.DIFFERENCE
    launch_error: str | None = None  # StateReason of an instance that EC2 could not start
    activity: Activity | None = None  # its open one
    warmup: timedelta | None = None  # None: the group's default
    lot: float = 0.0  # drawn at launch: decides ties (ASG-65)
    cause: str | None = None  # id of the newest event about the instance


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    id: str
    free_addresses: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """An enabled Availability Zone of the group."""

    name: str
    subnets: tuple[Subnet, ...]
    failures: int = 0  # launches that failed here in a row
    failed_at: datetime | None = None


@persisted("autoscaling.Attachment")
@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    target_group_arn: str
    state: AttachmentState
    passed: bool = False  # an instance has passed its health checks since the attachment: only now may ELB checks replace (ASG-82)


@persisted("autoscaling.DesiredChange")
@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredChange:
    """Somebody changed the desired capacity, and the group has not yet acted on it."""

    at: datetime
    sentence: str  # the first one of the coming activities' cause
    trigger: Trigger | None = None  # None: no policy did it
    cause: str | None = None  # id of the event


@persisted("autoscaling.Owed")
@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """A member was taken out and its place is to be filled."""

    at: datetime
    unhealthy: bool  # False: a user took it out
    cause: str | None = None  # id of the event


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The picture of one group."""

    name: str
    min_size: int
    max_size: int
    desired_capacity: int
    zones: tuple[Zone, ...]
    source: LaunchSource  # what its next instance is made from
    members: tuple[Member, ...] = ()  # in the order in which they came
    attachments: tuple[Attachment, ...] = ()
    termination_policies: tuple[str, ...] = ("Default",)
    health_check_types: frozenset[str] = frozenset({"EC2"})
    health_check_grace_period: timedelta = timedelta(0)
    default_instance_warmup: timedelta = timedelta(0)
    suspended: frozenset[Process] = frozenset()
    balanced_only: bool = False  # AvailabilityZoneDistribution (ASG-26)
    changes: tuple[DesiredChange, ...] = ()
    owed: tuple[Owed, ...] = ()
    deleting: datetime | None = None  # when it was force-deleted
    resized_at: datetime | None = None  # end of its last launch or termination
    notices: tuple[str, ...] = ()  # ids of ended activities that nobody has been told of (ASG-119)
    cause: str | None = None  # id of the newest event about the group

    def counted(self) -> tuple[Member, ...]:
        return tuple(m for m in self.members if m.lifecycle.counts_toward_desired_capacity)

    def does(self, process: Process) -> bool:
        return process not in self.suspended

    def warmup_of(self, member: Member) -> timedelta:
        return self.default_instance_warmup if member.warmup is None else member.warmup


@dataclass(frozen=True, slots=True, kw_only=True)
class Delays:
    """The control loop's times as observed on AWS (ASG-48, ASG-120), in sandbox time. The one place for them."""

    launch: timedelta = timedelta(seconds=5)  # desired changed → launch activity: 5 to 9 s
    scale_in: timedelta = timedelta(seconds=3)  # desired changed → terminate activity
    replacement: timedelta = timedelta(seconds=1)  # terminate activity → launch of its replacement: 1 to 2 s (ASG-49)
    health_check: timedelta = timedelta(seconds=15)  # between two looks at status checks and target health: 15 to 60 s
    impaired: timedelta = timedelta(minutes=3)  # a status check fails for so long before it counts (ASG-42)
    rebalance: timedelta = timedelta(minutes=1)  # uneven for so long before it is evened out (U)
    first_retry: timedelta = timedelta(seconds=10)  # after a failed launch in a zone; doubled each time (ASG-61; numbers (U))
    longest_retry: timedelta = timedelta(minutes=10)
    transition: timedelta = timedelta(seconds=1)  # how often a member on its way is looked at when nothing woke the group


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Rebuilt from the world after a restart: then its times begin anew."""

    checked_at: datetime | None = None  # the last periodic health check
    impaired_since: Mapping[str, datetime] = field(default_factory=dict)  # instance id →
    uneven_since: datetime | None = None
