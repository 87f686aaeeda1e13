"""The filters of DescribeInstanceInformation (SSM-1)."""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.services.ssm import errors
from sandbox.services.ssm.model import Node

PING = ("Online", "ConnectionLost", "Inactive")
PLATFORMS = ("Linux", "Windows", "MacOS")
RESOURCE_TYPES = ("EC2Instance", "ManagedInstance")

Fits = Callable[[Node], bool]


def checked(given: Mapping[str, Any]) -> list[Fits]:
    """Both forms of the parameter: Filters, and the older InstanceInformationFilterList."""
    found = [(each["Key"], each["Values"]) for each in given.get("Filters") or ()]
    found += [(each["key"], each["valueSet"]) for each in given.get("InstanceInformationFilterList") or ()]
    return [_filter(str(key), [str(value) for value in values]) for key, values in found]


def _filter(key: str, values: list[str]) -> Fits:
    if key.startswith("tag:"):
        return lambda node: node.tags.get(key.removeprefix("tag:")) in values
    match key:
        case "tag-key":
            return lambda node: any(value in node.tags for value in values)
        case "InstanceIds" | "SourceIds":
            return lambda node: node.instance_id in values
        case "PingStatus":
            _check(key, values, PING)
            return lambda node: node.state.value in values
        case "PlatformTypes":
            _check(key, values, PLATFORMS)
            return lambda node: "Linux" in values
        case "ResourceType":
            _check(key, values, RESOURCE_TYPES)
            return lambda node: "EC2Instance" in values
        case "SourceTypes":
            return lambda node: "AWS::EC2::Instance" in values
        case _:
            raise errors.invalid_filter_key(key)


def _check(key: str, values: list[str], allowed: tuple[str, ...]) -> None:
    for value in values:
        if value not in allowed:
            raise errors.invalid_filter_value(key, value)
