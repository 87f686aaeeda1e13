"""Pages of long answers. The token is an offset, and opaque to callers."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from sandbox.services.fis import errors

T = TypeVar("T")
MOST = 100


def page(items: Sequence[T], given: Mapping[str, Any]) -> tuple[Sequence[T], str | None]:
    """The page, and the token of the next one; None: it was the last. `given`: the request's parameters."""
    token = given.get("nextToken") or "0"
    if not token.isdigit() or len(token) > 9 or int(token) > len(items):
        raise errors.bad_next_token()
    start, size = int(token), int(given.get("maxResults", MOST))
    if not 1 <= size <= MOST:
        raise errors.bad_max_results(size, MOST)
    return items[start : start + size], str(start + size) if len(items) > start + size else None
