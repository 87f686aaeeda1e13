"""Parses metric math: the text of an expression becomes a tree. A Pratt parser: each operator has a binding power.

`IF(m1 > 100, RATE(m1) / PERIOD(m1), 0)`. data/metric_math.py evaluates the tree.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.core.errors import ApiError
from sandbox.services.cloudwatch.errors import validation


@dataclass(frozen=True, slots=True)
class Number:
    value: float


@dataclass(frozen=True, slots=True)
class Text:
    value: str


@dataclass(frozen=True, slots=True)
class Name:
    """The id of another query, or a keyword such as REPEAT."""

    value: str


@dataclass(frozen=True, slots=True)
class Unary:
    operator: str
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Binary:
    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Call:
    function: str
    arguments: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Array:
    """`[m1, m2]`"""

    items: "tuple[Node, ...]"


Node = Number | Text | Name | Unary | Binary | Call | Array

_POWERS = {
    "||": 1, "&&": 2,
    "==": 3, "!=": 3, "<": 4, ">": 4, "<=": 4, ">=": 4,
    "+": 5, "-": 5, "*": 6, "/": 6, "^": 8,
}  # fmt: skip
_PREFIX_POWER = 7  # -2 ^ 2 is -(2 ^ 2)
_RIGHT_TO_LEFT = {"^"}
_WORDS = {"AND": "&&", "OR": "||"}
_MAX_DEPTH = 100  # nesting
MAX_LENGTH = 2048  # characters, by the API's model

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|(?P<name>[A-Za-z_]\w*)"
    r"|'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\"|(?P<operator>\|\||&&|[=!<>]=|[-+*/^<>(),\[\]]))"
)


def parse(expression: str) -> Node:
    """The tree of the expression. Raises ValidationError when the text is not an expression."""
    if len(expression) > MAX_LENGTH:
        raise validation(f"Expression must not exceed {MAX_LENGTH} characters.")
    parser = _Parser(expression)
    node = parser.expression(0)
    parser.expect("end", "")
    return node


def names(node: Node) -> Iterator[str]:
    """The ids (and keywords) that the expression uses."""
    match node:
        case Name():
            yield node.value
        case Unary():
            yield from names(node.operand)
        case Binary():
            yield from names(node.left)
            yield from names(node.right)
        case Call() | Array():
            for child in node.arguments if isinstance(node, Call) else node.items:
                yield from names(child)


def calls(node: Node) -> Iterator[Call]:
    """And function call in the tree."""
    match node:
        case Unary():
            yield from calls(node.operand)
        case Binary():
            yield from calls(node.left)
            yield from calls(node.right)
        case Call() | Array():
            if isinstance(node, Call):
                yield node
            for child in node.arguments if isinstance(node, Call) else node.items:
                yield from calls(child)


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._read())
        self._next = 0
        self._depth = 0

    def _read(self) -> Iterator[tuple[str, str]]:
        at, text = 0, self._text.rstrip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise self._error(f"unexpected character '{text[at:].lstrip()[:1]}'")
            assert match.lastgroup is not None
            kind, value = match.lastgroup, match[match.lastgroup]
            if kind == "name" and value.upper() in _WORDS:
                kind, value = "operator", _WORDS[value.upper()]
            yield ("text" if kind in ("single", "double") else kind), value
            at = match.end()
        yield "end", ""

    def _error(self, problem: str) -> ApiError:
        return validation(f"Error in expression '{self._text}' [{problem}]")

    def _take(self) -> tuple[str, str]:
        token = self._tokens[self._next]
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return token

    def expect(self, kind: str, value: str) -> None:
        found = self._take()
        if found != (kind, value):
            raise self._error(f"expected '{value or 'end of expression'}', found '{found[1] or 'end of expression'}'")

    def expression(self, power: int) -> Node:
        """The longest expression whose operators bind tighter than `power`."""
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise self._error("nested too deeply")
        left = self._prefix()
        while (operator := self._tokens[self._next])[0] == "operator" and _POWERS.get(operator[1], 0) > power:
            self._take()
            binding = _POWERS[operator[1]]
            right = self.expression(binding - 1 if operator[1] in _RIGHT_TO_LEFT else binding)
            left = Binary(operator[1], left, right)
        self._depth -= 1
        return left

    def _prefix(self) -> Node:
        kind, value = self._take()
        match kind, value:
            case "number", _:
                return Number(float(value))
            case "text", _:
                return Text(value)
            case "name", _:
                return self._name(value)
            case "operator", "-" | "+":
                return Unary(value, self.expression(_PREFIX_POWER))
            case "operator", "(":
                inner = self.expression(0)
                self.expect("operator", ")")
                return inner
            case "operator", "[":
                return Array(self._list("]"))
        raise self._error(f"unexpected '{value or 'end of expression'}'")

    def _name(self, value: str) -> Node:
        if self._tokens[self._next] != ("operator", "("):
            return Name(value)
        self._take()
        return Call(value.upper(), self._list(")"))

    def _list(self, closing: str) -> tuple[Node, ...]:
        found: list[Node] = []
        if self._tokens[self._next] == ("operator", closing):
            self._take()
            return ()
        while True:
            found.append(self.expression(0))
            if self._tokens[self._next] != ("operator", ","):
                self.expect("operator", closing)
                return tuple(found)
            self._take()
