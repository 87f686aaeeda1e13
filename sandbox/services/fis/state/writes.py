"""The only writer of experiments and of the safety lever. Each move is an event of the journal, the cause of what follows (FIS-11)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from sandbox.aws.context import context
from sandbox.core.events import Event
from sandbox.core.machine import move
from sandbox.services.fis.actions import MoveExperiment, MoveRun
from sandbox.services.fis.decide import log_records, texts
from sandbox.services.fis.model import ACTION_CHANGE, EXPERIMENT_CHANGE, LEVER_CHANGE, Experiment, Failure, Run, SafetyLever
from sandbox.services.fis.state import logs
from sandbox.services.fis.state.store import FisBackend
from sandbox.services.fis.status_model import (
    ACTION_TRANSITIONS,
    LEVER_TRANSITIONS,
    TRANSITIONS,
    ActionStatus,
    ExperimentMove,
    ExperimentStatus,
    LeverMove,
    LeverStatus,
)

SOURCE = "aws.fis"


def put(backend: FisBackend, experiment: Experiment) -> None:
    """Without an event."""
    backend.experiments[experiment.id] = experiment


def put_run(backend: FisBackend, experiment_id: str, run: Run) -> None:
    experiment = backend.experiments[experiment_id]
    put(backend, replace(experiment, runs={**experiment.runs, run.name: run}))


def move_experiment(backend: FisBackend, experiment_id: str, action: MoveExperiment) -> None:
    old = backend.experiments[experiment_id]
    now = context().clock.now()
    status = move(TRANSITIONS, old.id, old.status, action.move)
    new = replace(old, status=status, reason=action.reason, failure=action.failure or old.failure)
    if action.move is ExperimentMove.INITIATE:
        new = replace(new, started=now)
    if not status.is_active:
        new = replace(new, ended=now)
    put(backend, replace(new, event=_record_experiment(backend, old, new)))
    if not status.is_active:
        logs.write(new, [log_records.experiment_end(new, now)])
    if not status.is_active:
        backend.forget_old(now)


def move_run(backend: FisBackend, experiment_id: str, action: MoveRun) -> Run:
    experiment = backend.experiments[experiment_id]
    old, now = experiment.runs[action.name], context().clock.now()
    status = move(ACTION_TRANSITIONS, f"{action.name} of {experiment_id}", old.status, action.move)
    new = replace(old, status=status, reason=action.reason, code=action.code)
    if status is ActionStatus.INITIATING:
        new = replace(new, started=now)
    if status.has_ended and new.started is not None:
        new = replace(new, ended=now)
    new = replace(new, event=_record_run(experiment, old, new))
    put_run(backend, experiment_id, new)
    logs.write(experiment, _log(experiment_id, new, backend.account_id, now))
    return new


def log_start(experiment: Experiment) -> None:
    logs.write(experiment, [log_records.experiment_start(experiment, context().clock.now())])


def log_resolution(backend: FisBackend, experiment: Experiment, name: str, arns: tuple[str, ...]) -> None:
    logs.write(experiment, log_records.resolution(experiment, name, arns, backend.account_id, context().clock.now()))


def log_unresolved(backend: FisBackend, experiment: Experiment, name: str, failure: Failure) -> None:
    logs.write(experiment, log_records.unresolved(experiment, name, failure, backend.account_id, context().clock.now()))


def _log(experiment_id: str, run: Run, account: str, now: datetime) -> Iterator[str]:
    if run.status is ActionStatus.INITIATING:
        yield log_records.action_start(experiment_id, run, now)
    if run.status is ActionStatus.FAILED:
        yield log_records.action_error(experiment_id, run, account, now)
    if run.status.has_ended and run.started is not None:
        yield log_records.action_end(experiment_id, run, now)


def move_lever(backend: FisBackend, to: LeverMove, reason: str) -> SafetyLever:
    old = backend.lever
    status = move(LEVER_TRANSITIONS, "the safety lever", old.status, to)
    backend.lever = SafetyLever(status=status, reason=reason)
    summary = f"the safety lever is {status.value}" + (f": {reason}" if reason else "")
    detail = {"new-state": {"status": status.value, "reason": reason}, "old-state": {"status": old.status.value, "reason": old.reason}}
    context().journal.record(Event(source=SOURCE, detail_type=LEVER_CHANGE, summary=summary, resources=("safety-lever",), detail=detail))
    return backend.lever


def settle_lever(backend: FisBackend) -> None:
    """FIS-12: it is engaged when nothing runs any more."""
    if backend.lever.status is LeverStatus.ENGAGING and not backend.active():
        move_lever(backend, LeverMove.SETTLE, backend.lever.reason)


def _record_experiment(backend: FisBackend, old: Experiment, new: Experiment) -> str:
    detail = {
        "experiment-id": new.id,
        "experiment-template-id": new.template_id,
        "new-state": {"status": new.status.value, "reason": new.reason},
        "old-state": {"status": old.status.value, "reason": old.reason},
    }
    event = Event(
        source=SOURCE,
        detail_type=EXPERIMENT_CHANGE,
        summary=f"experiment {new.id} is {new.status.value}" + (f": {new.reason}" if new.reason not in texts.PLAIN else ""),
        resources=(new.id, new.arn, new.template_id),
        detail=detail,
        cause=context().journal.current_cause or _cause(new) or old.event,
    )
    return context().journal.record(event).id


def _cause(experiment: Experiment) -> str | None:
    """An experiment that stops because of an alarm: the alarm's newest event; one that ends: that of its last action."""
    if experiment.status is ExperimentStatus.STOPPING and experiment.failure is None:
        names = [arn.rpartition(":")[2] for arn in experiment.alarms]
        return max((event for name in names if (event := context().journal.latest(name))), default=None)
    return max((run.event for run in experiment.runs.values() if run.event is not None), default=None)


def _record_run(experiment: Experiment, old: Run, new: Run) -> str:
    after = [each for name in new.action.start_after if (each := experiment.runs[name].event) is not None]
    said = f": {new.reason}" if new.reason not in texts.PLAIN else ""
    event = Event(
        source=SOURCE,
        detail_type=ACTION_CHANGE,
        summary=f"action {new.name} ({new.action.action_id}) of experiment {experiment.id} is {new.status.value}{said}",
        resources=(experiment.id, experiment.arn, *new.targeted(experiment.resolved or {})[:20]),
        detail={
            "experiment-id": experiment.id,
            "action-name": new.name,
            "action-id": new.action.action_id,
            "new-state": {"status": new.status.value, "reason": new.reason},
            "old-state": {"status": old.status.value, "reason": old.reason},
        },
        cause=max(after, default=None) if old.status is ActionStatus.PENDING and after else new.event or experiment.event,
    )
    return context().journal.record(event).id
