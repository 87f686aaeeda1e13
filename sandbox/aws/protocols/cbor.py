"""CBOR (RFC 8949) as Smithy's RPC v2 uses it: maps with text keys, and tag 1 for points in time. Standard library only.

`decode` reads what a stranger sent: lengths are checked before anything is allocated, nesting is bounded, and what Smithy does not allow is
refused. `encode` writes definite lengths, the shortest form of integers, and numbers with a fraction in 64 bits.
"""

import math
import struct
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

DEEPEST = 64
"""Levels of nesting. No operation's input has more than ten."""

INDEFINITE, BREAK = 31, 0xFF
TIME, SELF_DESCRIBED = 1, 55799  # tags
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE = range(8)  # major types
_SIZES = {24: 1, 25: 2, 26: 4, 27: 8}  # bytes of an argument
_FLOATS = {25: ">e", 26: ">f", 27: ">d"}
_CONSTANTS: dict[int, Any] = {20: False, 21: True, 22: None, 23: None}  # 23: undefined


class CborError(ValueError):
    """The bytes are not CBOR, or not CBOR that the protocol allows."""


def decode(body: bytes) -> Any:
    """The one value that the bytes hold: None, bool, int, float, str, bytes, list, dict, or datetime in UTC. Raises CborError."""
    reader = _Reader(body)
    value = reader.value(0)
    if not reader.at_end:
        raise CborError("there are bytes after the value")
    return value


class _Reader:
    def __init__(self, body: bytes) -> None:
        self._body, self._at = body, 0

    @property
    def at_end(self) -> bool:
        return self._at == len(self._body)

    def value(self, depth: int) -> Any:
        if depth > DEEPEST:
            raise CborError("it is nested too deeply")
        major, info = self._head()
        match major:
            case 0:
                return self._argument(info)
            case 1:
                return -1 - self._argument(info)
            case 2:
                return self._string(major, info)
            case 3:
                return self._text(info)
            case 4:
                return self._array(info, depth + 1)
            case 5:
                return self._map(info, depth + 1)
            case 6:
                return self._tagged(info, depth + 1)
        return self._simple(info)

    def _take(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._body):
            raise CborError("it ends too early")
        taken, self._at = self._body[self._at : end], end
        return taken

    def _head(self) -> tuple[int, int]:
        first = self._take(1)[0]
        return first >> 5, first & 31

    def _argument(self, info: int) -> int:
        if info < 24:
            return info
        if info not in _SIZES:
            raise CborError(f"{info} is no length of an integer")
        return int.from_bytes(self._take(_SIZES[info]), "big")

    def _string(self, major: int, info: int) -> bytes:
        if info != INDEFINITE:
            return self._take(self._argument(info))
        pieces = []
        while not self._ends():
            inner, info = self._head()
            if inner != major or info == INDEFINITE:
                raise CborError("a string of indefinite length holds something else than strings")
            pieces.append(self._take(self._argument(info)))
        return b"".join(pieces)

    def _text(self, info: int) -> str:
        try:
            return self._string(TEXT, info).decode()
        except UnicodeDecodeError as error:
            raise CborError("a text is not UTF-8") from error

    def _ends(self) -> bool:
        """Whether the next byte ends an item of indefinite length; if so, it is taken."""
        ended = self._body[self._at : self._at + 1] == b"\xff"
        self._at += ended
        return ended

    def _count(self, info: int, least: int) -> int:
        """The number of members, each of at least so many bytes."""
        count = self._argument(info)
        if count * least > len(self._body) - self._at:
            raise CborError("it ends too early")
        return count

    def _array(self, info: int, depth: int) -> list[Any]:
        if info != INDEFINITE:
            return [self.value(depth) for _ in range(self._count(info, 1))]
        found = []
        while not self._ends():
            found.append(self.value(depth))
        return found

    def _map(self, info: int, depth: int) -> dict[str, Any]:
        if info != INDEFINITE:
            return dict(self._member(depth) for _ in range(self._count(info, 2)))
        found = {}
        while not self._ends():
            key, value = self._member(depth)
            found[key] = value
        return found

    def _member(self, depth: int) -> tuple[str, Any]:
        key = self.value(depth)
        if not isinstance(key, str):
            raise CborError("a key of a map is not a text")
        return key, self.value(depth)

    def _tagged(self, info: int, depth: int) -> Any:
        tag, value = self._argument(info), self.value(depth)
        if tag == SELF_DESCRIBED:
            return value
        if tag != TIME:
            raise CborError(f"tag {tag} is not supported")
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise CborError("a time is not a number")
        try:
            return EPOCH + timedelta(seconds=value)
        except OverflowError as error:
            raise CborError("a time is outside the calendar") from error

    def _simple(self, info: int) -> Any:
        if info in _CONSTANTS:
            return _CONSTANTS[info]
        if info in _FLOATS:
            return struct.unpack(_FLOATS[info], self._take(_SIZES[info]))[0]
        raise CborError(f"the simple value {info} is not supported")


# ---- writing ---------------------------------------------------------------------------------------------------------------------------


def encode(value: Any) -> bytes:
    """Of what `decode` returns. Raises TypeError for anything else."""
    pieces: list[bytes] = []
    _write(value, pieces)
    return b"".join(pieces)


def _write(value: Any, pieces: list[bytes]) -> None:
    match value:
        case None | True | False:
            pieces.append({None: b"\xf6", True: b"\xf5", False: b"\xf4"}[value])
        case str():
            raw = value.encode()
            pieces += (_head(TEXT, len(raw)), raw)
        case float():
            pieces.append(b"\xfb" + struct.pack(">d", value))
        case int():
            pieces.append(_head(UNSIGNED, value) if value >= 0 else _head(NEGATIVE, -1 - value))
        case bytes():
            pieces += (_head(BYTES, len(value)), value)
        case datetime():
            pieces.append(_head(TAG, TIME) + b"\xfb" + struct.pack(">d", _epoch_seconds(value)))
        case Mapping():
            pieces.append(_head(MAP, len(value)))
            for key, member in value.items():
                _write(key, pieces)
                _write(member, pieces)
        case list() | tuple():
            pieces.append(_head(ARRAY, len(value)))
            for member in value:
                _write(member, pieces)
        case _:
            raise TypeError(f"CBOR has no {type(value).__name__}")


def _head(major: int, argument: int) -> bytes:
    if argument < 24:
        return bytes([major << 5 | argument])
    for info, size in _SIZES.items():
        if argument < 1 << 8 * size:
            return bytes([major << 5 | info]) + argument.to_bytes(size, "big")
    raise TypeError(f"CBOR has no integer as large as {argument}")


def _epoch_seconds(moment: datetime) -> float:
    """To the millisecond, as Smithy asks of services."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - EPOCH) // timedelta(milliseconds=1) / 1000
