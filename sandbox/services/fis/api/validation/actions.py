"""Checks of a template's actions against the table of actions (action_model.py)."""

from collections.abc import Mapping
from typing import Any

from sandbox.services.fis import errors
from sandbox.services.fis.action_model import ABSENT, ABSENT_SCOPES, ACTIONS, DOCUMENTS, ActionType, document_name
from sandbox.services.fis.model import ActionTemplate, Target

Given = Mapping[str, Any]


def action(name: str, given: Given) -> ActionTemplate:
    kind = _kind(name, given)
    found = ActionTemplate(
        action_id=kind.id,
        description=given.get("description"),
        parameters=dict(given.get("parameters") or {}),
        targets=dict(given.get("targets") or {}),
        start_after=tuple(given.get("startAfter") or ()),
    )
    for key in found.targets:
        if key not in kind.targets:
            raise errors.unexpected_target(key, name)
    for key in kind.targets:
        if key not in found.targets:
            raise errors.missing_target(key, name)
    _check_parameters(name, kind, found.parameters)
    return found


def _kind(name: str, given: Given) -> ActionType:
    if "actionId" not in given:
        raise errors.invalid(f'Action "{name}" has no actionId.')
    action_id = given["actionId"]
    if action_id in ABSENT:
        raise errors.not_supported(f"the action {action_id}")
    if action_id not in ACTIONS:
        raise errors.no_action_type(action_id)
    return ACTIONS[action_id]


def _check_parameters(name: str, kind: ActionType, given: Mapping[str, str]) -> None:
    for parameter in given:
        if parameter not in kind.parameters:
            raise errors.unexpected_parameter(parameter, name)
    for parameter, known in kind.parameters.items():
        if known.required and parameter not in given:
            raise errors.missing_parameter(parameter, name)
    _refuse_absent(kind.id, given)
    for parameter, value in given.items():
        if not kind.parameters[parameter].shape.fits(value):
            raise errors.bad_parameter(parameter, name, kind.parameters[parameter].shape.wanted)


def _refuse_absent(action_id: str, given: Mapping[str, str]) -> None:
    """Values that AWS has and that would have no effect here."""
    if action_id == "aws:network:disrupt-connectivity" and given["scope"] in ABSENT_SCOPES:
        raise errors.not_supported(f"the scope {given['scope']} of {action_id}")
    if action_id.startswith("aws:fis:inject-api-") and given["service"] != "ec2":
        raise errors.not_supported(f"the service kinesis of {action_id}") if given["service"] == "kinesis" else errors.unsupported_service()
    if action_id == "aws:ssm:send-command" and _is_absent(document_name(given["documentArn"])):
        raise errors.not_supported(f"the document {given['documentArn']} of {action_id} (here are {', '.join(DOCUMENTS)})")


def _is_absent(document: str) -> bool:
    """Whether it is a document of AWS's that is not here."""
    return document.startswith("AWS") and document not in DOCUMENTS


def check_targets(targets: Mapping[str, Target], actions: Mapping[str, ActionTemplate]) -> None:
    for name, each in actions.items():
        for key, target in each.targets.items():
            if target not in targets:
                raise errors.unknown_target(target, name)
            wanted = ACTIONS[each.action_id].targets[key]
            if targets[target].resource_type != wanted:
                raise errors.wrong_target_type(target, name, wanted)


def check_order(actions: Mapping[str, ActionTemplate]) -> None:
    """startAfter names actions of the template, and has no circle (FIS-9)."""
    for name, each in actions.items():
        if unknown := next((before for before in each.start_after if before not in actions), None):
            raise errors.unknown_start_after(unknown, name)
    ready: set[str] = set()
    while len(ready) < len(actions):
        more = [name for name, each in actions.items() if name not in ready and ready.issuperset(each.start_after)]
        if not more:
            raise errors.circular_start_after(next(name for name in actions if name not in ready))
        ready.update(more)
