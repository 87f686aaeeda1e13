"""Clients of other services' APIs. The journal names Auto Scaling as the caller."""

from typing import Any

from sandbox.aws.context import context
from sandbox.core.control import Scope

CALLER = "autoscaling"


def client(service: str, scope: Scope) -> Any:
    return context().clients.client(service, scope, CALLER)


def scope_of(backend: Any) -> Scope:
    return Scope(backend.account_id, backend.region_name)
