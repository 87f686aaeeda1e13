"""Columns of numbers as bytes, for the saved form of the metric store: eight bytes a number, little-endian on every machine."""

import sys
from array import array
from typing import Any


def to_bytes(column: "array[Any]") -> bytes:
    return _little(column).tobytes()


def from_bytes(typecode: str, saved: bytes) -> "array[Any]":
    """`typecode`: "q" for whole numbers, "d" for others."""
    column: array[Any] = array(typecode)
    column.frombytes(saved)
    return _little(column)


def _little(column: "array[Any]") -> "array[Any]":
    if sys.byteorder == "little":
        return column
    swapped = column[:]
    swapped.byteswap()
    return swapped
