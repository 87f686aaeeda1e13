"""Records of an experiment's log, in version 2 of AWS's schema (FIS-13). Pure: JSON texts, which state/logs.py sends."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sandbox.core.text import at
from sandbox.services.fis.model import Experiment, Failure, Run

VERSION = "2"
TARGETS_ON_A_PAGE = 100


def _record(experiment_id: str, log_type: str, now: datetime, details: Mapping[str, Any]) -> str:
    made = {"id": experiment_id, "log_type": log_type, "event_timestamp": at(now), "version": VERSION, "details": details}
    return json.dumps(made, separators=(",", ":"))


def experiment_start(experiment: Experiment, now: datetime) -> str:
    details = {"experiment_template_id": experiment.template_id, "experiment_start_time": at(experiment.started or now)}
    return _record(experiment.id, "experiment-start", now, details)


def experiment_end(experiment: Experiment, now: datetime) -> str:
    state = {"status": experiment.status.value, "reason": experiment.reason}
    return _record(experiment.id, "experiment-end", now, {"experiment_end_time": at(now), "experiment_state": state})


def resolution(experiment: Experiment, name: str, arns: tuple[str, ...], account: str, now: datetime) -> Iterator[str]:
    """Start, detail and end of a target's resolution."""
    start = {"target_resolution_start_time": at(now), "target_name": name}
    yield _record(experiment.id, "target-resolution-start", now, start)
    end = {"target_resolution_end_time": at(now), "target_name": name, "target_type": experiment.targets[name].resource_type}
    detail = {**end, "account_id": account, "resolved_targets_count": len(arns), "status": "completed"}
    yield _record(experiment.id, "target-resolution-detail", now, detail)
    pages = [arns[first : first + TARGETS_ON_A_PAGE] for first in range(0, len(arns), TARGETS_ON_A_PAGE)] or [()]
    for number, page in enumerate(pages, 1):
        listed = {"resolved_targets": [{"arn": arn} for arn in page], "page": number, "total_pages": len(pages)}
        yield _record(experiment.id, "target-resolution-end", now, {**end, **listed})


def unresolved(experiment: Experiment, name: str, failure: Failure, account: str, now: datetime) -> Iterator[str]:
    start = {"target_resolution_start_time": at(now), "target_name": name}
    yield _record(experiment.id, "target-resolution-start", now, start)
    end = {"target_resolution_end_time": at(now), "target_name": name, "target_type": experiment.targets[name].resource_type}
    detail = {**end, "account_id": account, "resolved_targets_count": 0, "status": "failed", "error_information": failure.reason}
    yield _record(experiment.id, "target-resolution-detail", now, detail)


def action_start(experiment_id: str, run: Run, now: datetime) -> str:
    details: dict[str, Any] = {**_named(run), "action_start_time": at(now), "action_targets": dict(run.action.targets)}
    if run.action.parameters:
        details["parameters"] = dict(run.action.parameters)
    return _record(experiment_id, "action-start", now, details)


def action_error(experiment_id: str, run: Run, account: str, now: datetime) -> str:
    return _record(experiment_id, "action-error", now, {**_named(run), "account_id": account, "action_state": _state(run)})


def action_end(experiment_id: str, run: Run, now: datetime) -> str:
    return _record(experiment_id, "action-end", now, {**_named(run), "action_end_time": at(now), "action_state": _state(run)})


def _named(run: Run) -> dict[str, str]:
    return {"action_name": run.name, "action_id": run.action.action_id}


def _state(run: Run) -> dict[str, str]:
    return {"status": run.status.value, "reason": run.reason}
