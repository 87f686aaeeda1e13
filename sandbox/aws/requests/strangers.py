"""Requests that name a resource of another account: an ARN, the URL of a queue, or a role to assume.

moto looks for some resources in the account of their ARN, whoever asks, or by their name alone. On AWS a resource of another account is
out of reach unless its policy admits the caller. The sandbox reads the trust policy of a role; it does not evaluate other policies across
accounts, and refuses.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.aws.backends import walk
from sandbox.aws.http.calls import Call
from sandbox.core.errors import ApiError
from sandbox.core.identity.owner import ARN

LOOK_IN_THEIR_OWN = frozenset(
    {"arc-zonal-shift", "autoscaling", "cloudformation", "cloudwatch", "ec2", "elb", "elbv2", "fis", "iam", "resourcegroupstaggingapi"}
)
"""Services that know only what the caller's account has, and have an error of their own for what it has not."""

QUEUE_OF = re.compile(r"https?://[^/]+/(\d{12})/[^/]+")
CODES = {"sns": "AuthorizationError", "sts": "AccessDenied"}


def refusal(call: Call, account: str) -> ApiError | None:
    """Why the caller's account may not do this; None: the call names nothing of another account."""
    if call.caller is not None or call.service in LOOK_IN_THEIR_OWN:
        return None
    if call.service == "sqs":
        return _no_queue() if _owners_of_queue(call.parameters) - {account} else None
    if (call.service, call.operation) == ("s3", "CreateBucket"):
        return _taken(str(call.parameters.get("Bucket", "")), account)
    if call.service == "sts":
        return _untrusted(call, account)
    named = next((arn for arn in _arns(call.parameters) if arn.split(":")[2] == call.service and ARN.match(arn)), None)
    match = ARN.match(named) if named else None
    return _denied(call, account, str(named)) if match and match[1] != account else None


def _arns(parameters: Mapping[str, Any]) -> Iterator[str]:
    """What the call acts on is one of its own parameters, not a part of one."""
    return (value for value in parameters.values() if isinstance(value, str) and value.startswith("arn:") and value.count(":") >= 5)


def _owners_of_queue(parameters: Mapping[str, Any]) -> set[str]:
    found = QUEUE_OF.fullmatch(str(parameters.get("QueueUrl", "")))
    return {each for each in (found[1] if found else None, parameters.get("QueueOwnerAWSAccountId")) if each}


def _no_queue() -> ApiError:
    return ApiError("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist or you do not have access to it.")


def _taken(bucket: str, account: str) -> ApiError | None:
    """Names of buckets are of all accounts. moto answers AccessDenied."""
    from moto.s3.models import s3_backends  # noqa: PLC0415 - only such a caller needs it

    if not any(scope.account != account and bucket in backend.buckets for scope, backend in walk(s3_backends)):
        return None
    text = "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a"
    return ApiError("BucketAlreadyExists", f"{text} different name and try again.", status=409)


def _denied(call: Call, account: str, arn: str) -> ApiError:
    action = f"{call.service}:{call.operation}"
    text = f"User: arn:aws:iam::{account}:root is not authorized to perform: {action} on resource: {arn}"
    code = CODES.get(call.service, "AccessDeniedException")
    return ApiError(code, f"{text} because no resource-based policy allows the {action} action", status=403)


# ---- roles -----------------------------------------------------------------------------------------------------------------------------


def _untrusted(call: Call, account: str) -> ApiError | None:
    """AssumeRole: a role of another account whose trust policy does not name the caller's."""
    arn = str(call.parameters.get("RoleArn", ""))
    match = ARN.match(arn)
    if call.operation != "AssumeRole" or match is None or match[1] in (account, "") or _trusts(arn, match[1], account):
        return None
    text = f"User: arn:aws:iam::{account}:root is not authorized to perform: sts:AssumeRole on resource: {arn}"
    return ApiError("AccessDenied", text, status=403)


def _trusts(arn: str, owner: str, account: str) -> bool:
    from moto.iam.models import iam_backends  # noqa: PLC0415 - only such a caller needs it

    roles = (role for scope, backend in walk(iam_backends) if scope.account == owner for role in backend.roles.values())
    role = next((each for each in roles if each.arn == arn), None)
    statements = json.loads(role.assume_role_policy_document).get("Statement", []) if role else []
    return any(_names(each, account) for each in (statements if isinstance(statements, list) else [statements]))


def _names(statement: Mapping[str, Any], account: str) -> bool:
    principal = statement.get("Principal", {})
    named = principal.get("AWS", []) if isinstance(principal, dict) else principal
    every = [named] if isinstance(named, str) else named
    return statement.get("Effect") == "Allow" and any(each in ("*", account) or f"::{account}:" in each for each in every)
