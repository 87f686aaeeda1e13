"""The nouns of EC2: instance states and their table, state reasons, status checks, and the observed state that decide() gets.

Frozen values only. decide/instances.py reads `Observed` and returns the actions of actions.py.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from sandbox.core.events import Event
from sandbox.core.persisted import persisted
from sandbox.drivers.runtime.base import Container, LaunchSpec
from sandbox.services.ec2.events_model import ScheduledEvent

STATE_CHANGE = "EC2 Instance State-change Notification"  # EC2-19
CHECK_INTERVAL = timedelta(minutes=1)  # EC2-31
REBOOT_LIMIT = timedelta(minutes=4)  # EC2-6 "a few minutes" (U): a machine that has not come back by then is taken as shut down


class InstanceState(Enum):
    """EC2-1."""

    PENDING = "pending"
    RUNNING = "running"
    SHUTTING_DOWN = "shutting-down"
    TERMINATED = "terminated"
    STOPPING = "stopping"
    STOPPED = "stopped"

    @property
    def code(self) -> int:
        return CODES[self]


CODES = {
    InstanceState.PENDING: 0,
    InstanceState.RUNNING: 16,
    InstanceState.SHUTTING_DOWN: 32,
    InstanceState.TERMINATED: 48,
    InstanceState.STOPPING: 64,
    InstanceState.STOPPED: 80,
}


class InstanceEvent(Enum):
    """What moves an instance from state to state."""

    BOOTED = "its machine runs"
    LAUNCH_FAILED = "its machine could not be made"
    START_FAILED = "its machine could not be started again"
    STOP = "StopInstances, or a shutdown from inside"
    HALTED = "its machine has stopped"
    START = "StartInstances"
    TERMINATE = "TerminateInstances, or a shutdown from inside"
    LOST = "its machine was removed outside the API"
    GONE = "its machine is removed"


TRANSITIONS = {  # EC2-2; a reboot leaves the state at running
    (InstanceState.PENDING, InstanceEvent.BOOTED): InstanceState.RUNNING,
    (InstanceState.PENDING, InstanceEvent.LAUNCH_FAILED): InstanceState.SHUTTING_DOWN,
    (InstanceState.PENDING, InstanceEvent.START_FAILED): InstanceState.STOPPED,
    (InstanceState.PENDING, InstanceEvent.TERMINATE): InstanceState.SHUTTING_DOWN,
    (InstanceState.PENDING, InstanceEvent.LOST): InstanceState.SHUTTING_DOWN,
    (InstanceState.RUNNING, InstanceEvent.STOP): InstanceState.STOPPING,
    (InstanceState.RUNNING, InstanceEvent.TERMINATE): InstanceState.SHUTTING_DOWN,
    (InstanceState.RUNNING, InstanceEvent.LOST): InstanceState.SHUTTING_DOWN,
    (InstanceState.STOPPING, InstanceEvent.HALTED): InstanceState.STOPPED,
    (InstanceState.STOPPING, InstanceEvent.TERMINATE): InstanceState.SHUTTING_DOWN,
    (InstanceState.STOPPING, InstanceEvent.LOST): InstanceState.SHUTTING_DOWN,
    (InstanceState.STOPPED, InstanceEvent.START): InstanceState.PENDING,
    (InstanceState.STOPPED, InstanceEvent.TERMINATE): InstanceState.SHUTTING_DOWN,
    (InstanceState.STOPPED, InstanceEvent.LOST): InstanceState.SHUTTING_DOWN,
    (InstanceState.SHUTTING_DOWN, InstanceEvent.GONE): InstanceState.TERMINATED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why an instance stopped or was terminated. `message` repeats the code (EC2-12)."""

    code: str
    text: str
    by_user: bool = False

    @property
    def message(self) -> str:
        return f"{self.code}: {self.text}"

    def transition(self, now: datetime) -> str:
        """StateTransitionReason (EC2-13). Causes other than the user's show the bare code, without a time: our choice (U)."""
        return f"User initiated ({now:%Y-%m-%d %H:%M:%S} GMT)" if self.by_user else self.code


USER_SHUTDOWN = Reason(code="Client.UserInitiatedShutdown", text="User initiated shutdown", by_user=True)  # EC2-11, EC2-12
INSTANCE_SHUTDOWN = Reason(code="Client.InstanceInitiatedShutdown", text="Instance initiated shutdown")  # EC2-12
SPOT_TERMINATION = Reason(code="Server.SpotInstanceTermination", text="Spot instance termination")  # EC2-11; the text is ours (U)
SPOT_SHUTDOWN = Reason(code="Server.SpotInstanceShutdown", text="Spot instance shutdown")  # EC2-11; the text is ours (U)
LAUNCH_ERROR = Reason(code="Server.InternalError", text="Internal error on launch")  # EC2-12
IMAGE_MISSING = "Client.InvalidSnapshot.NotFound"  # EC2-11: what the AMI boots does not exist; the text is the runtime's (EC2-73)
SCHEDULED_STOP = Reason(code="Server.ScheduledStop", text="Stopped due to scheduled retirement")  # EC2-11's code
MACHINE_LOST = Reason(code="Server.InternalError", text="The machine of the instance was lost")  # EC2-11's code; the text is ours (U)


@persisted("ec2.CheckResult")
class CheckResult(Enum):
    """Details[].Status of DescribeInstanceStatus (EC2-31)."""

    INITIALIZING = "initializing"
    PASSED = "passed"
    FAILED = "failed"
    INSUFFICIENT_DATA = "insufficient-data"


SUMMARY = {  # EC2-31: result → Status
    CheckResult.INITIALIZING: "initializing",
    CheckResult.PASSED: "ok",
    CheckResult.FAILED: "impaired",
    CheckResult.INSUFFICIENT_DATA: "insufficient-data",
}


@persisted("ec2.StatusCheck")
@dataclass(frozen=True, slots=True, kw_only=True)
class StatusCheck:
    result: CheckResult = CheckResult.INITIALIZING
    impaired_since: datetime | None = None  # None: not failed

    @property
    def status(self) -> str:
        return SUMMARY[self.result]


class ShutdownBehavior(Enum):
    """InstanceInitiatedShutdownBehavior (EC2-10)."""

    STOP = "stop"
    TERMINATE = "terminate"


DEFAULT_CREDITS = {"t2": "standard", "t3": "unlimited", "t3a": "unlimited", "t4g": "unlimited"}
"""Family of burstable instances → its credit option when none is asked for (EC2-56)."""


@persisted("ec2.Reboot")
@dataclass(frozen=True, slots=True, kw_only=True)
class Reboot:
    """A reboot that was handed to the runtime and is not yet seen to have happened."""

    boots: int  # the machine's boots before it
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """Everything that decide() looks at. `state` None: there is a container and no such instance."""

    instance_id: str
    state: InstanceState | None
    state_since: datetime
    container: Container | None  # None: there is none, or the runtime has not looked yet
    unavailable: str | None = None  # why the runtime cannot launch; it may then not know of a machine either
    spec: LaunchSpec | None = None  # while pending
    launch_delay: timedelta = timedelta(0)  # how long it stays pending, because launches in its zone are slow
    boots: int = 0  # boots of the machine that the instance has taken note of; 0: it never ran
    start_asked: bool = False  # StartInstances was called, and the runtime has not been asked yet
    stop_forced: bool = False
    reboot_asked: bool = False
    reboot: Reboot | None = None
    shutdown_behavior: ShutdownBehavior = ShutdownBehavior.STOP
    system_check: StatusCheck = StatusCheck()
    instance_check: StatusCheck = StatusCheck()
    next_check: datetime | None = None
    unnoticed: bool = False  # its host has failed, and the status checks have not noticed yet (AZ-7)
    host_reachable: bool | None = None  # the system status check's finding now; None: not known
    reachable: bool | None = None  # the instance status check's; None: not known
    scheduled: tuple[ScheduledEvent, ...] = ()  # its scheduled events (EC2-34), also those that are over
    announced: tuple[ScheduledEvent, ...] = ()  # what AWS announces for it now
    user_data_told: float = 0.0  # `finished` of the last result of user data that was told
    terminated_visible: timedelta = timedelta(minutes=60)  # EC2-9
    state_lost: str = ""  # of a container without instance: the file set aside that may know it; "": none was
    cause: str | None = None  # id of the newest event about the instance


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What was seen, and what was reported already, so that it is reported once."""

    seen: bool = False  # the machine was there: when the runtime shows none now, it was removed
    waiting: bool = False  # reported that a launch or start waits for the runtime
    slow: bool = False  # reported that a launch takes longer than usual
    orphan_reported: bool = False
    oom_kills: int = 0  # that are reported
    disk_full: bool = False  # reported


@persisted("ec2.Published")
@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What was published of an instance; kept on moto's instance, so that a restart publishes nothing twice."""

    measured_until: datetime | None = None  # end of the last period of use
    checked_until: datetime | None = None  # end of the last minute of status checks


def state_change(instance_id: str, state: InstanceState, why: str, **more: object) -> Event:
    """The EventBridge event of EC2-19. `more`: what AWS's event does not say, and the journal would not know otherwise."""
    return Event(
        source="aws.ec2",
        detail_type=STATE_CHANGE,
        summary=f"{instance_id} is {state.value}: {why}",
        resources=(instance_id,),
        detail={"instance-id": instance_id, "state": state.value, **more},
    )


def event_of(observed: Observed, title: str, summary: str, **detail: object) -> Event:
    """Our own events, those that AWS has no detail-type for. The cause is the newest event about the instance."""
    return Event(
        source="aws.ec2",
        detail_type=title,
        summary=summary,
        resources=(observed.instance_id,),
        detail={"instance-id": observed.instance_id, **detail},
        cause=observed.cause,
    )
