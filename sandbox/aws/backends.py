"""The one way to iterate over moto's backends and to look one up. Indexing moto's dictionary creates a missing backend; reading must not,
so that an unused Region stays unused. The caller holds the lock.
"""

from collections.abc import Iterator
from typing import Any

from sandbox.core.control import Scope


def walk(backends: Any) -> Iterator[tuple[Scope, Any]]:
    """`backends`: moto's BackendDict of a service. → scope and backend of each account and Region in use, in sorted order."""
    for account in sorted(backends):
        for region in sorted(backends[account]):
            yield Scope(account, region), backends[account][region]


def find(backends: Any, scope: Scope) -> Any | None:
    """The backend of an account and Region; None if it is not in use."""
    return backends.get(scope.account, {}).get(scope.region)
