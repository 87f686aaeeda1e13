"""A LaunchSpec as JSON: the label of an instance's container and the record of its process, read by the next control plane."""

import base64
import json
from dataclasses import asdict

from sandbox.drivers.runtime.base import LaunchSpec


def to_json(spec: LaunchSpec) -> str:
    return json.dumps({**asdict(spec), "user_data": None if spec.user_data is None else encoded(spec.user_data)})


def from_json(text: str) -> LaunchSpec:
    """The inverse of `to_json`. Raises ValueError for any other text."""
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError(f"not a launch specification: {text[:80]}")
    if value.get("user_data") is not None:
        value["user_data"] = base64.b64decode(value["user_data"])
    if value.get("command") is not None:
        value["command"] = tuple(value["command"])
    try:
        return LaunchSpec(**value)
    except TypeError as error:
        raise ValueError(f"not a launch specification: {error}") from error


def encoded(user_data: bytes) -> str:
    return base64.b64encode(user_data).decode()
