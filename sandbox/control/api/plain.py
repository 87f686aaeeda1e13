"""JSON values of frozen values: what /_sandbox and the page return."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any


def plain(value: Any) -> Any:
    """At every depth: a value has values of its own. What JSON has no value for is left as it is, and fails when it is written."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {key if isinstance(key, str) else " ".join(str(part) for part in key if part): plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    if isinstance(value, datetime):
        return moment(value)
    return value.value if isinstance(value, Enum) else value


def moment(value: datetime) -> str:
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
