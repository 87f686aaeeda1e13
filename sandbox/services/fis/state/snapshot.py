"""The observed state of an experiment: its record, the alarms that stop it, and what its running actions look like now."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from sandbox.aws import backends
from sandbox.aws.context import context
from sandbox.core.control import Scope
from sandbox.core.errors import ApiError
from sandbox.services.fis.decide.observed import Broken, Going, Look, Observed
from sandbox.services.fis.kinds import alarms
from sandbox.services.fis.kinds.base import Call, Reach
from sandbox.services.fis.kinds.registry import KINDS
from sandbox.services.fis.model import DEPENDENT_SERVICE_FAILURE, Experiment, Run
from sandbox.services.fis.state import logs, roles
from sandbox.services.fis.state.store import FisBackend, fis_backends
from sandbox.services.fis.status_model import ActionStatus, ExperimentStatus, LeverStatus

LIVE = (ActionStatus.RUNNING, ActionStatus.STOPPING)
UNKNOWN = "unknown"  # the state of an alarm when CloudWatch does not answer: no reason to stop


def running() -> Iterator[tuple[Scope, str]]:
    for scope, backend in backends.walk(fis_backends):
        for experiment in backend.active():
            yield scope, experiment.id


def backend_of(scope: Scope) -> FisBackend | None:
    found: FisBackend | None = backends.find(fis_backends, scope)
    return found


def find(scope: Scope, experiment_id: str) -> Experiment | None:
    backend = backend_of(scope)
    return backend.experiments.get(experiment_id) if backend is not None else None


def observe(scope: Scope, experiment_id: str, now: datetime) -> Observed | None:
    backend, experiment = backend_of(scope), find(scope, experiment_id)
    if backend is None or experiment is None or not experiment.status.is_active:
        return None
    call = Call(context().clients, scope)
    initiating = experiment.status is ExperimentStatus.INITIATING
    return Observed(
        experiment=experiment,
        lever_engaged=backend.lever.status is not LeverStatus.DISENGAGED,
        role_problem=roles.problem(call, experiment.role_arn) if initiating else None,
        log_problem=logs.problem(experiment) if initiating else None,
        alarms={} if experiment.status is ExperimentStatus.STOPPING else _alarms(call, experiment),
        looks=_looks(reach(scope, experiment_id, now), experiment),
    )


def reach(scope: Scope, experiment_id: str, now: datetime) -> Reach:
    known = context()
    return Reach(
        call=Call(known.clients, scope),
        faults=known.inject_faults,
        shifts=known.experiment_shifts,
        experiment_id=experiment_id,
        now=now,
    )


def _alarms(call: Call, experiment: Experiment) -> Mapping[str, str | None]:
    try:
        return alarms.states(call, experiment.alarms)
    except ApiError:
        return dict.fromkeys(experiment.alarms, UNKNOWN)


def _looks(there: Reach, experiment: Experiment) -> Mapping[str, Look]:
    return {run.name: _look(there, run) for run in experiment.runs.values() if run.status in LIVE}


def _look(there: Reach, run: Run) -> Look:
    """An API that refuses to answer says nothing about the action."""
    if run.trouble is not None:
        return Broken(reason=run.trouble, code=DEPENDENT_SERVICE_FAILURE)
    try:
        return KINDS[run.action.action_id].look(there, run)
    except ApiError:
        return Going()
