"""Experiment templates: created, changed and deleted as a whole. What a request may contain is checked in api/validation/."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.moto_api._internal import mock_random

from sandbox.aws.context import context
from sandbox.services.fis import errors
from sandbox.services.fis.api import tokens
from sandbox.services.fis.api.validation import options, templates
from sandbox.services.fis.model import FAIL, MOST_TEMPLATES, Template
from sandbox.services.fis.state.store import FisBackend

Given = Mapping[str, Any]
CREATE = "CreateExperimentTemplate"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
ID_LENGTH = 15


def create(backend: FisBackend, given: Given) -> Template:
    if (made := tokens.known(backend, CREATE, given)) is not None and made in backend.templates:
        return backend.templates[made]
    checked = _checked(backend, given)
    if len(backend.templates) >= MOST_TEMPLATES:
        raise errors.quota(f"You cannot have more than {MOST_TEMPLATES} experiment templates.")
    backend.templates[checked.id] = checked
    tokens.keep(backend, CREATE, given, checked.id)
    return checked


def find(backend: FisBackend, template_id: str) -> Template:
    """Raises ApiError if there is none."""
    if template_id not in backend.templates:
        raise errors.no_template(template_id)
    return backend.templates[template_id]


def update(backend: FisBackend, given: Given) -> Template:
    """A member of the request replaces the template's; what is absent stays. Experiments that run keep what they started with."""
    old = find(backend, given["id"])
    options.check(given)
    targets = templates.targets(given["targets"]) if "targets" in given else old.targets
    actions = templates.actions(_completed(old, given["actions"])) if "actions" in given else old.actions
    templates.check_together(targets, actions)
    new = replace(
        old,
        description=given.get("description", old.description),
        targets=targets,
        actions=actions,
        stop_conditions=templates.stop_conditions(given["stopConditions"]) if "stopConditions" in given else old.stop_conditions,
        role_arn=templates.role_arn(given["roleArn"], backend.account_id) if "roleArn" in given else old.role_arn,
        empty_target_resolution_mode=options.empty_target_resolution_mode(given, old.empty_target_resolution_mode),
        log_group_arn=options.log_group_arn(given, old.log_group_arn),
        updated=context().clock.now(),
    )
    backend.templates[new.id] = new
    return new


def delete(backend: FisBackend, template_id: str) -> Template:
    found = find(backend, template_id)
    del backend.templates[template_id]
    return found


def new_id(prefix: str) -> str:
    return prefix + "".join(mock_random.choice(ALPHABET) for _ in range(ID_LENGTH))


def _completed(old: Template, actions: Mapping[str, Any]) -> Mapping[str, Any]:
    """In an update, the actionId of an action that the template has may be absent."""
    return {name: ({"actionId": old.actions[name].action_id} if name in old.actions else {}) | each for name, each in actions.items()}


def _checked(backend: FisBackend, given: Given) -> Template:
    options.check(given)
    actions = templates.actions(given["actions"])  # first: an action that is not here is named, rather than its type of target
    targets = templates.targets(given.get("targets") or {})
    templates.check_together(targets, actions)
    template_id, now = new_id("EXT"), context().clock.now()
    return Template(
        id=template_id,
        arn=f"arn:aws:fis:{backend.region_name}:{backend.account_id}:experiment-template/{template_id}",
        description=given["description"],
        targets=targets,
        actions=actions,
        stop_conditions=templates.stop_conditions(given["stopConditions"]),
        role_arn=templates.role_arn(given["roleArn"], backend.account_id),
        tags=dict(given.get("tags") or {}),
        empty_target_resolution_mode=options.empty_target_resolution_mode(given, FAIL),
        log_group_arn=options.log_group_arn(given, None),
        created=now,
        updated=now,
    )
