"""Clients of other services, for what Auto Scaling asks of them while it answers. Its calls are journalled as its own."""

from typing import Any

from sandbox.aws.context import context
from sandbox.core.control import Scope

CALLER = "autoscaling"


def client(service: str, scope: Scope) -> Any:
    return context().clients.client(service, scope, CALLER)


def scope_of(backend: Any) -> Scope:
    return Scope(backend.account_id, backend.region_name)
