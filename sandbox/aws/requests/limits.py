"""The limits of single values: words, lengths, ranges, patterns. Shared by the readers of forms and of documents."""

from ipaddress import ip_network
from typing import Any

from sandbox.aws.requests.model import Node
from sandbox.aws.requests.problems import Kind, Problem, Step

INTEGERS = {"integer": 2**31, "long": 2**63, "short": 2**15, "byte": 2**7}
"""Type → the first number that is too large for it; its negative is the smallest one."""


def check_string(node: Node, value: str, at: Step, problems: list[Problem]) -> None:
    if node.enum:
        if value and value not in node.enum:  # an empty word is an absent one for some operations: their validation knows
            problems.append(Problem(Kind.ENUM, at, value, node.enum))
    elif node.least is not None or node.most is not None:
        check_length(node, value, at, problems)
    if node.cidr and value and not is_cidr(value):
        problems.append(Problem(Kind.CIDR, at, value))
    if node.matches is not None and value and not node.matches(value):
        problems.append(Problem(Kind.PATTERN, at, value, node.pattern))


def is_cidr(value: str) -> bool:
    """Whether it is a block of IPv4 or IPv6 addresses; bits of the host may be set."""
    _, slash, size = value.partition("/")
    if not (slash and size.isascii() and size.isdigit()):
        return False
    try:
        ip_network(value, strict=False)
    except ValueError:
        return False
    return True


def check_length(node: Node, value: Any, at: Step, problems: list[Problem]) -> None:
    size = len(value)
    if (node.least is not None and size < node.least) or (node.most is not None and size > node.most):
        problems.append(Problem(Kind.LENGTH, at, value, (node.least, node.most)))


def check_number(node: Node, value: float, at: Step, problems: list[Problem]) -> None:
    if (node.least is not None and value < node.least) or (node.most is not None and value > node.most):
        problems.append(Problem(Kind.RANGE, at, value, (node.least, node.most)))


def check_required(node: Node, found: dict[str, Any], above: Step | None, problems: list[Problem]) -> None:
    for name, wire in node.required:
        if name not in found:
            problems.append(Problem(Kind.MISSING, Step(above, wire, name)))
