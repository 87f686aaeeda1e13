"""Pages of long results. A token is the position of the next item, so it is valid after a restart; any other text is refused. Pure."""

import re
from collections.abc import Sequence
from typing import Any

from sandbox.core.errors import ApiError
from sandbox.services.cloudwatch.api import descriptions
from sandbox.services.cloudwatch.data.metric_math import TimeSeries
from sandbox.services.cloudwatch.data.metric_queries import Query


def page(items: Sequence[Any], token: str | None, size: int) -> tuple[Sequence[Any], str | None]:
    """The items from the token's position on, and the token of the next page (None: this is the last page)."""
    if token is not None and not re.fullmatch(r"\d{1,9}", token):
        raise ApiError("InvalidNextToken", "Request parameter NextToken is invalid")
    start = int(token or 0)
    following = start + size
    return items[start:following], str(following) if following < len(items) else None


def results_page(
    results: list[tuple[Query, TimeSeries]], token: str | None, limit: int, descending: bool
) -> tuple[list[dict[str, Any]], str | None]:
    """At most `limit` points over all results; the token is the number of points on the pages before."""
    total = sum(len(series.points) for _, series in results)
    _, following = page(range(total), token, limit)
    first, last, seen, shown = int(token or 0), int(token or 0) + limit, 0, []
    for query, series in results:
        size = len(series.points)
        if seen + size > first or (size == 0 and token is None):
            window = slice(max(first - seen, 0), max(min(last - seen, size), 0))
            if window.stop or not size:
                shown.append(descriptions.result(query, series, descending, window))
        seen += size
    return shown, following
