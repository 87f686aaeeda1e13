"""The one way to walk and find moto's backends. moto makes a backend for whoever asks for one by index; reading must not, so that a Region
that nobody used stays unused. Called under the lock.
"""

from collections.abc import Iterator
from typing import Any

from sandbox.core.control import Scope


def walk(backends: Any) -> Iterator[tuple[Scope, Any]]:
    """`backends`: moto's BackendDict of a service. → scope and backend of each account and Region in use, in a fixed order."""
    for account in sorted(backends):
        for region in sorted(backends[account]):
            yield Scope(account, region), backends[account][region]


def find(backends: Any, scope: Scope) -> Any | None:
    """The backend of an account and Region; None when nothing has used it."""
    return backends.get(scope.account, {}).get(scope.region)
