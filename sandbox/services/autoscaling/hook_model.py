"""Lifecycle hooks as values (ASG-88 to ASG-92), and the actions for which a member waits in Pending:Wait or Terminating:Wait. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from sandbox.core.persisted import persisted

LONGEST_WAIT = timedelta(hours=48)
MOST_HEARTBEATS = 100  # ASG-88: a wait lasts at most as long as so many timeouts


@persisted("autoscaling.Transition")
class Transition(Enum):
    """At which step of an instance's life a hook runs (ASG-88)."""

    LAUNCHING = "autoscaling:EC2_INSTANCE_LAUNCHING"
    TERMINATING = "autoscaling:EC2_INSTANCE_TERMINATING"

    @property
    def short(self) -> str:
        return self.value.rpartition("_")[2]


@persisted("autoscaling.LifecycleResult")
class Result(Enum):
    """ASG-90."""

    CONTINUE = "CONTINUE"
    ABANDON = "ABANDON"


@persisted("autoscaling.LifecycleHook")
@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    name: str
    transition: Transition
    heartbeat_timeout: timedelta = timedelta(hours=1)
    default_result: Result = Result.ABANDON
    notification_target: str | None = None  # ARN of a topic or queue
    role: str | None = None  # ARN, with which the target is notified
    metadata: str | None = None

    @property
    def global_timeout(self) -> timedelta:
        """The longest that an instance waits for it, with all heartbeats."""
        return min(LONGEST_WAIT, MOST_HEARTBEATS * self.heartbeat_timeout)


@persisted("autoscaling.LifecycleAction")
@dataclass(frozen=True, slots=True, kw_only=True)
class LifecycleAction:
    """One hook that one member waits for. It keeps the hook as it was when the wait began (U)."""

    token: str
    hook: Hook
    started: datetime
    heartbeat: datetime  # the last one; at first the start
    result: Result | None = None  # None: not completed yet
    reason: str = ""  # how it came to its result, in the words of the activity's StatusMessage
    notified: bool = False  # the hook's target, if it has any, got the message, or refused it

    @property
    def expires(self) -> datetime:
        """When the default result applies."""
        return min(self.heartbeat + self.hook.heartbeat_timeout, self.started + self.hook.global_timeout)
