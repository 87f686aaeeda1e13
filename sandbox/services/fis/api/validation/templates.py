"""Checks of a template's parts. Each returns the checked value, or raises AWS's error; check_together compares targets and actions."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.services.fis import errors
from sandbox.services.fis.action_model import RESOURCE_TYPES
from sandbox.services.fis.api.validation import actions as action_checks
from sandbox.services.fis.decide.selection import parse
from sandbox.services.fis.model import (
    ALARM,
    MOST_ACTIONS,
    MOST_STOP_CONDITIONS,
    NO_STOP_CONDITION,
    ActionTemplate,
    Filter,
    StopCondition,
    Target,
)

Given = Mapping[str, Any]
ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/[\w+=,.@/-]+")
ALARM_ARN = re.compile(r"arn:aws[a-z-]*:cloudwatch:[a-z0-9-]+:\d{12}:alarm:.+")
NAME = re.compile(r"[A-Za-z0-9_-]+")
PATH = re.compile(r"[A-Z][A-Za-z0-9]*(\.[A-Z][A-Za-z0-9]*)*")


def role_arn(given: str, account: str) -> str:
    found = ROLE_ARN.fullmatch(given)
    if found is None or found[1] != account:
        raise errors.bad_role(given)
    return given


# ---- stop conditions ---------------------------------------------------------------------------------------------------------------------


def stop_conditions(given: Sequence[Given]) -> tuple[StopCondition, ...]:
    """At least one, even if it is "none" (FIS-1)."""
    if not given:
        raise errors.bad_stop_condition("specify at least one; the source none means that there is no stop condition")
    if len(given) > MOST_STOP_CONDITIONS:
        raise errors.quota(f"A template cannot have more than {MOST_STOP_CONDITIONS} stop conditions.")
    found = tuple(_stop_condition(each) for each in given)
    if len(found) > 1 and any(each.source == NO_STOP_CONDITION for each in found):
        raise errors.bad_stop_condition("the source none cannot be combined with others")
    return found


def _stop_condition(given: Given) -> StopCondition:
    source, value = given["source"], given.get("value")
    if source == NO_STOP_CONDITION:
        if value is not None:
            raise errors.bad_stop_condition("the source none has no value")
        return StopCondition(source=source)
    if source != ALARM:
        raise errors.bad_stop_condition(f"the source must be {ALARM} or {NO_STOP_CONDITION}")
    if value is None or not ALARM_ARN.fullmatch(value):
        raise errors.bad_stop_condition("the value must be the ARN of a CloudWatch alarm")
    return StopCondition(source=source, value=value)


# ---- targets -----------------------------------------------------------------------------------------------------------------------------


def targets(given: Mapping[str, Given]) -> Mapping[str, Target]:
    return {name: _target(name, each) for name, each in given.items()}


def _target(name: str, given: Given) -> Target:
    if not NAME.fullmatch(name):
        raise errors.bad_target(name, "its name must consist of letters, digits, hyphens and underscores")
    if given["resourceType"] not in RESOURCE_TYPES:
        raise errors.no_resource_type(given["resourceType"])
    target = Target(
        resource_type=given["resourceType"],
        selection_mode=given["selectionMode"],
        resource_arns=tuple(given.get("resourceArns") or ()),
        resource_tags=dict(given.get("resourceTags") or {}),
        filters=tuple(Filter(path=each["path"], values=tuple(each["values"])) for each in given.get("filters") or ()),
        parameters=dict(given.get("parameters") or {}),
    )
    if problem := _problem(target):
        raise errors.bad_target(name, problem)
    return target


def _problem(target: Target) -> str | None:
    known = RESOURCE_TYPES[target.resource_type]
    if target.resource_arns and (target.resource_tags or target.filters or target.parameters):
        return "resource ARNs cannot be combined with resource tags, filters or parameters"  # FIS-2
    if not (target.resource_arns or target.resource_tags or target.filters or target.parameters):
        return "specify resource ARNs, resource tags, filters or parameters"
    if not target.resource_arns and not known.by_tags:
        return f"{target.resource_type} can only be identified by resource ARNs"  # FIS-25
    if len(set(target.resource_arns)) < len(target.resource_arns):
        return "a resource ARN is listed twice"
    if wrong := next((arn for arn in target.resource_arns if not arn.startswith("arn:")), None):
        return f"{wrong} is not an ARN"
    if parse(target.selection_mode) is None:
        return "selectionMode must be ALL, COUNT(n) or PERCENT(n) with n from 1 to 100"  # FIS-3
    return _problem_of_filters(target) or _problem_of_parameters(target)


def _problem_of_filters(target: Target) -> str | None:
    for each in target.filters:
        if not PATH.fullmatch(each.path):
            return f"the filter path {each.path} is not a path in PascalCase, such as Placement.AvailabilityZone"  # FIS-2
        if not each.values:
            return f"the filter {each.path} has no values"
    return None


def _problem_of_parameters(target: Target) -> str | None:
    known = RESOURCE_TYPES[target.resource_type].parameters
    for name, value in target.parameters.items():
        if name not in known:
            return f"{target.resource_type} has no parameter {name}"  # FIS-4
        if not known[name].shape.fits(value):
            return f"the parameter {name} must be {known[name].shape.wanted}"
    return None


# ---- actions -----------------------------------------------------------------------------------------------------------------------------


def actions(given: Mapping[str, Given]) -> Mapping[str, ActionTemplate]:
    if not given:
        raise errors.invalid("Specify at least one action.")
    if len(given) > MOST_ACTIONS:
        raise errors.quota(f"A template cannot have more than {MOST_ACTIONS} actions.")
    for name in given:
        if not NAME.fullmatch(name):
            raise errors.invalid(f'The name of action "{name}" must consist of letters, digits, hyphens and underscores.')
    return {name: action_checks.action(name, each) for name, each in given.items()}


def check_together(targets: Mapping[str, Target], actions: Mapping[str, ActionTemplate]) -> None:
    action_checks.check_targets(targets, actions)
    action_checks.check_order(actions)
    used = {name for each in actions.values() for name in each.targets.values()}
    if unused := next((name for name in targets if name not in used), None):
        raise errors.bad_target(unused, "no action uses it")
