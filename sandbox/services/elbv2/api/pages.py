"""Pages of long answers: `PageSize` items from `Marker` on. The marker is an offset, and opaque to callers. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.services.elbv2 import errors
from sandbox.services.elbv2.api.validation.requests import LARGEST_PAGE


def page(name: str, items: Sequence[Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The answer: the page under `name`, and NextMarker when there are more. `given`: the request's parameters, already checked."""
    marker, size = given.get("Marker") or "0", int(given.get("PageSize") or LARGEST_PAGE)
    if not (marker.isascii() and marker.isdigit()):
        raise errors.wrong_marker(marker)
    start = int(marker)
    more = {"NextMarker": str(start + size)} if len(items) > start + size else {}
    return {name: list(items[start : start + size])} | more
