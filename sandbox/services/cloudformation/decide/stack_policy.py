"""Stack policies: which updates of which resources are allowed (CFN-28). Pure.

A stack without a policy allows all. With one, an update is allowed by an Allow that matches unless a Deny matches too.
"""

import json
from collections.abc import Mapping
from typing import Any

from sandbox.core.wildcards import POLICY, matches
from sandbox.services.cloudformation import errors

MODIFY, REPLACE, DELETE = "Update:Modify", "Update:Replace", "Update:Delete"
LONGEST = 16_384


def checked(text: str) -> str:
    """Raises ApiError if it is not a stack policy."""
    if len(text.encode()) > LONGEST:
        raise errors.too_long(text, "stackPolicyBody", LONGEST)
    try:
        statements = json.loads(text)["Statement"]
        for statement in statements:
            if statement["Effect"] not in ("Allow", "Deny") or not _listed(statement.get("Action", statement.get("NotAction"))):
                raise ValueError
            _check_condition(statement.get("Condition", {}))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise errors.invalid("Error validating stack policy: Invalid stack policy") from error
    return text


def _check_condition(condition: Mapping[str, Any]) -> None:
    for operator, keys in condition.items():
        if operator not in ("StringEquals", "StringLike") or set(keys) != {"ResourceType"}:
            raise errors.not_supported(f"the condition {operator} of a stack policy")


def denial(policy: str | None, action: str, logical_id: str, resource_type: str) -> str | None:
    """AWS's reason why the update is denied; None: it is allowed."""
    if policy is None:
        return None
    statements = json.loads(policy)["Statement"]
    matching = [(n, s) for n, s in enumerate(statements, 1) if _applies(s, action, logical_id, resource_type)]
    denied = next((number for number, statement in matching if statement["Effect"] == "Deny"), None)
    if denied is None and matching:
        return None
    number = denied or len(statements)
    return f"Action denied by stack policy: Statement [#{number}] does not allow [{action}] for resource [LogicalResourceId/{logical_id}]"


def _applies(statement: Mapping[str, Any], action: str, logical_id: str, resource_type: str) -> bool:
    if "NotAction" in statement:
        acts = not any(matches(one, action, POLICY) for one in _listed(statement["NotAction"]))
    else:
        acts = any(matches(one, action, POLICY) for one in _listed(statement.get("Action")))
    resource = f"LogicalResourceId/{logical_id}"
    if "NotResource" in statement:
        about = not any(matches(one, resource, POLICY) for one in _listed(statement["NotResource"]))
    else:
        about = any(matches(one, resource, POLICY) for one in _listed(statement.get("Resource", "*")))
    conditions = [types for keys in statement.get("Condition", {}).values() for types in keys.values()]
    return acts and about and all(any(matches(one, resource_type, POLICY) for one in _listed(types)) for types in conditions)


def _listed(value: Any) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)


def optional(text: str | None) -> str | None:
    """The policy of a request; None: the request has none."""
    return checked(text) if text else None
