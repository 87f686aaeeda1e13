"""The nouns of EC2 Auto Scaling, and the frozen observed state of a group that decide() gets.

state/snapshot.py reads it from moto's objects; decide/groups.py and its parts return the actions of actions.py. The states of members and
attachments are in lifecycle_model.py, scaling activities in activity_model.py, policies and schedules in their own files.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from sandbox.core.persisted import persisted
from sandbox.services.autoscaling.activity_model import Activity, ActivityKind, Trigger
from sandbox.services.autoscaling.hook_model import Hook, LifecycleAction, Transition
from sandbox.services.autoscaling.lifecycle_model import AttachmentState, LifecycleState
from sandbox.services.autoscaling.refresh_model import ObservedRefresh

ENDED_STATES = frozenset({"shutting-down", "terminated"})
"""EC2's, from which an instance does not come back."""


@persisted("autoscaling.Process")
class Process(Enum):
    """Section 2.9 of the rules: the processes of a group, each of which can be suspended (ASG-95)."""

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
    """Which check found a member unhealthy; events show the values."""

    NOT_RUNNING = "the instance is not running"  # ASG-41
    STATUS_CHECK = "the EC2 status checks fail"  # ASG-42
    APPLICATION = "its application status is impaired"  # ASG-126
    SCHEDULED_EVENT = "it has a scheduled event"  # ASG-43
    ELB = "the load balancer's health checks fail"  # ASG-44
    USER = "a user marked it"  # ASG-46


@persisted("autoscaling.Purpose")
class Purpose(Enum):
    """Why an instance was launched."""

    DIFFERENCE = "difference between desired and actual capacity"
    REPLACEMENT = "replacement of an unhealthy instance"
    REBALANCE = "balance of the zones"
    REFRESH = "instance refresh"


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
    application_impaired: bool = False  # its EC2 application status is (EC2-84)
    scheduled_event: bool = False  # AWS will stop or reboot it (EC2-34)
    targets: Mapping[str, str] = field(default_factory=dict)  # target group ARN → TargetHealth.State, where it is registered or draining
    registered: tuple[str, ...] = ()  # ARNs of the target groups in which Auto Scaling registered it and did not deregister it
    in_service_since: datetime | None = None  # None: not yet in service since its launch, attachment or standby
    protected: bool = False  # from scale-in
    purpose: Purpose = Purpose.DIFFERENCE
    launch_error: str | None = None  # StateReason of an instance that EC2 could not start
    activity: Activity | None = None  # its open one
    warmup: timedelta | None = None  # None: the group's default
    tie_breaker: float = 0.0  # random, drawn at launch: decides between equal candidates for termination (ASG-65)
    lifecycle_actions: tuple[LifecycleAction, ...] = ()  # those for which it waits
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
    passed: bool = False  # an instance has passed its health checks since the attachment: ELB checks count from then on (ASG-82)


@persisted("autoscaling.DesiredChange")
@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredChange:
    """A change of the desired capacity on which the group has not acted yet."""

    at: datetime
    sentence: str  # with which the causes of the activities begin (ASG-57)
    trigger: Trigger | None = None  # None: no policy made the change
    cause: str | None = None  # id of the event


@persisted("autoscaling.PendingReplacement")
@dataclass(frozen=True, slots=True, kw_only=True)
class PendingReplacement:
    """A member was taken out of service, and an instance is to be launched in its place."""

    at: datetime
    unhealthy: bool  # False: a user, or a refresh, took it out
    refresh: bool = False  # an instance refresh did
    cause: str | None = None  # id of the event


@persisted("autoscaling.MaintenancePolicy")
@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenancePolicy:
    """ASG-105: healthy percentages of the desired capacity while instances are replaced."""

    min_healthy: int
    max_healthy: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The observed state of one group."""

    name: str
    min_size: int
    max_size: int
    desired_capacity: int
    zones: tuple[Zone, ...]
    source: LaunchSource  # what its next instance is made from
    members: tuple[Member, ...] = ()  # in the order in which they joined
    attachments: tuple[Attachment, ...] = ()
    termination_policies: tuple[str, ...] = ("Default",)
    health_check_types: frozenset[str] = frozenset({"EC2"})
    health_check_grace_period: timedelta = timedelta(0)
    default_instance_warmup: timedelta = timedelta(0)
    suspended: frozenset[Process] = frozenset()
    hooks: tuple[Hook, ...] = ()
    balanced_only: bool = False  # AvailabilityZoneDistribution (ASG-26)
    shifted_zones: frozenset[str] = frozenset()  # names of the zones that a zonal shift leaves now (ASG-112)
    ignores_unhealthy: bool = False  # AvailabilityZoneImpairmentPolicy: in those zones nothing is replaced
    changes: tuple[DesiredChange, ...] = ()
    pending_replacements: tuple[PendingReplacement, ...] = ()
    refresh: ObservedRefresh | None = None  # the active one
    maintenance: MaintenancePolicy | None = None
    deleting: datetime | None = None  # when it was force-deleted
    resized_at: datetime | None = None  # end of its last launch or termination activity
    pending_notifications: tuple[str, ...] = ()  # ids of ended activities that are not published to the topics yet (ASG-119)
    cause: str | None = None  # id of the newest event about the group

    def counted(self) -> tuple[Member, ...]:
        return tuple(m for m in self.members if m.lifecycle.counts_toward_desired_capacity)

    @property
    def is_replacing(self) -> bool:
        """Instances above the desired capacity may be there on purpose: they take the place of others (ASG-102, ASG-105)."""
        if self.refresh is not None and self.refresh.refresh.status.is_replacing:
            return True
        replaces = self.maintenance is not None and self.runs(Process.REPLACE_UNHEALTHY)
        return replaces and any(m.health is Health.UNHEALTHY for m in self.counted())

    def runs(self, process: Process) -> bool:
        return process not in self.suspended

    def launch_hooks(self, member: Member) -> tuple[Hook, ...]:
        """For which a member waits before it enters service: none when it was attached or was in standby (ASG-91)."""
        launched = member.activity is not None and member.activity.kind is ActivityKind.LAUNCH
        return self._hooks(Transition.LAUNCHING) if launched else ()

    def termination_hooks(self, member: Member) -> tuple[Hook, ...]:
        """For which a drained member waits: none when its instance was terminated at EC2, which bypasses them (ASG-70)."""
        return () if member.instance_state in ENDED_STATES else self._hooks(Transition.TERMINATING)

    def _hooks(self, transition: Transition) -> tuple[Hook, ...]:
        return tuple(hook for hook in self.hooks if hook.transition is transition)

    def open_zones(self) -> tuple[Zone, ...]:
        """ASG-112: where instances may be launched: not where a zonal shift leads away."""
        return tuple(zone for zone in self.zones if zone.name not in self.shifted_zones)

    def warmup_of(self, member: Member) -> timedelta:
        return self.default_instance_warmup if member.warmup is None else member.warmup


@dataclass(frozen=True, slots=True, kw_only=True)
class Delays:
    """The delays of the control loop as observed on AWS (ASG-48, ASG-120), in sandbox time. They are defined nowhere else."""

    launch: timedelta = timedelta(seconds=5)  # desired changed → launch activity: 5 to 9 s
    scale_in: timedelta = timedelta(seconds=3)  # desired changed → terminate activity
    replacement: timedelta = timedelta(seconds=1)  # terminate activity → launch of its replacement: 1 to 2 s (ASG-49)
    health_check: timedelta = timedelta(seconds=15)  # between two evaluations of status checks and target health: 15 to 60 s
    impaired: timedelta = timedelta(minutes=3)  # how long a status check fails before it counts (ASG-42)
    rebalance: timedelta = timedelta(minutes=1)  # how long the zones are uneven before a rebalance (U)
    first_retry: timedelta = timedelta(seconds=10)  # after a failed launch in a zone; doubled each time (ASG-61; numbers (U))
    longest_retry: timedelta = timedelta(minutes=10)
    transition: timedelta = timedelta(seconds=1)  # how often a member in a transition is looked at when no event wakes the group


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Rebuilt from observed state after a restart: its times then start again."""

    checked_at: datetime | None = None  # the last periodic health check
    impaired_since: Mapping[str, datetime] = field(default_factory=dict)  # instance id →
    uneven_since: datetime | None = None
