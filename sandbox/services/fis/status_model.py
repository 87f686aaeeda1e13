"""The states of experiments and of their actions, with AWS's names, and the tables of their transitions (FIS-8). Pure.

The tables are drawn in ARCHITECTURE.md (`make docs`). decide/experiments.py chooses the moves; state/writes.py makes them.
"""

from collections.abc import Mapping
from enum import Enum

from sandbox.core.persisted import persisted


@persisted("fis.ExperimentStatus")
class ExperimentStatus(Enum):
    PENDING = "pending"
    INITIATING = "initiating"
    RUNNING = "running"
    COMPLETED = "completed"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_active(self) -> bool:
        """Counts towards the quota of active experiments (FIS-7); the controller has something to do."""
        return self not in _ENDED


_ENDED = frozenset({ExperimentStatus.COMPLETED, ExperimentStatus.STOPPED, ExperimentStatus.FAILED, ExperimentStatus.CANCELLED})


class ExperimentMove(Enum):
    """What causes a transition of an experiment."""

    INITIATE = "StartExperiment"
    RUN = "targets are resolved"
    COMPLETE = "all actions have ended"
    STOP = "StopExperiment, a stop condition, the safety lever, or an action that failed"
    END = "what its actions did is undone"
    FAIL = "it cannot run, or an action failed"
    CANCEL = "the safety lever is engaged"


TRANSITIONS: Mapping[tuple[ExperimentStatus, ExperimentMove], ExperimentStatus] = {
    (ExperimentStatus.PENDING, ExperimentMove.INITIATE): ExperimentStatus.INITIATING,
    (ExperimentStatus.INITIATING, ExperimentMove.RUN): ExperimentStatus.RUNNING,
    (ExperimentStatus.INITIATING, ExperimentMove.FAIL): ExperimentStatus.FAILED,  # FIS-6, FIS-10
    (ExperimentStatus.INITIATING, ExperimentMove.CANCEL): ExperimentStatus.CANCELLED,  # FIS-12
    (ExperimentStatus.INITIATING, ExperimentMove.STOP): ExperimentStatus.STOPPING,
    (ExperimentStatus.RUNNING, ExperimentMove.COMPLETE): ExperimentStatus.COMPLETED,
    (ExperimentStatus.RUNNING, ExperimentMove.STOP): ExperimentStatus.STOPPING,  # FIS-9, FIS-10, FIS-12
    (ExperimentStatus.STOPPING, ExperimentMove.END): ExperimentStatus.STOPPED,
    (ExperimentStatus.STOPPING, ExperimentMove.FAIL): ExperimentStatus.FAILED,  # an action had failed
}


@persisted("fis.ActionStatus")
class ActionStatus(Enum):
    PENDING = "pending"
    INITIATING = "initiating"
    RUNNING = "running"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"
    SKIPPED = "skipped"

    @property
    def has_ended(self) -> bool:
        return self not in _GOING

    @property
    def lets_others_start(self) -> bool:
        """An action that starts after this one may start (FIS-9). A skipped action has nothing to wait for."""
        return self in (ActionStatus.COMPLETED, ActionStatus.SKIPPED)


_GOING = frozenset({ActionStatus.PENDING, ActionStatus.INITIATING, ActionStatus.RUNNING, ActionStatus.STOPPING})


class ActionMove(Enum):
    """What causes a transition of an action."""

    BEGIN = "its turn: no action before it is left"
    RUN = "it acts on its targets"
    COMPLETE = "its duration is over, and what it did is undone"
    STOP = "the experiment stops"
    END = "what it did is undone"
    FAIL = "it could not act, or its result was not what it needs"
    SKIP = "it has no targets, or the experiment is a preview"
    CANCEL = "the experiment ended before its turn"


ACTION_TRANSITIONS: Mapping[tuple[ActionStatus, ActionMove], ActionStatus] = {
    (ActionStatus.PENDING, ActionMove.BEGIN): ActionStatus.INITIATING,
    (ActionStatus.PENDING, ActionMove.SKIP): ActionStatus.SKIPPED,  # FIS-6
    (ActionStatus.PENDING, ActionMove.CANCEL): ActionStatus.CANCELLED,  # FIS-8
    (ActionStatus.INITIATING, ActionMove.SKIP): ActionStatus.SKIPPED,  # FIS-6: none of its targets is one that it acts on
    (ActionStatus.INITIATING, ActionMove.RUN): ActionStatus.RUNNING,
    (ActionStatus.INITIATING, ActionMove.FAIL): ActionStatus.FAILED,
    (ActionStatus.RUNNING, ActionMove.COMPLETE): ActionStatus.COMPLETED,
    (ActionStatus.RUNNING, ActionMove.FAIL): ActionStatus.FAILED,
    (ActionStatus.RUNNING, ActionMove.STOP): ActionStatus.STOPPING,
    (ActionStatus.STOPPING, ActionMove.END): ActionStatus.STOPPED,
    (ActionStatus.STOPPING, ActionMove.FAIL): ActionStatus.FAILED,
}


@persisted("fis.LeverStatus")
class LeverStatus(Enum):
    """FIS-12."""

    DISENGAGED = "disengaged"
    ENGAGING = "engaging"
    ENGAGED = "engaged"


class LeverMove(Enum):
    ENGAGE = "UpdateSafetyLeverState, while experiments run"
    ENGAGE_AT_ONCE = "UpdateSafetyLeverState, while no experiment runs"
    SETTLE = "all experiments have ended"
    DISENGAGE = "UpdateSafetyLeverState"


LEVER_TRANSITIONS: Mapping[tuple[LeverStatus, LeverMove], LeverStatus] = {
    (LeverStatus.DISENGAGED, LeverMove.ENGAGE): LeverStatus.ENGAGING,
    (LeverStatus.DISENGAGED, LeverMove.ENGAGE_AT_ONCE): LeverStatus.ENGAGED,
    (LeverStatus.ENGAGING, LeverMove.SETTLE): LeverStatus.ENGAGED,
    (LeverStatus.ENGAGED, LeverMove.DISENGAGE): LeverStatus.DISENGAGED,
}
