"""Reads the parameters of a document (the protocols json, rest-json and rpc-v2-cbor) by the operation's model.

A member that the operation does not have is ignored, as AWS does in these protocols, and null means absent.
"""

import binascii
from datetime import datetime
from typing import Any

from moto.core.parse import default_timestamp_parser

from sandbox.aws.requests.limits import INTEGERS, check_length, check_number, check_required, check_string
from sandbox.aws.requests.model import Node
from sandbox.aws.requests.problems import Kind, Path, Problem, Step

NOT_FINITE = {"NaN", "Infinity", "-Infinity"}
"""Numbers that JSON writes as strings."""


class DocumentReader:
    """`binary`: the document was CBOR, which has types for times and bytes, so that numbers and strings are none."""

    def __init__(self, binary: bool = False) -> None:
        self._binary = binary
        self.problems: list[Problem] = []

    def read(self, node: Node, value: dict[str, Any], above: Path = None) -> dict[str, Any]:
        """A structure, by the names of the model."""
        found: dict[str, Any] = {}
        for wire, given in value.items():
            member = node.members.get(wire) if isinstance(wire, str) else None
            if member is not None and given is not None:
                name, shape = member
                found[name] = self._value(shape, given, Step(above, wire, name))
        check_required(node, found, above, self.problems)
        return found

    def _wrong(self, node: Node, value: Any, at: Step) -> Any:
        self.problems.append(Problem(Kind.TYPE, at, value, node.kind))
        return value

    def _value(self, node: Node, value: Any, at: Step) -> Any:
        match node.kind:
            case "structure":
                if node.document:
                    return value
                return self.read(node, value, at) if isinstance(value, dict) else self._wrong(node, value, at)
            case "list":
                return self._list(node, value, at) if isinstance(value, list) else self._wrong(node, value, at)
            case "map":
                return self._map(node, value, at) if isinstance(value, dict) else self._wrong(node, value, at)
            case "string" | "character":
                return self._string(node, value, at)
            case "boolean":
                return value if isinstance(value, bool) else self._wrong(node, value, at)
            case "timestamp":
                return self._time(node, value, at)
            case "blob":
                return self._bytes(node, value, at)
        return self._number(node, value, at)

    def _list(self, node: Node, value: list[Any], at: Step) -> list[Any]:
        assert node.item is not None
        found = []
        for index, item in enumerate(value, start=1):
            step = Step(at, str(index), f"{index}.member")
            found.append(self._wrong(node.item, None, step) if item is None else self._value(node.item, item, step))
        if node.least is not None or node.most is not None:
            check_length(node, found, at, self.problems)
        return found

    def _map(self, node: Node, value: dict[str, Any], at: Step) -> dict[str, Any]:
        assert node.key is not None and node.value is not None
        found: dict[str, Any] = {}
        for key, given in value.items():
            step = Step(at, str(key), f"{key}.member")
            name = self._string(node.key, key, step)
            if given is not None and isinstance(name, str):
                found[name] = self._value(node.value, given, step)
        if node.least is not None or node.most is not None:
            check_length(node, found, at, self.problems)
        return found

    def _string(self, node: Node, value: Any, at: Step) -> Any:
        if not isinstance(value, str):
            return self._wrong(node, value, at)
        check_string(node, value, at, self.problems)
        return value

    def _number(self, node: Node, value: Any, at: Step) -> Any:
        if isinstance(value, bool):
            return self._wrong(node, value, at)
        bound = INTEGERS.get(node.kind)
        if bound is None:
            if value in NOT_FINITE if isinstance(value, str) else not isinstance(value, int | float):
                return float(value) if isinstance(value, str) else self._wrong(node, value, at)
            if isinstance(value, str) or (isinstance(value, int) and abs(value) > 1.7e308):
                return self._wrong(node, value, at)
            value = float(value)
        elif not (isinstance(value, int) or (isinstance(value, float) and value.is_integer())) or not -bound <= value < bound:
            return self._wrong(node, value, at)
        check_number(node, value, at, self.problems)
        return int(value) if bound is not None else value

    def _time(self, node: Node, value: Any, at: Step) -> Any:
        if self._binary:
            return (
                value.replace(tzinfo=None) if isinstance(value, datetime) else self._wrong(node, value, at)
            )  # as default_timestamp_parser
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            return self._wrong(node, value, at)
        try:
            return default_timestamp_parser(value)
        except (ValueError, OverflowError, OSError, TypeError, RuntimeError):
            return self._wrong(node, value, at)

    def _bytes(self, node: Node, value: Any, at: Step) -> Any:
        if self._binary:
            return value if isinstance(value, bytes) else self._wrong(node, value, at)
        if not isinstance(value, str):
            return self._wrong(node, value, at)
        try:
            return binascii.a2b_base64(value, strict_mode=True)
        except (binascii.Error, ValueError):
            return self._wrong(node, value, at)
