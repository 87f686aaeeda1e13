"""What a request may contain: names, tags, enumerations, and parameters that the sandbox refuses by name."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.services.cloudformation import errors
from sandbox.services.cloudformation.decide.template.parameters import Given

STACK_NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]*")
LONGEST_NAME = 128
CHANGE_SET_NAME = STACK_NAME
MOST_TAGS = 50
CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")
ENUMERATIONS = {
    "OnFailure": ("ROLLBACK", "DELETE", "DO_NOTHING"),
    "ChangeSetType": ("CREATE", "UPDATE", "IMPORT"),
    "Status": ("SUCCESS", "FAILURE"),
    "OnStackFailure": ("DO_NOTHING", "ROLLBACK", "DELETE"),
    "TemplateStage": ("Original", "Processed"),
}
REFUSED = (
    *("ResourcesToImport", "StackPolicyURL", "StackPolicyDuringUpdateURL", "StackPolicyDuringUpdateBody", "DeploymentConfig"),
    *("ImportExistingResources", "DeploymentMode", "DisableValidation", "RetainExceptOnCreate"),
)
"""Parameters that would have an effect on AWS and have none here."""


def stack_name(value: str) -> str:
    """CFN-21: of a new stack."""
    if len(value) > LONGEST_NAME:
        raise errors.too_long(value, "stackName", LONGEST_NAME)
    if not STACK_NAME.fullmatch(value):
        raise errors.bad_pattern(value, "stackName", "[a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/._+]*")
    return value


def change_set_name(value: str) -> str:
    if len(value) > LONGEST_NAME:
        raise errors.too_long(value, "changeSetName", LONGEST_NAME)
    if not CHANGE_SET_NAME.fullmatch(value):
        raise errors.bad_pattern(value, "changeSetName", "[a-zA-Z][-a-zA-Z0-9]*")
    return value


def check(given: Mapping[str, Any]) -> None:
    """What all operations have in common."""
    if given.get("StackPolicyBody") and given.get("StackPolicyURL"):
        raise errors.invalid("You cannot specify both StackPolicyURL and StackPolicyBody")
    for name in REFUSED:
        if given.get(name) not in (None, "", [], False, {}):
            raise errors.not_supported(f"the parameter {name}")
    if (given.get("RollbackConfiguration") or {}).get("RollbackTriggers"):
        raise errors.not_supported("RollbackTriggers of a RollbackConfiguration")
    for name, allowed in ENUMERATIONS.items():
        value = given.get(name)
        if isinstance(value, str) and value and value not in allowed:
            raise errors.not_in_enumeration(value, name[0].lower() + name[1:], allowed)
    for value in given.get("Capabilities") or []:
        if value not in CAPABILITIES:
            raise errors.not_in_enumeration(f"[{value}]", "capabilities", CAPABILITIES)
    timeout = given.get("TimeoutInMinutes")
    if timeout is not None and timeout < 1:
        bound = "Member must have value greater than or equal to 1"
        raise errors.invalid(f"1 validation error detected: Value '{timeout}' at 'timeoutInMinutes' failed to satisfy constraint: {bound}")
    if given.get("OnFailure") and given.get("DisableRollback") is not None:
        raise errors.invalid("You cannot specify both OnFailure and DisableRollback.")
    if len(given.get("NotificationARNs") or []) > 5:
        raise errors.too_long(str(given["NotificationARNs"]), "notificationARNs", 5)


def resource_types(types: Iterable[str], allowed: list[str]) -> None:
    """ResourceTypes: what the template may contain. `AWS::*`, `AWS::EC2::*` and whole names."""
    for name in types if allowed else ():
        if not any(name == one or (one.endswith("::*") and name.startswith(one[:-1])) for one in allowed):
            raise errors.invalid(f"Resource type {name} is not allowed by parameter ResourceTypes [{', '.join(allowed)}]")


def tags(given: list[dict[str, Any]]) -> dict[str, str]:
    found: dict[str, str] = {}
    if len(given) > MOST_TAGS:
        raise errors.invalid(f"Tags: the number of tags, {len(given)}, is greater than {MOST_TAGS}")
    for tag in given:
        name = tag.get("Key") or ""
        if not name:
            raise errors.too_short("", "tags.1.member.key", 1)
        if name.lower().startswith("aws:"):
            raise errors.invalid(f"Tag keys that begin with aws: are reserved for AWS use: {name}")
        if name in found:
            raise errors.invalid(f"Duplicate tag key: {name}")
        found[name] = tag.get("Value") or ""
    return found


def parameters(given: list[dict[str, Any]]) -> list[Given]:
    found = []
    for each in given:
        name = each.get("ParameterKey")
        if not name:
            raise errors.invalid("Parameters: each must have a ParameterKey")
        previous = bool(each.get("UsePreviousValue"))
        if previous and each.get("ParameterValue"):
            text = "Cannot specify usePreviousValue as true and non empty value for a parameter"
            raise errors.invalid(f"Invalid input for parameter key {name}. {text}")
        found.append(Given(name=name, value=each.get("ParameterValue"), use_previous=previous))
    names = [each.name for each in found]
    if doubled := next((name for name in names if names.count(name) > 1), None):
        raise errors.invalid(f"Parameter '{doubled}' is specified more than once.")
    return found
