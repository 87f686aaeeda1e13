"""The values of a template's parameters: which are given, which keep their previous value, and what the template allows. Pure."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from re import _parser as regular_expressions  # type: ignore[attr-defined]
from typing import Any

from sandbox.services.cloudformation import errors
from sandbox.services.cloudformation.template_model import Environment, Json, Parameter, Template

HIDDEN = "****"
"""What is shown instead of the value of a NoEcho parameter."""
LONGEST_VALUE = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One member of a request's Parameters."""

    name: str
    value: str | None = None
    use_previous: bool = False


def values(template: Template, given: Sequence[Given], previous: Mapping[str, str] | None = None) -> dict[str, str]:
    """Name → value, as it was given. `previous`: the stack's values now; None: there are none.

    Raises ApiError for names that the template does not have, and for parameters without a value (CFN-7)."""
    unknown = [one.name for one in given if one.name not in template.parameters]
    if unknown:
        raise errors.unknown_parameters(unknown)
    asked = {one.name: one for one in given}
    found: dict[str, str] = {}
    for name, parameter in template.parameters.items():
        value = _value(parameter, asked.get(name), previous)
        if value is not None:
            found[name] = value
    missing = [name for name in template.parameters if name not in found]
    if missing:
        raise errors.parameters_without_value(missing)
    return found


def _value(parameter: Parameter, given: Given | None, previous: Mapping[str, str] | None) -> str | None:
    if given is None:
        return parameter.default
    if given.use_previous:
        if previous is None:
            raise errors.invalid("Parameter PreviousValue cannot be used on a new stack")  # (U)
        return previous.get(parameter.name, parameter.default)
    return given.value if given.value is not None else parameter.default


def check(template: Template, found: Mapping[str, str]) -> None:
    """CFN-8. `found`: the values, those of SSM parameters resolved."""
    for name, value in found.items():
        _check(template.parameters[name], value)


def _check(parameter: Parameter, value: str) -> None:
    if len(value.encode()) > LONGEST_VALUE:
        raise errors.invalid(f"Parameter '{parameter.name}' value is longer than {LONGEST_VALUE} bytes.")
    members = split(value) if parameter.is_list else [value]
    wrong = next((why for member in members if (why := _broken(parameter, member))), None)
    if wrong is None:
        return
    if parameter.constraint_description:
        wrong = f"failed to satisfy constraint: {parameter.constraint_description}"
    raise errors.invalid(f"Parameter '{parameter.name}' {wrong}")


def _broken(parameter: Parameter, value: str) -> str | None:
    """What the value violates, in AWS's words; None: nothing."""
    if parameter.allowed_values and value not in parameter.allowed_values:
        return f"must be one of AllowedValues [{', '.join(parameter.allowed_values)}]"
    if parameter.value_type in ("Number", "List<Number>"):
        return _broken_number(parameter, value)
    if parameter.min_length is not None and len(value) < parameter.min_length:
        return f"must contain at least {parameter.min_length} characters"
    if parameter.max_length is not None and len(value) > parameter.max_length:
        return f"must contain at most {parameter.max_length} characters"
    if parameter.allowed_pattern is not None and not matches(parameter.allowed_pattern, value):
        return f"must match pattern {parameter.allowed_pattern}"
    return None


def _broken_number(parameter: Parameter, value: str) -> str | None:
    try:
        number = float(value)
    except ValueError:
        return "must be a number."
    if not math.isfinite(number):
        return "must be a number."
    if parameter.min_value is not None and number < parameter.min_value:
        return f"must be a number not less than {_short(parameter.min_value)}"
    if parameter.max_value is not None and number > parameter.max_value:
        return f"must be a number not greater than {_short(parameter.max_value)}"
    return None


def _short(number: float) -> str:
    return str(int(number)) if number == int(number) else str(number)


def typed(template: Template, found: Mapping[str, str]) -> dict[str, Json]:
    """What Ref returns: a list for the types that are lists."""
    return {name: split(value) if template.parameters[name].is_list else value for name, value in found.items()}


def split(value: str) -> list[str]:
    """CommaDelimitedList: spaces around the members do not count."""
    return [member.strip() for member in value.split(",")] if value else []


def shown(template: Template, name: str, value: str) -> str:
    """The value as Describe calls return it."""
    parameter = template.parameters.get(name)
    return HIDDEN if parameter is not None and parameter.no_echo else value


def secrets(template: Template, found: Mapping[str, str]) -> tuple[str, ...]:
    """The values of NoEcho parameters."""
    return tuple(value for name, value in found.items() if value and name in template.parameters and template.parameters[name].no_echo)


def masked(value: Json, hidden: Sequence[str]) -> Json:
    """The value without secrets."""
    if isinstance(value, dict):
        return {name: masked(member, hidden) for name, member in value.items()} if hidden else value
    if isinstance(value, list):
        return [masked(member, hidden) for member in value]
    if isinstance(value, str):
        for secret in hidden:
            value = value.replace(secret, HIDDEN)
    return value


# ---- patterns ----------------------------------------------------------------------------------------------------------------------------


def matches(pattern: str, value: str) -> bool:
    """Whether the whole value matches the template's regular expression. One that could take very long is refused by name."""
    try:
        if _explodes(regular_expressions.parse(pattern)):
            raise errors.not_supported(f"AllowedPattern {pattern} with a repetition inside a repetition")
        return re.fullmatch(pattern, value) is not None
    except (re.error, RecursionError, OverflowError) as error:
        raise errors.format_error(f"AllowedPattern {pattern} is not a valid regular expression") from error


def _explodes(parsed: Any, repeated: bool = False) -> bool:
    """Whether an unbounded repetition contains another: then a match may take exponential time."""
    for operator, argument in parsed:
        name = str(operator)
        endless = name in ("MAX_REPEAT", "MIN_REPEAT") and argument[1] > 50
        if endless and repeated:
            return True
        if any(_explodes(inner, repeated or endless) for inner in _inner(argument)):
            return True
    return False


def _inner(argument: Any) -> list[Any]:
    """The expressions inside an operator's argument."""
    if isinstance(argument, regular_expressions.SubPattern):
        return [argument]
    if isinstance(argument, (tuple, list)):
        return [found for member in argument for found in _inner(member)]
    return []


# ---- rules -------------------------------------------------------------------------------------------------------------------------------


def environment_of(template: Template, found: Mapping[str, str], pseudo: Mapping[str, Json]) -> Environment:
    """The environment of conditions: parameters and mappings, no resources."""
    return Environment(parameters=typed(template, found), pseudo=pseudo, mappings=template.mappings)
