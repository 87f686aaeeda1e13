"""Validates the message attributes of Publish (SNS-44): names, types and values."""

import base64
import re
from collections.abc import Mapping
from typing import Any

from sandbox.services.sns import errors
from sandbox.services.sns.model import Attributes

LONGEST_NAME = 256
TYPE = re.compile(r"(String|Number|Binary)(\..+)?", re.DOTALL)
FOREIGN = re.compile(r"[^A-Za-z0-9_.\-]")
FIELDS = {"String": "StringValue", "Number": "StringValue", "Binary": "BinaryValue"}


def parsed(given: Mapping[str, Any], path: str = "messageAttributes") -> Attributes:
    """The attributes of a request. `path`: of this parameter, for errors. Raises ParameterValueInvalid or ValidationError."""
    return tuple(_parsed(name, value, f"{path}.{name}.member.dataType") for name, value in given.items())


def check(attributes: Attributes) -> None:
    """Those of a publication that another service made. Raises ParameterValueInvalid."""
    for name, kind, value in attributes:
        _check_name(name)
        _check_value(name, _base(name, kind), value)


def _parsed(name: str, value: Mapping[str, Any], path: str) -> tuple[str, str, str]:
    _check_name(name)
    kind = value.get("DataType")
    if kind is None:
        raise errors.missing_member(path)
    base = _base(name, kind)
    field = FIELDS[base]
    if value.get(field) is None and any(value.get(other) is not None for other in FIELDS.values()):
        raise errors.invalid_value(f"The message attribute '{name}' with type '{base}' must use field '{field.removesuffix('Value')}'.")
    text = _text(value.get(field))
    _check_value(name, base, text)
    return name, kind, text


def _text(value: Any) -> str:
    """A Binary as base64."""
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value or "")


def _check_name(name: str) -> None:
    if len(name) > LONGEST_NAME:
        raise errors.invalid_value("Length of message attribute name must be less than 256 bytes.")
    if foreign := FOREIGN.search(name):
        rule = "Can only include alphanumeric characters, hyphens, underscores, or dots."
        found = f"Invalid non-alphanumeric character '#x{ord(foreign[0]):X}' was found in the message attribute name."
        raise errors.invalid_value(f"{found} {rule}")
    if name.startswith("."):
        raise errors.invalid_value("Invalid message attribute name starting with character '.' was found.")
    if name.endswith("."):
        raise errors.invalid_value("Invalid message attribute name ending with character '.' was found.")
    if ".." in name:
        raise errors.invalid_value("Message attribute name can not have successive '.' character.")
    if not name:
        raise errors.invalid_value("The message attribute name must not be empty.")  # (U)


def _base(name: str, kind: str) -> str:
    found = TYPE.fullmatch(kind)
    if found is None:
        expected = "the set of supported type prefixes is Binary, Number, and String."
        raise errors.invalid_value(f"The message attribute '{name}' has an invalid message attribute type, {expected}")
    return found[1]


def _check_value(name: str, base: str, value: str) -> None:
    if not value:
        raise errors.invalid_value(
            f"The message attribute '{name}' must contain non-empty message attribute value for message attribute type '{base}'."
        )
    if base == "Number" and not _is_number(value):
        raise errors.invalid_value(f"Could not cast message attribute '{name}' value to number.")


def _is_number(text: str) -> bool:
    try:
        return abs(float(text)) < float("inf")
    except ValueError:
        return False
