"""Instance refreshes as values (ASG-100 to ASG-104): preferences, state, and the table of their transitions. Pure.

The table is drawn in ARCHITECTURE.md (`make docs`). decide/replacement/ chooses the moves; state/refreshes.py stores the result.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from sandbox.core.machine import move
from sandbox.core.persisted import persisted

LONGEST = timedelta(days=14)  # ASG-103
PATIENCE = timedelta(hours=1)  # ASG-103: how long a refresh goes on without a further instance that is updated


@persisted("autoscaling.RefreshStatus")
class RefreshStatus(Enum):
    """ASG-100."""

    PENDING = "Pending"
    IN_PROGRESS = "InProgress"
    SUCCESSFUL = "Successful"
    FAILED = "Failed"
    CANCELLING = "Cancelling"
    CANCELLED = "Cancelled"
    ROLLBACK_IN_PROGRESS = "RollbackInProgress"
    ROLLBACK_FAILED = "RollbackFailed"
    ROLLBACK_SUCCESSFUL = "RollbackSuccessful"
    BAKING = "Baking"

    @property
    def is_active(self) -> bool:
        """A group has one active refresh at most."""
        return self in _ACTIVE

    @property
    def is_replacing(self) -> bool:
        """It takes instances out of service and launches others, perhaps above the desired capacity."""
        return self in (RefreshStatus.IN_PROGRESS, RefreshStatus.ROLLBACK_IN_PROGRESS)


class RefreshMove(Enum):
    BEGIN = "begins"
    CANCEL = "canceled by a user"
    STOP = "nothing is in transition any more"
    BAKE = "all instances replaced, with a bake time"
    SUCCEED = "all instances replaced"
    FAIL = "an alarm, or an hour without progress"
    ROLL_BACK = "rolled back"


REFRESH_TRANSITIONS: Mapping[tuple[RefreshStatus, RefreshMove], RefreshStatus] = {
    (RefreshStatus.PENDING, RefreshMove.BEGIN): RefreshStatus.IN_PROGRESS,
    (RefreshStatus.IN_PROGRESS, RefreshMove.BAKE): RefreshStatus.BAKING,
    (RefreshStatus.IN_PROGRESS, RefreshMove.SUCCEED): RefreshStatus.SUCCESSFUL,
    (RefreshStatus.BAKING, RefreshMove.SUCCEED): RefreshStatus.SUCCESSFUL,
    (RefreshStatus.PENDING, RefreshMove.FAIL): RefreshStatus.FAILED,
    (RefreshStatus.IN_PROGRESS, RefreshMove.FAIL): RefreshStatus.FAILED,
    (RefreshStatus.BAKING, RefreshMove.FAIL): RefreshStatus.FAILED,
    (RefreshStatus.PENDING, RefreshMove.ROLL_BACK): RefreshStatus.ROLLBACK_IN_PROGRESS,
    (RefreshStatus.IN_PROGRESS, RefreshMove.ROLL_BACK): RefreshStatus.ROLLBACK_IN_PROGRESS,
    (RefreshStatus.BAKING, RefreshMove.ROLL_BACK): RefreshStatus.ROLLBACK_IN_PROGRESS,
    (RefreshStatus.ROLLBACK_IN_PROGRESS, RefreshMove.SUCCEED): RefreshStatus.ROLLBACK_SUCCESSFUL,
    (RefreshStatus.ROLLBACK_IN_PROGRESS, RefreshMove.FAIL): RefreshStatus.ROLLBACK_FAILED,
    (RefreshStatus.PENDING, RefreshMove.CANCEL): RefreshStatus.CANCELLING,
    (RefreshStatus.IN_PROGRESS, RefreshMove.CANCEL): RefreshStatus.CANCELLING,
    (RefreshStatus.BAKING, RefreshMove.CANCEL): RefreshStatus.CANCELLING,
    (RefreshStatus.ROLLBACK_IN_PROGRESS, RefreshMove.CANCEL): RefreshStatus.CANCELLING,
    (RefreshStatus.CANCELLING, RefreshMove.CANCEL): RefreshStatus.CANCELLING,
    (RefreshStatus.CANCELLING, RefreshMove.STOP): RefreshStatus.CANCELLED,
}
_ACTIVE = frozenset(start for start, _ in REFRESH_TRANSITIONS)


@persisted("autoscaling.ProtectedInstances")
class ProtectedInstances(Enum):
    """What a refresh does with instances that are protected from scale-in."""

    REFRESH = "Refresh"
    IGNORE = "Ignore"
    WAIT = "Wait"


@persisted("autoscaling.StandbyInstances")
class StandbyInstances(Enum):
    """What a refresh does with instances in Standby."""

    TERMINATE = "Terminate"
    IGNORE = "Ignore"
    WAIT = "Wait"


@persisted("autoscaling.Preferences")
@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """ASG-101, with the defaults of the group in place."""

    min_healthy: int = 90  # per cent
    max_healthy: int | None = None  # per cent; None: not given, which terminates before it launches (ASG-102)
    warmup: timedelta = timedelta(0)
    checkpoints: tuple[int, ...] = ()  # per cent, ascending
    checkpoint_delay: timedelta = timedelta(hours=1)
    skip_matching: bool = False
    auto_rollback: bool = False
    protected: ProtectedInstances = ProtectedInstances.WAIT
    standby: StandbyInstances = StandbyInstances.WAIT
    alarms: tuple[str, ...] = ()  # names
    bake_time: timedelta = timedelta(0)


@persisted("autoscaling.DesiredTemplate")
@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredTemplate:
    """The launch template of a desired configuration, as it was asked for."""

    id: str
    name: str
    version: str | None  # a number, "$Latest" or "$Default"; None: not given


@persisted("autoscaling.Rollback")
@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    reason: str
    start: datetime
    percent: int  # complete when it began
    to_update: int  # instances that were not updated when it began


@persisted("autoscaling.Refresh")
@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh:
    id: str
    start: datetime
    preferences: Preferences
    outdated: tuple[str, ...]  # ids of the instances to be replaced; in a rollback: of those that the refresh launched
    kept: tuple[str, ...] = ()  # ids of the other instances that the group had at the start: they match already
    progress_at: datetime  # when it last came closer to its end
    status: RefreshStatus = RefreshStatus.PENDING
    desired: DesiredTemplate | None = None  # None: the group's own configuration
    done: int = 0  # the most instances that were updated at the same time
    percent: int = 0  # complete
    to_update: int = 0  # instances that still have to be taken out of service
    checkpoint: int = 0  # per cent of the last one that was reached
    paused_until: datetime | None = None  # after a checkpoint
    baking_until: datetime | None = None
    rollback: Rollback | None = None
    wait: bool = True  # a cancellation waits for launches and terminations in transition
    reason: str | None = None  # StatusReason
    end: datetime | None = None

    @property
    def launches_desired(self) -> bool:
        """New instances of the group have the desired configuration, not the group's."""
        return self.desired is not None and self.status.is_active and self.rollback is None

    def moved(self, how: RefreshMove, **changes: Any) -> "Refresh":
        status = move(REFRESH_TRANSITIONS, f"instance refresh {self.id}", self.status, how)
        return replace(self, status=status, **changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedRefresh:
    """The active refresh of a group, and what it watches."""

    refresh: Refresh
    alarms: Mapping[str, str] = field(default_factory=dict)  # name → state, of those that exist
    causes: Mapping[str, str | None] = field(default_factory=dict)  # name → id of the newest event about the alarm
