"""What a decision about an experiment may contain. The controller carries them out: state/writes.py keeps, kinds/ acts."""

from dataclasses import dataclass

from sandbox.core.control import Action
from sandbox.services.fis.model import Failure
from sandbox.services.fis.status_model import ActionMove, ExperimentMove


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveTargets(Action):
    """Once, at the start (FIS-3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveExperiment(Action):
    move: ExperimentMove
    reason: str
    failure: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin(Action):
    """The action acts on its targets."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo(Action):
    """The action ends what it began: its faults are cleared, the instances that it stopped are started (post action, FIS-9)."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveRun(Action):
    name: str
    move: ActionMove
    reason: str
    code: str | None = None  # of the error, if it fails
