"""The rules of a filter policy (SNS-12): whether one value matches one rule, such as `"red"` or `{"prefix": "re"}`. Pure."""

from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Any

from sandbox.core.wildcards import ASTERISK_ONLY
from sandbox.core.wildcards import matches as pattern_matches

ACCURACY = 1_000_000  # numbers are compared to six decimal places
LARGEST_NUMBER = 10**9  # in a rule
TEXT_RULES = ("prefix", "suffix", "equals-ignore-case", "wildcard", "cidr")
KEYWORDS = frozenset({"exists", "numeric", "anything-but", *TEXT_RULES})


def rule_matches(rule: Any, value: Any) -> bool:
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
        return abs(value) <= LARGEST_NUMBER and bool(round(rule * ACCURACY) == round(value * ACCURACY))
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
