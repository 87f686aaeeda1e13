"""Reads the parameters of a form (the protocols query and ec2) by the operation's model.

The names of a form spell a tree: `Filter.1.Name`. It is built first and then read by the model, which takes time in proportion to what was
sent, not to all that could be sent.
"""

import binascii
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from moto.core.parse import default_timestamp_parser

from sandbox.aws.requests.limits import INTEGERS, check_length, check_number, check_required, check_string
from sandbox.aws.requests.model import Node
from sandbox.aws.requests.problems import Kind, Problem, Step

Tree = dict[str | None, Any]
"""Part of a name → what is under it; under None, the value of the name that ends here."""

COMMON = frozenset(
    {"Action", "Version", "AWSAccessKeyId", "Expires", "SecurityToken", "Signature", "SignatureMethod", "SignatureVersion", "Timestamp"}
)
"""Parameters that each operation takes. In lower case, those that start with `x-amz-` belong to a signature in the query string."""
ANY_EC2 = COMMON | {"DryRun"}
DEEPEST = 64
"""Parts of a name. No operation has names of more than 20."""

NUMBER = re.compile(r"[+-]?[0-9]{1,30}")
DECIMAL = re.compile(r"[+-]?([0-9]{1,400}\.?[0-9]{0,400}|\.[0-9]{1,400})([eE][+-]?[0-9]{1,3})?|[+-]?(NaN|Infinity)", re.IGNORECASE)
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.,]{2,18} ?(Z|[+-][0-9]{2}:?[0-9]{2})?)?|[0-9]{1,12}(\.[0-9]{1,9})?", re.IGNORECASE)
FLAGS = {"true": True, "false": False}


class FormReader:
    """`strict`: a parameter that the operation does not have is a problem (EC2). Other services ignore it."""

    def __init__(self, strict: bool) -> None:
        self._strict = strict
        self.problems: list[Problem] = []

    def read(self, node: Node, values: Iterable[tuple[str, str]]) -> dict[str, Any]:
        common = ANY_EC2 if self._strict else COMMON
        own = {wire for wire in common if wire in node.members}
        tree: Tree = {}
        for name, value in values:
            if (name in common and name not in own) or name.lower().startswith("x-amz-"):
                continue
            self._grow(tree, name, value)
        found: dict[str, Any] = self._structure(node, tree, None)
        return found

    def _grow(self, tree: Tree, name: str, value: str) -> None:
        parts = name.split(".")
        if len(parts) > DEEPEST:
            self._unknown(Step(None, name[:200], name[:200]))
            return
        for part in parts:
            tree = tree.setdefault(part, {})
        tree.setdefault(None, value)

    def _unknown(self, at: Step) -> None:
        if self._strict:
            self.problems.append(Problem(Kind.UNKNOWN, at))

    def _unknown_below(self, tree: Tree, at: Step) -> None:
        """Names the first full parameter that was sent under this name."""
        while None not in tree and tree:
            part = next(iter(tree))
            assert part is not None
            at, tree = Step(at, part, part), tree[part]
        self._unknown(at)

    # ---- by kind of shape ---------------------------------------------------------------------------------------------------------------

    def _value(self, node: Node, tree: Tree, at: Step) -> Any:
        match node.kind:
            case "structure":
                if None in tree:
                    self._scalar_for_structure(tree, at)
                return self._structure(node, tree, at)
            case "list":
                return self._list(node, tree, at)
            case "map":
                return self._map(node, tree, at)
        if len(tree) > 1 or None not in tree:
            self._unknown_below({part: below for part, below in tree.items() if part is not None}, at)
        return self._scalar(node, tree[None], at) if None in tree else None

    def _scalar_for_structure(self, tree: Tree, at: Step) -> None:
        if tree[None] != "":
            self.problems.append(Problem(Kind.UNKNOWN if self._strict else Kind.TYPE, at, tree[None], "structure"))

    def _structure(self, node: Node, tree: Tree, at: Step | None) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for wire, below in tree.items():
            if wire is None:
                continue
            member = node.members.get(wire)
            if member is None:
                self._unknown_below(below, Step(at, wire, wire))
                continue
            name, shape = member
            value = self._value(shape, below, Step(at, wire, name))
            if value is not None:
                found[name] = value
        check_required(node, found, at, self.problems)
        return found

    def _list(self, node: Node, tree: Tree, at: Step) -> list[Any] | None:
        assert node.item is not None
        under = tree.get(node.entry, {}) if node.entry else {part: below for part, below in tree.items() if part is not None}
        if tree.get(None):
            self.problems.append(Problem(Kind.UNKNOWN if self._strict else Kind.TYPE, at, tree[None], "list"))
        if node.entry and (other := next((part for part in tree if part not in (None, node.entry)), None)):
            self.problems.append(Problem(Kind.TYPE, Step(at, other, other), other, "index"))
        found = []
        for index in self._indexes(under, at):
            step = Step(at, f"{node.entry}.{index}".lstrip("."), f"{index}.{node.entry or 'member'}")
            found.append(self._value(node.item, under[str(index)], step))
        if node.least is not None or node.most is not None:
            check_length(node, found, at, self.problems)
        return found if found or None in tree else None

    def _indexes(self, under: Tree, at: Step) -> range:
        """1 to n. What else is there would get lost on the way, so it is refused."""
        count = 0
        while str(count + 1) in under:
            count += 1
        for part in under:
            if part is None or (part.isascii() and part.isdigit() and part[0] != "0" and len(part) < 9 and int(part) <= count):
                continue
            wrong = Step(at, part, part)
            if part.isascii() and part.isdigit():
                self.problems.append(Problem(Kind.INDEX, wrong, part, count + 1))
            elif self._strict:
                self._unknown_below(under[part], wrong)
            else:
                self.problems.append(Problem(Kind.TYPE, wrong, part, "index"))
        return range(1, count + 1)

    def _map(self, node: Node, tree: Tree, at: Step) -> dict[str, Any] | None:
        assert node.key is not None and node.value is not None
        under = tree.get(node.entry, {}) if node.entry else tree
        found: dict[str, Any] = {}
        for index in self._indexes(under, at):
            entry, step = under[str(index)], Step(at, f"{node.entry}.{index}".lstrip("."), str(index))
            parts = [self._part(node, entry, step, side) for side in (0, 1)]
            if isinstance(parts[0], str):
                found[parts[0]] = parts[1]
        if found and (node.least is not None or node.most is not None):
            check_length(node, found, at, self.problems)
        return found or None

    def _part(self, node: Node, entry: Tree, above: Step, side: int) -> Any:
        """The key or the value of a map's entry."""
        shape, name = (node.key, node.value)[side], node.names[side]
        step = Step(above, name, name)
        value = self._value(shape, entry[name], step) if shape is not None and name in entry else None
        if value is None:
            self.problems.append(Problem(Kind.MISSING, step))
        return value

    def _scalar(self, node: Node, text: str, at: Step) -> Any:
        match node.kind:
            case "integer" | "long" | "short" | "byte":
                return self._integer(node, text, at)
            case "float" | "double":
                return self._decimal(node, text, at)
            case "boolean":
                return self._read(FLAGS.get(text.lower()), node, text, at)
            case "timestamp":
                return self._read(_time(text), node, text, at)
            case "blob":
                return self._read(_bytes(text), node, text, at)
        check_string(node, text, at, self.problems)
        return text

    def _read(self, value: Any, node: Node, text: str, at: Step) -> Any:
        if value is None:
            self.problems.append(Problem(Kind.TYPE, at, text, node.kind))
            return text  # so that the member is not reported as missing, too
        return value

    def _integer(self, node: Node, text: str, at: Step) -> Any:
        value = int(text) if NUMBER.fullmatch(text) else None
        if value is not None and not -INTEGERS[node.kind] <= value < INTEGERS[node.kind]:
            value = None
        if value is not None:
            check_number(node, value, at, self.problems)
        return self._read(value, node, text, at)

    def _decimal(self, node: Node, text: str, at: Step) -> Any:
        value = float(text) if DECIMAL.fullmatch(text) else None
        if value is not None:
            check_number(node, value, at, self.problems)
        return self._read(value, node, text, at)


def _time(text: str) -> datetime | None:
    if not TIME.fullmatch(text):
        return None
    try:
        return default_timestamp_parser(text)
    except (ValueError, OverflowError, OSError, RuntimeError):
        return None


def _bytes(text: str) -> bytes | None:
    try:
        return binascii.a2b_base64("".join(text.split()), strict_mode=True)
    except (binascii.Error, ValueError):
        return None
