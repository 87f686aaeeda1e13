"""Experiments: started from a template, which may change afterwards, and stopped. The controller does the rest."""

from collections.abc import Mapping
from typing import Any

from sandbox.aws.context import context
from sandbox.services.fis import errors
from sandbox.services.fis.actions import MoveExperiment
from sandbox.services.fis.api import templates, tokens
from sandbox.services.fis.decide.texts import INITIATING, STOPPING
from sandbox.services.fis.model import MOST_ACTIVE_EXPERIMENTS, RUN_ALL, Experiment, Run, Template
from sandbox.services.fis.state import writes
from sandbox.services.fis.state.store import FisBackend
from sandbox.services.fis.status_model import ExperimentMove, ExperimentStatus

Given = Mapping[str, Any]
START = "StartExperiment"


def start(backend: FisBackend, given: Given) -> Experiment:
    """An experiment that cannot run (its role, its targets, an alarm) starts, and fails: the answer does not show it yet."""
    if (made := tokens.known(backend, START, given)) is not None and made in backend.experiments:
        return backend.experiments[made]
    template = templates.find(backend, given["experimentTemplateId"])
    if len(backend.active()) >= MOST_ACTIVE_EXPERIMENTS:
        raise errors.quota(f"You cannot have more than {MOST_ACTIVE_EXPERIMENTS} active experiments.")
    made_now = _new(backend, template, given)
    writes.put(backend, made_now)
    tokens.keep(backend, START, given, made_now.id)
    writes.move_experiment(backend, made_now.id, MoveExperiment(move=ExperimentMove.INITIATE, reason=INITIATING))
    return backend.experiments[made_now.id]


def find(backend: FisBackend, experiment_id: str) -> Experiment:
    """Raises ApiError if there is none."""
    if experiment_id not in backend.experiments:
        raise errors.no_experiment(experiment_id)
    return backend.experiments[experiment_id]


def stop(backend: FisBackend, experiment_id: str) -> Experiment:
    """FIS-9. Stopping what stops or has ended changes nothing (U: clients stop whatever has their tags)."""
    found = find(backend, experiment_id)
    if found.status.is_active and found.status is not ExperimentStatus.STOPPING:
        writes.move_experiment(backend, experiment_id, MoveExperiment(move=ExperimentMove.STOP, reason=STOPPING))
    return backend.experiments[experiment_id]


def _new(backend: FisBackend, template: Template, given: Given) -> Experiment:
    experiment_id = templates.new_id("EXP")
    return Experiment(
        id=experiment_id,
        arn=f"arn:aws:fis:{backend.region_name}:{backend.account_id}:experiment/{experiment_id}",
        template_id=template.id,
        role_arn=template.role_arn,
        targets=template.targets,
        runs={name: Run(name=name, action=each) for name, each in template.actions.items()},
        stop_conditions=template.stop_conditions,
        status=ExperimentStatus.PENDING,
        reason="Initial state",
        created=context().clock.now(),
        tags=dict(given.get("tags") or {}),
        empty_target_resolution_mode=template.empty_target_resolution_mode,
        log_group_arn=template.log_group_arn,
        actions_mode=(given.get("experimentOptions") or {}).get("actionsMode", RUN_ALL),
    )
