"""Validates filter policies, with SNS's error texts.

AWS appends the position of a syntax error (`\\n at [Source: …; line: 1, column: 10]`); our texts do not have it.
"""

import json
from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from math import prod
from typing import Any

from sandbox.services.sns.decide.filter_policy import ATTRIBUTES, BODY

MOST_KEYS, MOST_COMBINATIONS, LARGEST_NUMBER = 5, 150, 10**9
TEXT_RULES = ("prefix", "suffix", "equals-ignore-case", "wildcard", "cidr")


class BadFilter(ValueError):
    """What is wrong with a filter policy, in SNS's words after `FilterPolicy: `."""


def parsed(text: str, scope: str) -> dict[str, Any]:
    """The policy of a FilterPolicy attribute. Raises BadFilter."""
    try:
        policy = json.loads(text)
    except ValueError as error:
        raise BadFilter(f"failed to parse JSON. {error}") from None
    if not isinstance(policy, dict):
        raise BadFilter("Filter policy must be a JSON object")
    check(policy, scope)
    return policy


def check_scope(scope: str) -> None:
    if scope not in (ATTRIBUTES, BODY):
        raise BadFilter(f"Invalid value [{scope}]. Please use either MessageBody or MessageAttributes")


def check(policy: Mapping[str, Any], scope: str) -> None:
    lists = list(_lists(policy, scope, 1))
    if len(policy) > MOST_KEYS:
        raise BadFilter("Filter policy can not have more than 5 keys")
    if prod(len(rules) * depth for rules, depth in lists) > MOST_COMBINATIONS:
        raise BadFilter("Filter policy is too complex")
    for rules, _ in lists:
        if not rules:
            raise BadFilter("Empty arrays are not allowed")
        for rule in rules:
            _check_rule(rule)


def _lists(policy: Mapping[str, Any], scope: str, depth: int) -> Iterator[tuple[list[Any], int]]:
    """The lists of rules and their nesting depth, which counts for the number of combinations."""
    for name, value in policy.items():
        if name == "$or" and isinstance(value, list) and all(isinstance(each, dict) for each in value):
            for each in value:
                yield from _lists(each, scope, depth + 1)
        elif isinstance(value, list):
            yield value, depth
        elif not isinstance(value, dict):
            raise BadFilter(f'"{name}" must be an object or an array')
        elif scope == ATTRIBUTES:
            list(_lists(value, BODY, depth + 1))  # errors within it are reported first
            raise BadFilter("Filter policy scope MessageAttributes does not support nested filter policy")
        else:
            yield from _lists(value, scope, depth + 1)


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
        raise BadFilter(f"{keyword} match pattern must be a string")
    if keyword == "cidr":
        try:
            ip_network(operand, strict=False)
        except ValueError:
            raise BadFilter("Malformed CIDR, one '/' required") from None


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
