"""Pages of long answers: `MaxRecords` items from `NextToken` on. The token is an offset, and opaque to callers."""

from collections.abc import Mapping
from typing import Any

from sandbox.services.autoscaling import errors

DEFAULT, MOST = 50, 100


def page(items: list[Any], given: Mapping[str, Any], most: int) -> tuple[list[Any], str | None]:
    """The page, and the token of the next one; None: it was the last. `given`: the request's parameters."""
    token, asked = given.get("NextToken") or "0", given.get("MaxRecords")
    size = most if asked is None else asked
    if not (token.isascii() and token.isdigit()):
        raise errors.bad_next_token()
    if not 1 <= size <= most:
        raise errors.invalid(f"MaxRecords must be between 1 and {most}.")
    start = int(token)
    return items[start : start + size], str(start + size) if len(items) > start + size else None
