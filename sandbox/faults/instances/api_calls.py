"""The part of the AWS API that faults on instances use: what a user could do. Errors of the API become UserErrors."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from botocore.exceptions import ClientError

from sandbox.core.control import Scope
from sandbox.core.errors import UserError
from sandbox.core.ports import Clients, KnownInstance


def call_for(operation: str, instances: Iterable[KnownInstance], clients: Clients) -> None:
    """Calls an operation of EC2 that takes InstanceIds, once for each account and Region. Raises UserError with AWS's code and text."""
    by_scope: dict[Scope, list[str]] = defaultdict(list)
    for instance in instances:
        by_scope[instance.scope].append(instance.instance_id)
    for scope, instance_ids in by_scope.items():
        _call(clients.client("ec2", scope), operation, instance_ids)


def _call(ec2: Any, operation: str, instance_ids: list[str]) -> None:
    try:
        ec2._make_api_call(operation, {"InstanceIds": instance_ids})
    except ClientError as error:
        given = error.response["Error"]
        raise UserError(f"{operation} failed: {given['Code']}: {given['Message']}", "sandbox events") from error
