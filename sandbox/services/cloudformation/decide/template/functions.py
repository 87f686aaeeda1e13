"""The intrinsic functions: a value of a template with its functions, evaluated in an `Environment`. Pure.

A resource that is not ready yet has no reference and no attributes: `Unknown` is raised, with its name. A change set needs that; when a
stack runs, the dependencies of a resource are ready before it is evaluated.
"""

import base64
import ipaddress
import re
from collections.abc import Callable
from typing import Any

from sandbox.services.cloudformation import errors
from sandbox.services.cloudformation.template_model import NO_VALUE, Environment, Json

IN_SUB = re.compile(r"\$\{([^${}]*)\}")
MOST_CIDRS = 256


class Unknown(Exception):
    """The value depends on a resource that is not ready."""

    def __init__(self, logical_id: str, attribute: str | None = None) -> None:
        super().__init__(logical_id)
        self.logical_id, self.attribute = logical_id, attribute


def is_function(value: Json) -> bool:
    return isinstance(value, dict) and len(value) == 1 and (next(iter(value)) in FUNCTIONS or next(iter(value)) in ("Ref", "Condition"))


def evaluate(value: Json, env: Environment) -> Json:
    """The value without functions. A member that is AWS::NoValue is left out; as a whole value it is `NO_VALUE`."""
    if isinstance(value, list):
        found = [evaluate(member, env) for member in value]
        return [member for member in found if member is not NO_VALUE]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        name, argument = next(iter(value.items()))
        if name == "Ref":
            return _ref(argument, env)
        if name in FUNCTIONS:
            return FUNCTIONS[name](argument, env)
    members = {name: evaluate(member, env) for name, member in value.items()}
    return {name: member for name, member in members.items() if member is not NO_VALUE}


# ---- references --------------------------------------------------------------------------------------------------------------------------


def _ref(name: Json, env: Environment) -> Json:
    if not isinstance(name, str):
        raise errors.template_error("every Ref object must have a single String value.")
    if name == "AWS::NoValue":
        return NO_VALUE
    for values in (env.parameters, env.pseudo, env.references):
        if name in values:
            return values[name]
    raise Unknown(name)


def _get_att(argument: Json, env: Environment) -> Json:
    logical_id, name = attribute_parts(argument)
    attribute = string_of(evaluate(name, env), "The attribute name of Fn::GetAtt")
    found = env.attributes.get(logical_id)
    if found is None:
        raise Unknown(logical_id, attribute)
    if attribute not in found:
        raise errors.template_error(f"resource {logical_id} does not support attribute type {attribute} in Fn::GetAtt")
    return found[attribute]


def attribute_parts(argument: Json) -> tuple[str, Json]:
    """The logical id and the attribute's name, which may be a function. The short form is one string."""
    parts = argument.split(".", 1) if isinstance(argument, str) else argument
    if not isinstance(parts, list) or len(parts) != 2 or not isinstance(parts[0], str):
        text = "every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute"
        raise errors.template_error(text)
    return parts[0], parts[1]


def _import_value(argument: Json, env: Environment) -> Json:
    name = string_of(evaluate(argument, env), "Fn::ImportValue")
    if name not in env.exports:
        raise errors.invalid(f"No export named {name} found.")  # CFN-11
    return env.exports[name]


# ---- text --------------------------------------------------------------------------------------------------------------------------------


def scalar(value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _sub(argument: Json, env: Environment) -> Json:
    text, given = sub_parts(argument)
    values = {name: evaluate(value, env) for name, value in given.items()}

    def replacement(found: re.Match[str]) -> str:
        name = found[1]
        if name.startswith("!"):
            return f"${{{name[1:]}}}"
        name = name.strip()
        value = values[name] if name in values else _of_name(name, env)
        if isinstance(value, (dict, list)) or value is NO_VALUE:
            raise errors.template_error("Fn::Sub expression does not resolve to a string")
        return scalar(value)

    return IN_SUB.sub(replacement, text)


def _of_name(name: str, env: Environment) -> Json:
    if "." in name:
        return _get_att(name, env)
    return _ref(name, env)


def sub_parts(argument: Json) -> tuple[str, dict[str, Json]]:
    """The text of Fn::Sub and its own variables."""
    if isinstance(argument, str):
        return argument, {}
    if isinstance(argument, list) and len(argument) == 2 and isinstance(argument[0], str) and isinstance(argument[1], dict):
        return argument[0], argument[1]
    text = (
        "One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as first argument, and an optional"
        " second argument to specify a mapping of values to replace in the string"
    )
    raise errors.template_error(text)


def names_in_sub(text: str) -> list[str]:
    """The variables of a Fn::Sub's text, without literals (`${!x}`)."""
    return [name.strip() for name in IN_SUB.findall(text) if not name.startswith("!")]


def _join(argument: Json, env: Environment) -> Json:
    if not isinstance(argument, list) or len(argument) != 2 or not isinstance(argument[0], str):
        text = (
            "every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined or a function"
            " that returns a list of strings (such as Fn::GetAZs) to be joined."
        )
        raise errors.template_error(text)
    members = evaluate(argument[1], env)
    if not isinstance(members, list) or any(isinstance(member, (dict, list)) for member in members):
        raise errors.template_error("every Fn::Join object requires a list of strings to be joined")
    return argument[0].join(scalar(member) for member in members)


def _split(argument: Json, env: Environment) -> Json:
    delimiter, source = argument if isinstance(argument, list) and len(argument) == 2 else (None, None)
    source = evaluate(source, env)
    if not isinstance(delimiter, str) or not delimiter or not isinstance(source, str):
        text = (
            "every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be split or a function that"
            " returns a string to be split."
        )
        raise errors.template_error(text)
    return source.split(delimiter)


def _select(argument: Json, env: Environment) -> Json:
    if not isinstance(argument, list) or len(argument) != 2:
        text = "Fn::Select requires a list argument with two elements: an integer index and a list"
        raise errors.template_error(text)
    index, members = scalar(evaluate(argument[0], env)), evaluate(argument[1], env)
    if not isinstance(members, list) or not index.isdigit():
        raise errors.template_error("Fn::Select requires a list argument with two elements: an integer index and a list")
    if int(index) >= len(members):
        raise errors.template_error(f"Fn::Select cannot select nonexistent value at index {index}")
    return members[int(index)]


def _base64(argument: Json, env: Environment) -> Json:
    value = evaluate(argument, env)
    if isinstance(value, (dict, list)) or value is NO_VALUE:
        raise errors.template_error("every Fn::Base64 object must have a String-typed value.")
    return base64.b64encode(scalar(value).encode()).decode()


# ---- look-ups ----------------------------------------------------------------------------------------------------------------------------


def _find_in_map(argument: Json, env: Environment) -> Json:
    if not isinstance(argument, list) or len(argument) != 3:
        text = "every Fn::FindInMap object requires three parameters, the map name, map key and the attribute for return value"
        raise errors.template_error(text)
    name, top, second = (scalar(evaluate(one, env)) for one in argument)
    try:
        return env.mappings[name][top][second]
    except KeyError as error:
        raise errors.template_error(f"Unable to get mapping for {name}::{top}::{second}") from error


def _get_azs(argument: Json, env: Environment) -> Json:
    region = string_of(evaluate(argument, env) or env.pseudo["AWS::Region"], "Fn::GetAZs")
    if region not in env.zones:
        raise errors.template_error(f"Fn::GetAZs of {region}: only the stack's own Region has zones here")
    return list(env.zones[region])


def _cidr(argument: Json, env: Environment) -> Json:
    if not isinstance(argument, list) or len(argument) not in (2, 3):
        raise errors.template_error("every Fn::Cidr object requires an ipBlock, a count and optionally cidrBits")
    block, count, *bits = (scalar(evaluate(one, env)) for one in argument)
    try:
        network = ipaddress.ip_network(block)
        wanted, host_bits = int(count), int(bits[0]) if bits else 8
        length = network.max_prefixlen - host_bits
        if not 1 <= wanted <= MOST_CIDRS or length < network.prefixlen or wanted > 2 ** (length - network.prefixlen):
            raise ValueError
    except ValueError as error:
        raise errors.template_error(f"Fn::Cidr cannot make {count} blocks of {block}") from error
    subnets = network.subnets(new_prefix=length)
    return [str(next(subnets)) for _ in range(wanted)]


def _if(argument: Json, env: Environment) -> Json:
    if not isinstance(argument, list) or len(argument) != 3 or not isinstance(argument[0], str):
        raise errors.template_error("Fn::If requires a list argument with three elements")
    if argument[0] not in env.conditions:
        raise errors.template_error(f"unresolved condition dependency {argument[0]} in Fn::If")
    return evaluate(argument[1] if env.conditions[argument[0]] else argument[2], env)


def _misplaced(name: str) -> Callable[[Json, Environment], Json]:
    def refuse(argument: Json, env: Environment) -> Json:
        raise errors.template_error(f"{name} can be used in the Conditions and Rules blocks and in Fn::If only")

    return refuse


def _refused(name: str) -> Callable[[Json, Environment], Json]:
    def refuse(argument: Json, env: Environment) -> Json:
        raise errors.not_supported(f"the function {name}")

    return refuse


def of_length(name: str, argument: Json, count: int) -> list[Any]:
    if not isinstance(argument, list) or len(argument) != count:
        raise errors.template_error(f"every {name} object requires a list of {count} parameters.")
    return argument


def string_of(value: Json, name: str) -> str:
    if not isinstance(value, str):
        raise errors.template_error(f"{name} requires a string")
    return value


REFUSED = ("Fn::Transform", "Fn::ForEach", "Fn::Length", "Fn::ToJsonString")
"""Macros, and functions that need the transform AWS::LanguageExtensions."""
CONDITION_FUNCTIONS = ("Fn::And", "Fn::Equals", "Fn::Not", "Fn::Or")

FUNCTIONS: dict[str, Callable[[Json, Environment], Json]] = {
    "Fn::Base64": _base64,
    "Fn::Cidr": _cidr,
    "Fn::FindInMap": _find_in_map,
    "Fn::GetAZs": _get_azs,
    "Fn::GetAtt": _get_att,
    "Fn::If": _if,
    "Fn::ImportValue": _import_value,
    "Fn::Join": _join,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::Sub": _sub,
    **{name: _misplaced(name) for name in CONDITION_FUNCTIONS},
    **{name: _refused(name) for name in REFUSED},
}
