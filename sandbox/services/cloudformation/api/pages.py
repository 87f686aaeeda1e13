"""Pages of long answers. The token is an offset, and opaque to callers."""

from collections.abc import Mapping
from typing import Any, TypeVar

from sandbox.services.cloudformation import errors

T = TypeVar("T")
SIZE = 100
"""Members on a page. AWS answers with up to 1 MB."""


def page(items: list[T], given: Mapping[str, Any]) -> tuple[list[T], str | None]:
    """The page, and the token of the next one; None: it was the last. `given`: the request's parameters."""
    token = given.get("NextToken") or "0"
    if not token.isdigit() or len(token) > 9:
        raise errors.bad_next_token()
    start = int(token)
    return items[start : start + SIZE], str(start + SIZE) if len(items) > start + SIZE else None
