"""CBOR: what it writes it reads, the examples of RFC 8949, and bytes that it refuses."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.aws.protocols.cbor import DEEPEST, CborError, decode, encode

TIMES = st.integers(-(10**12), 10**13).map(lambda milliseconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds))
SCALARS = st.none() | st.booleans() | st.integers(-(2**64), 2**64 - 1) | st.floats(allow_nan=False) | st.text() | st.binary()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4))


@given(VALUES)
def test_what_is_written_is_read(value: Any) -> None:
    assert decode(encode(value)) == value


@given(TIMES)
def test_times_are_read_to_the_millisecond(at: datetime) -> None:
    assert abs(decode(encode(at)) - at) < timedelta(milliseconds=1)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        decode(body)
    except CborError:
        return


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("00", 0),
        ("1903e8", 1000),
        ("1bffffffffffffffff", 2**64 - 1),
        ("3903e7", -1000),
        ("f93c00", 1.0),
        ("fa47c35000", 100_000.0),
        ("fb3ff199999999999a", 1.1),
        ("f4", False),
        ("f7", None),
        ("c11a514b67b0", datetime(2013, 3, 21, 20, 4, tzinfo=UTC)),
        ("c1fb41d452d9ec200000", datetime(2013, 3, 21, 20, 4, 0, 500_000, tzinfo=UTC)),
        ("5f42010243030405ff", b"\x01\x02\x03\x04\x05"),
        ("7f657374726561646d696e67ff", "streaming"),
        ("9f018202039f0405ffff", [1, [2, 3], [4, 5]]),
        ("bf61610161629f0203ffff", {"a": 1, "b": [2, 3]}),
        ("d9d9f7a0", {}),
    ],
)
def test_examples_of_the_standard(body: str, value: Any) -> None:
    assert decode(bytes.fromhex(body)) == value


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("", "ends too early"),
        ("62c3", "ends too early"),
        ("9bffffffffffffffff", "ends too early"),  # a length of 2^64 in nine bytes
        ("bbffffffffffffffff", "ends too early"),
        ("5bffffffffffffffff", "ends too early"),
        ("9f01", "ends too early"),
        ("0000", "bytes after the value"),
        ("62c328", "not UTF-8"),
        ("a10102", "key of a map is not a text"),
        ("1c", "no length of an integer"),
        ("1f", "no length of an integer"),
        ("ff", "simple value 31"),
        ("f0", "simple value 16"),
        ("5f6161ff", "holds something else than strings"),
        ("7f7f6161ffff", "holds something else than strings"),
        ("c0" + "6131", "tag 0 is not supported"),
        ("c16131", "a time is not a number"),
        ("c1f5", "a time is not a number"),
        ("c1f97e00", "a time is not a number"),
        ("c11bffffffffffffffff", "outside the calendar"),
        ("81" * (DEEPEST + 1) + "00", "nested too deeply"),
        ("9f" * 1000 + "ff" * 1000, "nested too deeply"),
        ("c1" * 5000 + "00", "nested too deeply"),
    ],
)
def test_what_is_refused(body: str, why: str) -> None:
    with pytest.raises(CborError, match=why):
        decode(bytes.fromhex(body))


@pytest.mark.parametrize("value", [object(), {1, 2}, 2**64, -(2**64) - 1])
def test_what_cannot_be_written(value: Any) -> None:
    with pytest.raises(TypeError):
        encode(value)
