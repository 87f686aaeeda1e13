"""GetMetricWidgetImage: the widget's JSON becomes queries, their results an image (drawn by api/plot.py). Pure.

`{"metrics": [["AWS/EC2", "CPUUtilization", "InstanceId", "i-0a1"], [".", "NetworkIn", ".", "."], [{"expression": "m2 * 8"}]]}`
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.core.errors import ApiError
from sandbox.services.cloudwatch.api import plot
from sandbox.services.cloudwatch.api.plot import Line, Plot
from sandbox.services.cloudwatch.data import labels, metric_queries, statistics
from sandbox.services.cloudwatch.data.labels import Reader
from sandbox.services.cloudwatch.data.metric_queries import MetricDataRequest, Query
from sandbox.services.cloudwatch.data.series import MetricId
from sandbox.services.cloudwatch.data.store import MetricStore

DEFAULT_SIZE, MAX_SIDE = (600, 400), 2000
DEFAULT_START = "-PT3H"
MAX_METRICS = 500

_DURATION = re.compile(r"([-+]?)P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


def invalid(message: str) -> ApiError:
    return ApiError("ValidationError", f"Invalid metric widget: {message}")


def image(store: MetricStore, text: str, now: datetime) -> bytes:
    """A PNG. Raises ApiError when the widget is invalid."""
    widget = _object(text)
    period = _period(widget.get("period") or metric_queries.DEFAULT_PERIOD)
    end = _moment(str(widget.get("end") or "P0D"), now)
    begin = _moment(str(widget.get("start") or DEFAULT_START), end)
    if begin >= end:
        raise invalid("start must be before end")
    items = _items(widget, period)
    queries = [item.query for item in items]
    metric_queries.check(queries)
    start = statistics.rounded_start(begin.timestamp(), now.timestamp(), period)
    start -= start % period  # an image's periods are aligned to the wall clock
    colors = {item.query.id: item.color for item in items}
    results = labels.labelled(MetricDataRequest(store, queries, start, int(end.timestamp())).results(), Reader(now=now))
    lines = [Line(label=series.label, points=tuple(series.points.items()), color=colors[query.id]) for query, series in results]
    return plot.png(_plot(widget, tuple(lines), (start, int(end.timestamp()))))


def _object(text: str) -> dict[str, Any]:
    try:
        widget = json.loads(text)
    except ValueError as error:
        raise invalid(f"not JSON ({error})") from None
    if not isinstance(widget, dict) or not isinstance(widget.get("metrics"), list) or not widget["metrics"]:
        raise invalid("an object with a list 'metrics' is expected")
    if len(widget["metrics"]) > MAX_METRICS:
        raise invalid(f"more than {MAX_METRICS} metrics")
    return widget


def _moment(text: str, reference: datetime) -> datetime:
    """`-PT3H`: three hours before the reference; or an ISO 8601 time."""
    if match := _DURATION.fullmatch(text):
        weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:])
        try:
            span = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
            return reference - span if match[1] == "-" else reference + span
        except OverflowError:
            raise invalid(f"'{text}' is longer than the calendar") from None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise invalid(f"'{text}' is neither a time nor a duration") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Item:
    query: Query
    color: str | None


def _items(widget: Mapping[str, Any], period: int) -> list[_Item]:
    items: list[_Item] = []
    above: list[str] = []
    for number, given in enumerate(widget["metrics"], 1):
        if not isinstance(given, list) or not given:
            raise invalid(f"metric {number} is not a list")
        options = given[-1] if isinstance(given[-1], dict) else {}
        words = _written_out([str(word) for word in given if not isinstance(word, dict)], above)
        above = words or above
        items.append(_item(words, options, f"m{number}", period, str(widget.get("stat") or "Average")))
    return items


def _written_out(words: list[str], above: list[str]) -> list[str]:
    """`.` repeats the word above, `...` all words above but those that follow."""
    if words and words[0] == "...":
        rest = words[1:]
        return above[: len(above) - len(rest)] + rest
    if any(word == "." and number >= len(above) for number, word in enumerate(words)):
        raise invalid("'.' repeats nothing")
    return [above[number] if word == "." else word for number, word in enumerate(words)]


def _item(words: list[str], options: Mapping[str, Any], default_id: str, period: int, stat: str) -> _Item:
    color, visible = options.get("color"), options.get("visible", True) is not False
    common: dict[str, Any] = {"id": options.get("id") or default_id, "label": options.get("label"), "return_data": visible}
    if "expression" in options:
        return _Item(Query(expression=str(options["expression"]), period=_given_period(options), **common), color)
    if len(words) < 2 or len(words) % 2:
        raise invalid(f"{words} is not a namespace, a metric name and pairs of dimension name and value")
    dimensions = tuple(sorted(zip(words[2::2], words[3::2], strict=True)))
    metric = MetricId(words[0], words[1], dimensions)
    return _Item(Query(metric=metric, stat=options.get("stat") or stat, period=_given_period(options) or period, **common), color)


def _given_period(options: Mapping[str, Any]) -> int | None:
    return _period(options["period"]) if options.get("period") else None


def _period(given: Any) -> int:
    period = int(_number(given, "period"))
    statistics.check_period(period)
    return period


def _number(given: Any, name: str) -> float:
    """JSON's numbers, and text that is one."""
    try:
        found = float(given)
    except (TypeError, ValueError):
        found = math.nan
    if not math.isfinite(found):
        raise invalid(f"{name} is not a number: {given!r}")
    return found


def _section(widget: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = widget.get(name) or {}
    if not isinstance(found, dict):
        raise invalid(f"{name} is not an object")
    return found


def _thresholds(widget: Mapping[str, Any]) -> tuple[tuple[float, str], ...]:
    lines = _section(widget, "annotations").get("horizontal") or []
    if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
        raise invalid("annotations.horizontal is not a list of objects")
    return tuple((_number(line["value"], "value"), str(line.get("label") or "")) for line in lines if "value" in line)


def _plot(widget: Mapping[str, Any], lines: tuple[Line, ...], span: tuple[int, int]) -> Plot:
    size = [int(_number(widget.get(side) or default, side)) for side, default in zip(("width", "height"), DEFAULT_SIZE, strict=True)]
    if not all(1 <= side <= MAX_SIDE for side in size):
        raise invalid(f"width and height must be between 1 and {MAX_SIDE}")
    axis = _section(_section(widget, "yAxis"), "left")
    return Plot(
        width=size[0],
        height=size[1],
        title=str(widget.get("title") or ""),
        lines=lines,
        span=span,
        thresholds=_thresholds(widget),
        lowest=None if axis.get("min") is None else _number(axis["min"], "yAxis.left.min"),
        highest=None if axis.get("max") is None else _number(axis["max"], "yAxis.left.max"),
        numbers_only=widget.get("view") == "singleValue",
    )
