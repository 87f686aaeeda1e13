"""Filter policies (SNS-12): whether a subscription accepts a message, by its attributes or by its JSON body. Pure.

moto's matcher is not used: its `equals-ignore-case` is case-sensitive for the rule, a missing key ends a list of rules before its
`exists: false`, and it lacks `$or` in bodies, cidr, wildcard, suffix in anything-but, true, false and null.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

from sandbox.core.wildcards import ASTERISK_ONLY
from sandbox.core.wildcards import matches as pattern_matches
from sandbox.services.sns.model import Attributes

ATTRIBUTES, BODY = "MessageAttributes", "MessageBody"
ACCURACY = 1_000_000  # numbers are compared to six decimal places


def accepts(policy: Mapping[str, Any] | None, scope: str, attributes: Attributes, message: str) -> bool:
    """Whether the message passes the policy. No policy accepts everything; one for bodies refuses all that is not a JSON object."""
    if not policy:
        return True
    if scope == ATTRIBUTES:
        return _object_matches(policy, _plain(attributes))
    try:
        body = json.loads(message)
    except ValueError:
        return False
    return isinstance(body, dict) and _object_matches(policy, body)


def _plain(attributes: Attributes) -> dict[str, Any]:
    """The attributes as JSON values. Binary attributes are ignored."""
    found: dict[str, Any] = {}
    for name, kind, value in attributes:
        base = kind.partition(".")[0]
        if kind == "String.Array":
            found[name] = _array(value)
        elif base == "Number":
            found[name] = float(value)
        elif base == "String":
            found[name] = value
    return found


def _array(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _object_matches(policy: Mapping[str, Any], value: Mapping[str, Any]) -> bool:
    return all(_key_matches(name, rules, value) for name, rules in policy.items())


def _key_matches(name: str, rules: Any, value: Mapping[str, Any]) -> bool:
    if name == "$or" and isinstance(rules, list) and all(isinstance(rule, dict) for rule in rules):
        return any(_object_matches(rule, value) for rule in rules)
    if isinstance(rules, dict):
        return any(_object_matches(rules, inner) for inner in _flat(value.get(name)) if isinstance(inner, dict))
    if name not in value:
        return any(isinstance(rule, dict) and rule.get("exists") is False for rule in rules)
    values = list(_flat(value[name]))
    return any(_rule_matches(rule, each) for rule in rules for each in values)


def _flat(value: Any) -> Iterable[Any]:
    """The members of a list at any depth, or the value itself."""
    if not isinstance(value, list):
        return [value]
    return [each for member in value for each in _flat(member)]


def _rule_matches(rule: Any, value: Any) -> bool:
    if not isinstance(rule, dict):
        return _same(rule, value)
    ((keyword, operand),) = rule.items()
    match keyword:
        case "exists":
            return operand is True
        case "anything-but":
            return _anything_but(operand, value)
        case "numeric":
            return _is_number(value) and _in_range(operand, value)
        case _:
            return isinstance(value, str) and _text_matches(keyword, operand, value)


def _same(rule: Any, value: Any) -> bool:
    if _is_number(rule) and _is_number(value):
        return bool(round(rule * ACCURACY) == round(value * ACCURACY))
    return type(rule) is type(value) and bool(rule == value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _anything_but(operand: Any, value: Any) -> bool:
    if isinstance(operand, dict):
        ((keyword, patterns),) = operand.items()
        each = patterns if isinstance(patterns, list) else [patterns]
        return isinstance(value, str) and not any(_text_matches(keyword, pattern, value) for pattern in each)
    return not any(_same(excluded, value) for excluded in (operand if isinstance(operand, list) else [operand]))


def _text_matches(keyword: str, pattern: str, value: str) -> bool:
    match keyword:
        case "prefix":
            return value.startswith(pattern)
        case "suffix":
            return value.endswith(pattern)
        case "equals-ignore-case":
            return value.lower() == pattern.lower()
        case "wildcard":
            return pattern_matches(pattern, value, ASTERISK_ONLY)
        case "cidr":
            return _in_network(pattern, value)
    return False


def _in_network(pattern: str, value: str) -> bool:
    try:
        return ip_address(value) in ip_network(pattern, strict=False)
    except ValueError:
        return False


COMPARE: dict[str, Callable[[float, float], bool]] = {
    "=": lambda value, bound: _same(bound, value),
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
}


def _in_range(terms: list[Any], value: float) -> bool:
    return all(COMPARE[operator](value, bound) for operator, bound in zip(terms[::2], terms[1::2], strict=True))
