"""Refuses dashboards that AWS refuses (CW-64): names, and bodies whose structure is wrong. Pure.

`{"widgets": [{"type": "metric", "x": 0, "y": 0, "width": 6, "height": 6, "properties": {"metrics": [["AWS/EC2", "CPUUtilization"]]}}]}`
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from sandbox.core.errors import ApiError
from sandbox.services.cloudwatch.errors import invalid_value, missing

MAX_NAME, MAX_WIDGETS, MAX_METRICS, MAX_DELETED = 255, 500, 500, 100
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_SIDES = {"x": (0, 23), "y": (0, None), "width": (1, 24), "height": (1, 1000)}

Problem = tuple[str, str]
"""A path in the body (`/widgets/0/properties`) and what is wrong there."""


def check_name(name: str | None) -> str:
    if not name:
        raise missing("DashboardName")
    if not _NAME.fullmatch(name):
        raise invalid_value(
            "The value for field DashboardName contains invalid characters. "
            "It can only contain alphanumerics, dash (-) and underscore (_).\n"  # AWS also returns the end of the line
        )
    if len(name) > MAX_NAME:
        raise invalid_value(f"The value for field DashboardName must have length less than or equal to {MAX_NAME}.")  # (U)
    return name


def check_body(text: str | None) -> str:
    if not text:
        raise missing("DashboardBody")
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise ApiError("InvalidParameterInput", "The field DashboardBody must be a valid JSON object")
    if problems := list(_problems(body)):
        listed = json.dumps([{"dataPath": path, "message": message} for path, message in problems], indent=2)
        text = f"The dashboard body is invalid, there are {len(problems)} validation errors:\n{listed}"
        raise ApiError("InvalidParameterInput", text)
    return text


def check_deleted(names: list[str]) -> None:
    if not names:
        raise invalid_value("Need at least 1 dashboard")
    if len(names) > MAX_DELETED:
        raise invalid_value(f"No more than {MAX_DELETED} dashboards can be deleted at once.")  # (U)


def _problems(body: dict[str, Any]) -> Iterator[Problem]:
    widgets = body.get("widgets")
    if widgets is None:
        yield "", "Should have required property 'widgets'"
    elif not isinstance(widgets, list):
        yield "/widgets", "Should be array"
    elif len(widgets) > MAX_WIDGETS:
        yield "/widgets", f"Should NOT have more than {MAX_WIDGETS} items"
    else:
        for number, widget in enumerate(widgets):
            yield from _of_widget(widget, f"/widgets/{number}")


def _of_widget(widget: Any, at: str) -> Iterator[Problem]:
    if not isinstance(widget, dict):
        yield at, "Should be object"
        return
    for name in ("type", "properties"):
        if name not in widget:
            yield at, f"Should have required property '{name}'"
    if not isinstance(widget.get("type", ""), str):
        yield f"{at}/type", "Should be string"
    for side, bounds in _SIDES.items():
        if side in widget:
            yield from _of_side(widget[side], f"{at}/{side}", *bounds)
    properties = widget.get("properties", {})
    if not isinstance(properties, dict):
        yield f"{at}/properties", "Should be object"
    elif widget.get("type") == "metric" and "metrics" in properties:
        yield from _of_metrics(properties["metrics"], f"{at}/properties/metrics")


def _of_side(value: Any, at: str, least: int, most: int | None) -> Iterator[Problem]:
    if isinstance(value, bool) or not isinstance(value, int):
        yield at, "Should be integer"
    elif value < least:
        yield at, f"Should be >= {least}"
    elif most is not None and value > most:
        yield at, f"Should be <= {most}"


def _of_metrics(metrics: Any, at: str) -> Iterator[Problem]:
    if not isinstance(metrics, list):
        yield at, "Should be array"
    elif len(metrics) > MAX_METRICS:
        yield at, f"Should NOT have more than {MAX_METRICS} items"
    else:
        for number, metric in enumerate(metrics):
            if not isinstance(metric, list):
                yield f"{at}/{number}", "Should be array"
            elif not all(isinstance(word, str) for word in metric[:-1]) or not isinstance(metric[-1:][0] if metric else "", str | dict):
                yield f"{at}/{number}", 'Invalid metric field type, only "String" type is allowed'
