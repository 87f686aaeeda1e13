"""The FIS loop: one key for each experiment that has not ended. decide/experiments.py chooses, kinds/ acts, state/writes.py keeps.

The gateway wakes it after each request; alarms, faults, zonal shifts and state changes of instances wake it through the journal.
"""

import traceback
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from sandbox.aws.context import context
from sandbox.core.control import Action, Decision, Scope, Shell
from sandbox.core.errors import ApiError, Retry, UserError
from sandbox.core.events import Event
from sandbox.core.journal import Journal
from sandbox.services.fis.actions import Begin, MoveExperiment, MoveRun, ResolveTargets, Undo
from sandbox.services.fis.decide.experiments import decide
from sandbox.services.fis.decide.observed import Observed
from sandbox.services.fis.decide.texts import ACTION_CANCELLED, ACTION_RUNNING
from sandbox.services.fis.kinds.base import NothingToDo, Refusal
from sandbox.services.fis.kinds.registry import KINDS
from sandbox.services.fis.model import DEPENDENT_SERVICE_FAILURE, INTERNAL_FAILURE, SKIP, Experiment, Failure, Run
from sandbox.services.fis.state import snapshot, targets, writes
from sandbox.services.fis.state.store import FisBackend
from sandbox.services.fis.status_model import ActionMove, ExperimentMove

NAME = "fis"
WAKES = ("aws.cloudwatch", "aws.arc-zonal-shift", "aws.ssm", "sandbox.faults")
"""Sources of events after which a stop condition or a running action may look different."""


class FisController(Shell[Observed, None]):
    name = NAME

    def __init__(self, journal: Journal) -> None:
        super().__init__(journal)
        journal.on_event(_wake)

    def keys(self) -> Iterable[str]:
        return tuple(scope.key(experiment_id) for scope, experiment_id in snapshot.running())

    def observe(self, key: str, now: datetime) -> Observed | None:
        return snapshot.observe(*Scope.split(key), now)

    def decide(self, observed: Observed, memory: None, now: datetime) -> Decision[None]:
        return decide(observed, now)

    def act(self, key: str, action: Action, now: datetime) -> None:
        scope, experiment_id = Scope.split(key)
        backend = snapshot.backend_of(scope)
        if backend is None or experiment_id not in backend.experiments:
            return
        step = _Step(self.journal, backend, scope, experiment_id, now)
        match action:
            case ResolveTargets():
                step.resolve()
            case Begin():
                step.begin(action.name)
            case Undo():
                step.undo(action.name)
            case MoveRun():
                writes.move_run(backend, experiment_id, action)
            case MoveExperiment():
                writes.move_experiment(backend, experiment_id, action)
                writes.settle_lever(backend)


def _wake(event: Event) -> None:
    if event.source in WAKES or event.detail_type == "EC2 Instance State-change Notification":
        context().wake(NAME)


class _Step:
    """One action of a decision, carried out for one experiment."""

    def __init__(self, journal: Journal, backend: FisBackend, scope: Scope, experiment_id: str, now: datetime) -> None:
        self._journal, self._backend, self._scope, self._id, self._now = journal, backend, scope, experiment_id, now

    @property
    def _experiment(self) -> Experiment:
        return self._backend.experiments[self._id]

    def run(self, name: str) -> Run:
        return self._experiment.runs[name]

    def resolve(self) -> None:
        """FIS-3, FIS-6: once, and kept. A target that cannot be resolved makes the experiment fail."""
        call, chance = snapshot.reach(self._scope, self._id, self._now).call, context().random
        resolved: dict[str, tuple[str, ...]] = {}
        writes.log_start(self._experiment)
        for name, target in self._experiment.targets.items():
            try:
                found = targets.resolve(call, target, chance)
            except ApiError as error:
                self._fail(Failure(reason=error.message, code=DEPENDENT_SERVICE_FAILURE, location=f"target:{name}"))
                return
            if failure := targets.refusal(self._experiment, name, found):
                writes.log_unresolved(self._backend, self._experiment, name, failure)
                self._fail(failure)
                return
            resolved[name] = found.chosen
            writes.log_resolution(self._backend, self._experiment, name, found.chosen)
        writes.put(self._backend, replace(self._experiment, resolved=resolved))

    def _fail(self, failure: Failure) -> None:
        for name in self._experiment.runs:
            self._move(name, ActionMove.CANCEL, ACTION_CANCELLED)
        failed = MoveExperiment(move=ExperimentMove.FAIL, reason=failure.reason, failure=failure)
        writes.move_experiment(self._backend, self._id, failed)

    def begin(self, name: str) -> None:
        self._move(name, ActionMove.BEGIN, "")
        run = self.run(name)
        with self._journal.because(run.event):
            try:
                there = snapshot.reach(self._scope, self._id, self._now)
                begun = KINDS[run.action.action_id].begin(there, run, run.targeted(self._experiment.resolved or {}))
            except NothingToDo as error:
                skips = self._experiment.empty_target_resolution_mode == SKIP
                self._move(name, ActionMove.SKIP if skips else ActionMove.FAIL, error.reason, error.code)
            except Exception as error:  # the experiment must undo what its other actions did, whatever happened
                self._move(name, ActionMove.FAIL, *self._told(run, error))
            else:
                writes.put_run(self._backend, self._id, begun)
                self._move(name, ActionMove.RUN, ACTION_RUNNING)

    def undo(self, name: str) -> None:
        run = self.run(name)
        with self._journal.because(run.event):
            try:
                there = snapshot.reach(self._scope, self._id, self._now)
                ended = KINDS[run.action.action_id].undo(there, run)
            except Retry:
                raise
            except Exception as error:
                reason, _ = self._told(run, error)
                ended = replace(run, undone=True, trouble=reason)
            writes.put_run(self._backend, self._id, ended)

    def _move(self, name: str, move: ActionMove, reason: str, code: str | None = None) -> None:
        writes.move_run(self._backend, self._id, MoveRun(name=name, move=move, reason=reason, code=code))

    def _told(self, run: Run, error: Exception) -> tuple[str, str]:
        """The reason and the code of a failed action."""
        if isinstance(error, Refusal):
            return error.reason, error.code
        if isinstance(error, ApiError | UserError):
            return error.message, DEPENDENT_SERVICE_FAILURE
        self._journal.record(
            Event(
                source="sandbox.fis",
                detail_type="Sandbox Fault",
                summary=f"action {run.name} of experiment {self._id} failed because of a bug in the sandbox: {error!r}",
                resources=(self._id,),
                detail={"traceback": "".join(traceback.format_exception(error))},
            )
        )
        return f"Internal failure: {type(error).__name__}: {error}", INTERNAL_FAILURE
