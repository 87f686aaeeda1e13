"""Where an account's dashboards are. They are the same in all Regions of a partition (CW-64), and moto has them in the backend of a Region:
ours are in that of the partition's home (us-east-1).

States that were saved before may hold some in other Regions: all are looked through.
"""

from collections.abc import Iterator
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.cloudwatch.models import cloudwatch_backends
from moto.utilities.utils import get_partition

from sandbox.aws.backends import walk
from sandbox.core.control import Scope

HOMES = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}


def _holders(at: Scope) -> Iterator[Any]:
    """moto's backends of the account and the Region's partition that have any."""
    partition = get_partition(at.region)
    for scope, backend in walk(cloudwatch_backends):
        if scope.account == at.account and get_partition(scope.region) == partition and backend.dashboards:
            yield backend


def all_of(at: Scope) -> dict[str, Any]:
    """moto's dashboards by name."""
    return {name: found for backend in _holders(at) for name, found in backend.dashboards.items()}


def holder(at: Scope, name: str) -> tuple[Any, bool]:
    """The backend that has the dashboard, or gets it when it is new (True)."""
    there = next((backend for backend in _holders(at) if name in backend.dashboards), None)
    home = HOMES.get(get_partition(at.region), at.region)
    return (there, False) if there is not None else (cloudwatch_backends[at.account][home], True)


def by_arn(at: Scope, arn: str) -> Any | None:
    """The backend that has the dashboard with this ARN."""
    return next((backend for backend in _holders(at) if any(one.arn == arn for one in backend.dashboards.values())), None)


def delete(at: Scope, name: str) -> None:
    backend, new = holder(at, name)
    if not new:
        backend.tagger.delete_all_tags_for_resource(backend.dashboards.pop(name).arn)
