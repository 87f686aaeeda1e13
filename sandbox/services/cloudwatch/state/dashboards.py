"""Where an account's dashboards are. They are global (CW-64), and moto has them in the backend of a Region: ours are in that of us-east-1.

States that were saved before may hold some in other Regions: all are looked through.
"""

from collections.abc import Iterator
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.cloudwatch.models import cloudwatch_backends

from sandbox.aws.backends import walk

HOME = "us-east-1"


def _holders(account: str) -> Iterator[Any]:
    """moto's backends of the account that have any."""
    return (backend for scope, backend in walk(cloudwatch_backends) if scope.account == account and backend.dashboards)


def all_of(account: str) -> dict[str, Any]:
    """moto's dashboards by name."""
    return {name: found for backend in _holders(account) for name, found in backend.dashboards.items()}


def holder(account: str, name: str) -> tuple[Any, bool]:
    """The backend that has the dashboard, or gets it when it is new (True)."""
    there = next((backend for backend in _holders(account) if name in backend.dashboards), None)
    return (there, False) if there is not None else (cloudwatch_backends[account][HOME], True)


def by_arn(account: str, arn: str) -> Any | None:
    """The backend that has the dashboard with this ARN."""
    return next((backend for backend in _holders(account) if any(one.arn == arn for one in backend.dashboards.values())), None)


def delete(account: str, name: str) -> None:
    backend, new = holder(account, name)
    if not new:
        backend.tagger.delete_all_tags_for_resource(backend.dashboards.pop(name).arn)
