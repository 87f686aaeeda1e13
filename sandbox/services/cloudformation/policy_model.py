"""UpdatePolicy of an Auto Scaling group: what a template asks for, and how far a rolling update is. Saved with the resource."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from sandbox.core.persisted import persisted

SIZES = ("MinSize", "MaxSize", "DesiredCapacity")


@persisted("cloudformation.RollingPolicy")
@dataclass(frozen=True, slots=True, kw_only=True)
class RollingPolicy:
    """AutoScalingRollingUpdate, evaluated. `pause_text`: PauseTime as AWS's events show it."""

    batch: int = 1
    in_service: int = 0
    active_percent: int = 100
    successful_percent: int = 100
    pause: timedelta = timedelta(0)
    pause_text: str = "PT0S"
    signals: bool = False
    suspend: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdatePolicy:
    """`replaces`: AutoScalingReplacingUpdate; `ignores_sizes`: AutoScalingScheduledAction."""

    rolling: RollingPolicy | None = None
    replaces: bool = False
    ignores_sizes: bool = False


@persisted("cloudformation.RollingPhase")
class Phase(Enum):
    """Each names what happens next, or what is waited for."""

    BEGIN = "begin"
    LAUNCH = "launch"  # old instances leave, new ones get into service
    SETTLE = "settle"  # signals come, or PauseTime passes
    TERMINATE = "terminate"
    END = "end"


@persisted("cloudformation.RollingUpdate")
@dataclass(frozen=True, slots=True, kw_only=True)
class RollingUpdate:
    """A rolling update in progress.

    obsolete   the instances to replace, when it began
    size       the desired capacity then; minimum: the MinSize of the template
    suspended  the processes that this update suspended, or an earlier one that failed
    going      the batch that leaves; arriving: how many new instances this batch waits for
    expected   signals wanted so far; missed: of these, how many did not come in time
    until      when the phase ends
    """

    policy: RollingPolicy = field(default_factory=RollingPolicy)
    phase: Phase = Phase.BEGIN
    obsolete: tuple[str, ...] = ()
    size: int = 0
    minimum: int = 0
    suspended: tuple[str, ...] = ()
    going: tuple[str, ...] = ()
    arriving: int = 0
    terminated: int = 0
    expected: int = 0
    missed: int = 0
    until: datetime | None = None
