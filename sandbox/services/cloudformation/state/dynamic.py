"""Dynamic references: `{{resolve:ssm:name:version}}` in a property is replaced when the resource is made, not in the stack's record."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox.core.errors import ApiError
from sandbox.services.cloudformation.resources.base import Call, Wanted

REFERENCE = re.compile(r"\{\{resolve:([a-z-]+):([^{}]+)\}\}")


def resolved(call: Call, wanted: Wanted) -> Wanted:
    """Raises ApiError if a reference cannot be resolved."""
    if not _has_any(wanted.properties):
        return wanted
    return replace(wanted, properties=_resolve(call, wanted.properties))


def _has_any(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_has_any(member) for member in value.values())
    if isinstance(value, list):
        return any(_has_any(member) for member in value)
    return isinstance(value, str) and "{{resolve:" in value


def _resolve(call: Call, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _resolve(call, member) for name, member in value.items()}
    if isinstance(value, list):
        return [_resolve(call, member) for member in value]
    if isinstance(value, str):
        return REFERENCE.sub(lambda found: _value(call, found[1], found[2]), value)
    return value


def _value(call: Call, service: str, key: str) -> str:
    if service == "ssm":
        return str(call("ssm", "get_parameter", Name=key)["Parameter"]["Value"])  # name or name:version
    raise ApiError("ValidationError", f"Dynamic references to {service} are not part of this sandbox")
