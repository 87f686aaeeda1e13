"""What CloudWatch's backends hold, and how to find them. moto has one for each account and Region; the class is in api/assembly.py."""

from collections.abc import Iterator
from typing import Any, Protocol

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.cloudwatch.models import cloudwatch_backends

from sandbox.aws.backends import find, walk
from sandbox.core.control import Scope
from sandbox.services.cloudwatch.data.store import MetricStore
from sandbox.services.cloudwatch.state.history import History


class Backend(Protocol):
    """What state/ reads and writes of a backend."""

    account_id: str
    region_name: str
    alarms: dict[str, Any]  # moto's objects by name, in the order of creation; `.sandbox` is our AlarmRecord
    sandbox_metrics: MetricStore
    sandbox_history: History


def backend_of(scope: Scope) -> Backend:
    """moto makes the backend if the account and Region had none."""
    backend: Backend = cloudwatch_backends[scope.account][scope.region]
    return backend


def find_backend(scope: Scope) -> Backend | None:
    """None: nothing has used the account and Region yet."""
    return find(cloudwatch_backends, scope)


def alarm_keys() -> Iterator[str]:
    """The controller's keys: one for each alarm of each account and Region."""
    for scope, backend in walk(cloudwatch_backends):
        for name in backend.alarms:
            yield scope.key(name)
