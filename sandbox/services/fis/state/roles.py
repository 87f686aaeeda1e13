"""The role of an experiment: it must exist and trust FIS, as far as IAM here holds it. What it may do is not checked: nothing here is.

Read through the IAM API.
"""

import json
from collections.abc import Mapping
from typing import Any

from sandbox.core.errors import ApiError
from sandbox.services.fis.kinds.base import Call

PRINCIPAL = "fis.amazonaws.com"


def problem(call: Call, role_arn: str) -> str | None:
    """Why FIS cannot assume the role, in one sentence (U); None: it can. An IAM that does not answer is no reason."""
    name = role_arn.rpartition("/")[2]
    try:
        found = call("iam", "get_role", RoleName=name)["Role"]
    except ApiError as error:
        return f"Unable to assume role {role_arn}: the role does not exist." if error.code == "NoSuchEntity" else None
    if found["Arn"] != role_arn:
        return f"Unable to assume role {role_arn}: the role does not exist."
    if not trusts(found["AssumeRolePolicyDocument"]):
        return f"Unable to assume role {role_arn}: its trust policy does not let {PRINCIPAL} assume it."
    return None


def trusts(document: Any, principal: str = PRINCIPAL) -> bool:
    """Whether a trust policy lets the service assume the role. Conditions are not evaluated."""
    policy = _json(document)
    return any(
        statement.get("Effect") == "Allow"
        and _has(statement.get("Action"), ("sts:assumerole", "sts:*", "*"))
        and _names(statement.get("Principal"), principal)
        for statement in _listed(policy.get("Statement"))
        if isinstance(statement, Mapping)
    )


def _json(document: Any) -> Mapping[str, Any]:
    try:
        found = json.loads(document) if isinstance(document, str) else document
    except ValueError:
        return {}
    return found if isinstance(found, Mapping) else {}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _has(actions: Any, wanted: tuple[str, ...]) -> bool:
    return any(str(each).lower() in wanted for each in _listed(actions))


def _names(principal: Any, wanted: str) -> bool:
    if isinstance(principal, Mapping):
        return wanted in _listed(principal.get("Service"))
    return principal == "*"
