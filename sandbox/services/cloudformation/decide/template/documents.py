"""The text of a template, in JSON or YAML, as one JSON value. Pure.

YAML is read event by event: so the depth is bounded, aliases are refused (CFN-2), and no tag makes a Python object. CloudFormation's short
forms (`!Ref a`) become their long ones (`{"Ref": "a"}`).
"""

import json
from collections.abc import Iterator
from typing import Any

import yaml
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

from sandbox.services.cloudformation import errors

DEEPEST = 100
"""Levels of nesting. AWS's limit is not documented; a template of a person has fewer than 20."""
SHORT_FORMS = {
    "Ref": "Ref",
    "Condition": "Condition",
    **{
        name: f"Fn::{name}"
        for name in (
            *("And", "Base64", "Cidr", "Equals", "FindInMap", "ForEach", "GetAZs", "GetAtt", "If", "ImportValue", "Join", "Length"),
            *("Not", "Or", "Select", "Split", "Sub", "ToJsonString", "Transform", "Contains", "EachMemberEquals", "EachMemberIn"),
            *("RefAll", "ValueOf", "ValueOfAll"),
        )
    },
}
_INT, _FLOAT, _BOOL, _NULL = (f"tag:yaml.org,2002:{name}" for name in ("int", "float", "bool", "null"))
_RESOLVER, _CONSTRUCTOR = Resolver(), SafeConstructor()
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(text: str) -> dict[str, Any]:
    """The template as JSON. Raises ApiError with AWS's text (CFN-1)."""
    value = _json(text) if text.lstrip().startswith("{") else _yaml(text)
    if not isinstance(value, dict):
        raise errors.unsupported_structure()
    _check_nulls(value)
    return value


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        try:
            return _yaml(text)  # JSON with a trailing comma is YAML
        except Exception:
            raise errors.not_well_formed("JSON", error.lineno, error.colno) from error
    except RecursionError as error:
        raise errors.unsupported_structure() from error


def _yaml(text: str) -> Any:
    events = _events(text)
    value: Any = None
    found = False
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            if found:  # a second document
                raise errors.unsupported_structure()
            value, found = _value(next(events), events, 0), True
    return value


def _events(text: str) -> Iterator[Any]:
    try:
        yield from yaml.parse(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise errors.not_well_formed("YAML", mark.line + 1 if mark else 1, mark.column + 1 if mark else 1) from error
    except (yaml.YAMLError, ValueError) as error:  # a character that YAML does not allow
        raise errors.not_well_formed("YAML", 1, 1) from error


def _value(event: Any, events: Iterator[Any], depth: int) -> Any:
    if depth > DEEPEST:
        raise errors.unsupported_structure()
    if isinstance(event, yaml.AliasEvent):
        raise errors.aliases()
    if isinstance(event, yaml.ScalarEvent):
        plain = _scalar(event)
    elif isinstance(event, yaml.SequenceStartEvent):
        plain = _members(events, yaml.SequenceEndEvent, depth)
    else:
        plain = _mapping(events, depth)
    return _long_form(event, plain)


def _members(events: Iterator[Any], end: type, depth: int) -> list[Any]:
    found = []
    while not isinstance(event := next(events), end):
        found.append(_value(event, events, depth + 1))
    return found


def _mapping(events: Iterator[Any], depth: int) -> dict[str, Any]:
    members = _members(events, yaml.MappingEndEvent, depth)
    keys, values = members[::2], members[1::2]
    if any(isinstance(key, (dict, list)) or key is None for key in keys):
        raise errors.unsupported_structure()
    return {_text(key): value for key, value in zip(keys, values, strict=True)}


def _text(key: Any) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


def _scalar(event: Any) -> Any:
    """A plain scalar may be a number, a boolean or null; a quoted one, and a date, is a string."""
    if not event.implicit[0]:
        return event.value
    tag = _RESOLVER.resolve(yaml.ScalarNode, event.value, (True, False))
    if tag == _NULL:
        return None
    if tag not in (_INT, _FLOAT, _BOOL):
        return event.value
    try:
        return _CONSTRUCTOR.construct_object(yaml.ScalarNode(tag, event.value))
    except ValueError:
        return event.value


def _long_form(event: Any, value: Any) -> Any:
    tag = event.tag
    if tag is None or tag == "!" or tag.startswith("tag:yaml.org,2002:"):
        return value
    name = SHORT_FORMS.get(tag.removeprefix("!"))
    if name is None:
        raise errors.format_error(f"YAML tag {tag} is not one of CloudFormation's")
    if name == "Fn::GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {name: value}


def _check_nulls(value: Any) -> None:
    """CFN-2. Also bounds the depth of JSON."""
    waiting: list[tuple[str, Any, int]] = [("", value, 0)]
    while waiting:
        path, one, depth = waiting.pop()
        if one is None:
            raise errors.null_value(path)
        if depth > DEEPEST:
            raise errors.unsupported_structure()
        members = one.items() if isinstance(one, dict) else enumerate(one) if isinstance(one, list) else ()
        waiting += [(f"{path}/{name}", member, depth + 1) for name, member in reversed(list(members))]
