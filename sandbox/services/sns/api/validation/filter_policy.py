"""Validates filter policies, with SNS's error texts.

AWS appends the position of a syntax error (`\\n at [Source: …; line: 1, column: 10]`); our texts do not have it.
"""

import json
from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

from sandbox.services.sns.decide.filter_policy import ATTRIBUTES, BODY, is_alternatives
from sandbox.services.sns.decide.filter_rules import LARGEST_NUMBER, TEXT_RULES

MOST_KEYS, MOST_COMBINATIONS = 5, 150


class BadFilter(ValueError):
    """What is wrong with a filter policy, in SNS's words after `FilterPolicy: `."""


class NestedFilter(BadFilter):
    """Its text has no `FilterPolicy: ` in front."""


def parsed(text: str, scope: str) -> dict[str, Any]:
    """The policy of a FilterPolicy attribute. Raises BadFilter."""
    try:
        policy = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadFilter(f"failed to parse JSON. {error}") from None
    if not isinstance(policy, dict):
        raise BadFilter("Filter policy must be a JSON object")
    check(policy, scope)
    return policy


def check_scope(scope: str) -> None:
    if scope not in (ATTRIBUTES, BODY):
        raise BadFilter(f"Invalid value [{scope}]. Please use either MessageBody or MessageAttributes")


def check(policy: Mapping[str, Any], scope: str) -> None:
    complexity, lists = _complexity(policy, 1), list(_lists(policy, scope))
    if len(policy) > MOST_KEYS:
        raise BadFilter("Filter policy can not have more than 5 keys")
    if complexity > MOST_COMBINATIONS:
        raise BadFilter("Filter policy is too complex")
    for rules in lists:
        if not rules:
            raise BadFilter("Empty arrays are not allowed")
        for rule in rules:
            _check_rule(rule)


def _complexity(policy: Mapping[str, Any], depth: int) -> int:
    """The number of combinations: a list counts once for each level of nesting; the alternatives of an `$or` add up."""
    if depth > MOST_COMBINATIONS:
        raise BadFilter("Filter policy is too complex")
    found = 1
    for name, value in policy.items():
        if is_alternatives(name, value):
            found *= sum(_complexity(each, depth) for each in value)
        elif isinstance(value, dict):
            found *= _complexity(value, depth + 1)
        elif isinstance(value, list):
            found *= len(value) * depth
    return found


def _lists(policy: Mapping[str, Any], scope: str) -> Iterator[list[Any]]:
    """The lists of rules."""
    for name, value in policy.items():
        if is_alternatives(name, value):
            for each in value:
                yield from _lists(each, scope)
        elif isinstance(value, list):
            yield value
        elif not isinstance(value, dict):
            raise BadFilter(f'"{name}" must be an object or an array')
        elif scope == ATTRIBUTES:
            list(_lists(value, BODY))  # errors within it are reported first
            raise NestedFilter("Filter policy scope MessageAttributes does not support nested filter policy")
        else:
            yield from _lists(value, scope)


def _check_rule(rule: Any) -> None:
    if isinstance(rule, dict):
        _check_operator(rule)
    elif isinstance(rule, list):
        raise BadFilter("Match value must be String, number, true, false, or null")
    elif isinstance(rule, int | float) and not isinstance(rule, bool) and not -LARGEST_NUMBER <= rule <= LARGEST_NUMBER:
        raise BadFilter("Value of number must be between -1000000000 and 1000000000")


def _check_operator(rule: Mapping[str, Any]) -> None:
    if len(rule) != 1:
        raise BadFilter("Only one key allowed in match expression")
    ((keyword, operand),) = rule.items()
    if keyword == "exists":
        if not isinstance(operand, bool):
            raise BadFilter("exists match pattern must be either true or false.")
    elif keyword == "numeric":
        _check_numeric(operand)
    elif keyword == "anything-but":
        _check_anything_but(operand)
    elif keyword not in TEXT_RULES:
        raise BadFilter(f"Unrecognized match type {keyword}")
    else:
        _check_text(keyword, operand)


def _check_text(keyword: str, operand: Any) -> None:
    if not isinstance(operand, str):
        raise BadFilter(f"{'prefix' if keyword == 'cidr' else keyword} match pattern must be a string")  # of cidr too: as AWS answers
    if keyword == "cidr":
        _check_cidr(operand)


def _check_cidr(operand: str) -> None:
    address, slash, bits = operand.partition("/")
    if not slash or "/" in bits:
        raise BadFilter("Malformed CIDR, one '/' required")
    try:
        ip_address(address)
    except ValueError:
        raise BadFilter(f"Nonstandard IP address: {address}") from None
    if not bits.isascii() or not bits.isdecimal():
        raise BadFilter("Malformed CIDR, mask bits must be an integer")
    try:
        ip_network(operand, strict=False)
    except ValueError:
        raise BadFilter("Malformed CIDR, mask bits must not be longer than the address") from None  # (U)


def _check_anything_but(operand: Any) -> None:
    if isinstance(operand, dict):
        if len(operand) != 1:
            raise BadFilter("Only one key allowed in match expression")
        ((keyword, pattern),) = operand.items()
        if keyword not in TEXT_RULES[:4]:
            raise BadFilter(f"Unsupported anything-but pattern: {keyword}")
        for each in pattern if isinstance(pattern, list) else [pattern]:
            _check_text(keyword, each)
        return
    values = operand if isinstance(operand, list) else [operand]
    if not values or any(isinstance(value, dict | list | bool) or value is None for value in values):
        raise BadFilter("Inside anything but list, start|null|boolean is not supported.")


def _check_numeric(terms: Any) -> None:
    if not isinstance(terms, list) or not terms:
        raise BadFilter("Invalid member in numeric match: ]")
    first, *rest = terms
    if not isinstance(first, str):
        raise BadFilter(f"Invalid member in numeric match: {first}")
    if first not in ("=", "<", "<=", ">", ">="):
        raise BadFilter(f"Unrecognized numeric range operator: {first}")
    low = _number(first, rest)
    if len(rest) < 2:
        return
    if first not in (">", ">="):
        raise BadFilter("Too many elements in numeric expression")
    second, *last = rest[1:]
    if not isinstance(second, str):
        raise BadFilter(f"Bad value in numeric range: {second}")
    if second not in ("<", "<="):
        raise BadFilter(f"Bad numeric range operator: {second}")
    high = _number(second, last)
    if low >= high:
        raise BadFilter("Bottom must be less than top")
    if len(last) > 1:
        raise BadFilter("Too many terms in numeric range expression")


def _number(operator: str, values: list[Any]) -> float:
    if not values or isinstance(values[0], bool) or not isinstance(values[0], int | float):
        raise BadFilter(f"Value of {'equals' if operator == '=' else operator} must be numeric")
    return float(values[0])
