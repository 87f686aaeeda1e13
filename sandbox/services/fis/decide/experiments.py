"""What an experiment does next (FIS-6 to FIS-12): when its actions begin, when what they did is undone, when the whole thing ends.

decide() only chooses; the moves are the tables of status_model.py. It is level-triggered: everything it needs is in the experiment's record
and in what its actions look like now, so that a new process goes on where a killed one stopped.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.core.control import Action, Decision
from sandbox.services.fis.actions import Begin, MoveExperiment, MoveRun, ResolveTargets, Undo
from sandbox.services.fis.decide.observed import Broken, Done, Observed
from sandbox.services.fis.decide.texts import (
    ACTION_CANCELLED,
    ACTION_COMPLETED,
    ACTION_SKIPPED,
    ACTION_SKIPPED_EMPTY,
    ACTION_STOPPED,
    ACTION_STOPPING,
    COMPLETED,
    ENGAGED,
    HALTED,
    HALTED_BY_LEVER,
    RUNNING,
    STOPPED,
    TOO_LONG,
    alarm_in_alarm,
    alarm_missing,
    no_targets,
)
from sandbox.services.fis.model import (
    AUTHORIZATION_FAILURE,
    CONFIGURATION_FAILURE,
    INTERNAL_FAILURE,
    INVALID_TARGET,
    LONGEST_EXPERIMENT,
    MOST_ACTIONS_AT_ONCE,
    SKIP,
    SKIP_ALL,
    Experiment,
    Failure,
    Run,
)
from sandbox.services.fis.status_model import ActionMove, ActionStatus, ExperimentMove, ExperimentStatus

IN_ALARM = "ALARM"
AT_ONCE = timedelta(0)
SOON = timedelta(seconds=1)
STOP_LOCATION = "stopConditions"


def decide(observed: Observed, now: datetime) -> Decision[None]:
    match observed.experiment.status:
        case ExperimentStatus.INITIATING:
            return _initiate(observed)
        case ExperimentStatus.RUNNING:
            return _run(observed, now)
        case ExperimentStatus.STOPPING:
            return _stop(observed, now)
    return Decision(memory=None)


# ---- before it runs ----------------------------------------------------------------------------------------------------------------------


def _initiate(observed: Observed) -> Decision[None]:
    experiment = observed.experiment
    if observed.lever_engaged:  # FIS-12
        return _end(experiment, ExperimentMove.CANCEL, ENGAGED)
    if refusal := _refusal(observed):
        return _end(experiment, ExperimentMove.FAIL, refusal.reason, refusal)
    if experiment.resolved is None:
        return Decision(memory=None, actions=(ResolveTargets(),), look_again=AT_ONCE)
    if failure := _empty(experiment):
        return _end(experiment, ExperimentMove.FAIL, failure.reason, failure)
    return Decision(memory=None, actions=(MoveExperiment(move=ExperimentMove.RUN, reason=RUNNING),), look_again=AT_ONCE)


def _refusal(observed: Observed) -> Failure | None:
    for arn, state in observed.alarms.items():
        if state is None:
            return Failure(reason=alarm_missing(arn), code=CONFIGURATION_FAILURE, location=STOP_LOCATION)
        if state == IN_ALARM:  # FIS-10
            return Failure(reason=alarm_in_alarm(arn), code=CONFIGURATION_FAILURE, location=STOP_LOCATION)
    if observed.role_problem is not None:
        return Failure(reason=observed.role_problem, code=AUTHORIZATION_FAILURE, location="roleArn")
    if observed.log_problem is not None:
        return Failure(reason=observed.log_problem, code=CONFIGURATION_FAILURE, location="logConfiguration")
    return None


def _empty(experiment: Experiment) -> Failure | None:
    """FIS-6."""
    if experiment.empty_target_resolution_mode == SKIP:
        return None
    empty = next((name for name, arns in (experiment.resolved or {}).items() if not arns), None)
    return None if empty is None else Failure(reason=no_targets(), code=INVALID_TARGET, location=f"target:{empty}")


def _end(experiment: Experiment, move: ExperimentMove, reason: str, failure: Failure | None = None) -> Decision[None]:
    cancelled = tuple(MoveRun(name=name, move=ActionMove.CANCEL, reason=ACTION_CANCELLED) for name in experiment.runs)
    return Decision(memory=None, actions=(*cancelled, MoveExperiment(move=move, reason=reason, failure=failure)))


# ---- while it runs -----------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Step:
    """What a run does now. `due`: when it next does something by itself; None: it acts now."""

    acts: tuple[Action, ...] = ()
    due: datetime | None = None


def _run(observed: Observed, now: datetime) -> Decision[None]:
    experiment = observed.experiment
    runs = experiment.runs.values()
    if failure := next((_failure(run) for run in runs if run.status is ActionStatus.FAILED), None):  # FIS-8: the first one's
        stop = MoveExperiment(move=ExperimentMove.STOP, reason=failure.reason, failure=failure)
        return Decision(memory=None, actions=(stop,), look_again=AT_ONCE)
    if halt := _halt(observed, now):
        return Decision(memory=None, actions=(MoveExperiment(move=ExperimentMove.STOP, reason=halt),), look_again=AT_ONCE)
    steps = {run.name: _progress(observed, run, now) for run in runs if run.status is ActionStatus.RUNNING}
    acts = (*_in_order(experiment, steps), *_next(experiment))
    if acts:
        return Decision(memory=None, actions=acts, look_again=AT_ONCE)
    if all(run.status.has_ended for run in runs):
        return Decision(memory=None, actions=(MoveExperiment(move=ExperimentMove.COMPLETE, reason=COMPLETED),))
    return Decision(memory=None, look_again=_wait(steps, now))


def _failure(run: Run) -> Failure:
    return Failure(reason=run.reason, code=run.code or INTERNAL_FAILURE, location=f"action:{run.name}")


def _halt(observed: Observed, now: datetime) -> str | None:
    """Why the experiment must stop."""
    if observed.lever_engaged:  # FIS-12
        return HALTED_BY_LEVER
    if any(state is None or state == IN_ALARM for state in observed.alarms.values()):  # FIS-10; an alarm that is gone guards nothing
        return HALTED
    started = observed.experiment.started
    return TOO_LONG if started is not None and now - started >= LONGEST_EXPERIMENT else None  # FIS-7


def _progress(observed: Observed, run: Run, now: datetime) -> _Step:
    """FIS-9: an action with a duration is completed when it is over, and its post actions are done."""
    look = observed.looks.get(run.name)
    if isinstance(look, Broken):
        return _Step(acts=(*_undo(run), _fail(run, look)))
    if run.until is not None and now < run.until:
        return _Step(due=run.until)
    if run.until is not None and not run.undone:
        return _Step(acts=_undo(run))
    if isinstance(look, Done):
        return _Step(acts=(MoveRun(name=run.name, move=ActionMove.COMPLETE, reason=ACTION_COMPLETED),))
    return _Step(due=now + SOON)


def _undo(run: Run) -> tuple[Action, ...]:
    return () if run.undone else (Undo(name=run.name),)


def _fail(run: Run, look: Broken) -> Action:
    return MoveRun(name=run.name, move=ActionMove.FAIL, reason=look.reason, code=look.code)


def _in_order(experiment: Experiment, steps: dict[str, _Step]) -> Iterator[Action]:
    """What ends together: faults first, so that instances start when capacity and network are back (FIS-42)."""
    return (act for run in _faults_first(experiment) if run.name in steps for act in steps[run.name].acts)


def _faults_first(experiment: Experiment) -> list[Run]:
    return sorted(experiment.runs.values(), key=lambda run: not (run.faults or run.shifts))


def _next(experiment: Experiment) -> Iterator[Action]:
    """Actions whose turn it is (FIS-9), at most ten at once (FIS-7); those without targets, and all of a preview, are skipped (FIS-6)."""
    room = MOST_ACTIONS_AT_ONCE - sum(run.status is ActionStatus.RUNNING for run in experiment.runs.values())
    for run in experiment.runs.values():
        if run.status is not ActionStatus.PENDING:
            continue
        if experiment.actions_mode == SKIP_ALL:
            yield MoveRun(name=run.name, move=ActionMove.SKIP, reason=ACTION_SKIPPED)
        elif not all(experiment.runs[name].status.lets_others_start for name in run.action.start_after):
            continue
        elif run.action.targets and not run.targeted(experiment.resolved or {}):
            yield MoveRun(name=run.name, move=ActionMove.SKIP, reason=ACTION_SKIPPED_EMPTY)
        elif room > 0:
            room -= 1
            yield Begin(name=run.name)


def _wait(steps: dict[str, _Step], now: datetime) -> timedelta:
    due = [step.due for step in steps.values() if step.due is not None]
    return max(min(due, default=now + SOON) - now, AT_ONCE)


# ---- while it stops ----------------------------------------------------------------------------------------------------------------------


def _stop(observed: Observed, now: datetime) -> Decision[None]:
    """Post actions finish first (FIS-9); then the experiment is stopped, or failed if an action was the reason."""
    experiment = observed.experiment
    acts = tuple(act for run in _faults_first(experiment) if (act := _stop_run(observed, run)) is not None)
    if acts:
        return Decision(memory=None, actions=acts, look_again=AT_ONCE)
    if not all(run.status.has_ended for run in experiment.runs.values()):
        return Decision(memory=None, look_again=SOON)
    if failure := experiment.failure:
        return Decision(memory=None, actions=(MoveExperiment(move=ExperimentMove.FAIL, reason=failure.reason, failure=failure),))
    halted = experiment.reason if experiment.reason in (HALTED, HALTED_BY_LEVER, TOO_LONG) else STOPPED
    return Decision(memory=None, actions=(MoveExperiment(move=ExperimentMove.END, reason=halted),))


def _stop_run(observed: Observed, run: Run) -> Action | None:
    if run.status is ActionStatus.PENDING:
        return MoveRun(name=run.name, move=ActionMove.CANCEL, reason=ACTION_CANCELLED)
    if run.status is ActionStatus.RUNNING:
        return MoveRun(name=run.name, move=ActionMove.STOP, reason=ACTION_STOPPING)
    if run.status is not ActionStatus.STOPPING:
        return None
    if not run.undone:
        return Undo(name=run.name)
    look = observed.looks.get(run.name)
    if isinstance(look, Broken):
        return _fail(run, look)
    return MoveRun(name=run.name, move=ActionMove.END, reason=ACTION_STOPPED) if isinstance(look, Done) else None
