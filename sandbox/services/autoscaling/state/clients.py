"""Clients of other services' APIs. The journal names Auto Scaling as the caller."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError

from sandbox.aws.context import context
from sandbox.core.control import Scope
from sandbox.core.errors import Retry

CALLER = "autoscaling"
THROTTLED = frozenset(
    {"InternalError", "InternalFailure", "RequestLimitExceeded", "ServiceUnavailable", "Throttling", "ThrottlingException", "Unavailable"}
)
"""Codes of errors that pass by themselves."""
RETRY = timedelta(seconds=5)


def client(service: str, scope: Scope) -> Any:
    return context().clients.client(service, scope, CALLER)


def scope_of(backend: Any) -> Scope:
    return Scope(backend.account_id, backend.region_name)


@contextmanager
def retried() -> Iterator[None]:
    """Round calls of the controller. An error that passes by itself becomes Retry; every other is raised as it is."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] in THROTTLED:
            raise Retry(str(error), after=RETRY) from error
        raise
