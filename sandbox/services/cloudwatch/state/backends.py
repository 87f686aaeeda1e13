"""What CloudWatch's backends hold, and where they are. moto has one for each account and Region; the class is in api/assembly.py."""

from collections.abc import Iterator
from typing import Any, Protocol

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.cloudwatch.models import cloudwatch_backends

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
    """Of the account and Region; a new one where there was none."""
    backend: Backend = cloudwatch_backends[scope.account][scope.region]
    return backend


def alarm_keys() -> Iterator[str]:
    """The controller's keys: every alarm of every account and Region."""
    for account in sorted(cloudwatch_backends):
        for region in sorted(cloudwatch_backends[account]):
            for name in cloudwatch_backends[account][region].alarms:
                yield Scope(account, region).key(name)
