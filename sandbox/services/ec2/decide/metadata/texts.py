"""How values look in the metadata service."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def moment(value: datetime) -> str:
    return value.strftime("%Y-%m-%dT%H:%M:%SZ")


def long_moment(value: datetime) -> str:
    """21 Jan 2019 09:00:43 GMT."""
    return f"{value.day} {MONTHS[value.month - 1]} {value:%Y %H:%M:%S} GMT"


def listed(values: Iterable[Mapping[str, object]]) -> str:
    """A list of such documents."""
    return json.dumps(list(values), indent=2, separators=(",", " : "))


def document(value: Mapping[str, object]) -> str:
    """JSON over several lines, with a space on both sides of the colon."""
    return json.dumps(value, indent=2, separators=(",", " : "))


def compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
