"""The binary messages of a data channel."""

import hashlib
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.drivers.channels.message import INPUT, OUTPUT, Malformed, Message, decode, encode
from tests.support import rule

NAMED = UUID("00112233-4455-6677-8899-aabbccddeeff")
HI = Message(type=OUTPUT, id=NAMED, created=0x0102030405060708, sequence=9, flags=3, payload_type=1, payload=b"hi")


@rule("SSM-13")
def test_a_message_has_its_header_its_digest_and_the_halves_of_its_id_swapped() -> None:
    raw = encode(HI)
    assert raw[:4] == (116).to_bytes(4, "big")
    assert raw[4:36] == b"output_stream_data".ljust(32)
    assert raw[36:40] == b"\0\0\0\1" and raw[40:48] == bytes(range(1, 9))
    assert (raw[48:56], raw[56:64]) == ((9).to_bytes(8, "big"), (3).to_bytes(8, "big"))
    assert raw[64:80] == bytes.fromhex("8899aabbccddeeff0011223344556677")
    assert raw[80:112] == hashlib.sha256(b"hi").digest()
    assert raw[112:] == b"\0\0\0\1" + b"\0\0\0\2" + b"hi"


@given(st.builds(Message, type=st.sampled_from([INPUT, OUTPUT]), id=st.uuids(), created=st.integers(0, 2**63), payload=st.binary()))
def test_what_is_encoded_is_decoded_to_the_same(message: Message) -> None:
    assert decode(encode(message)) == message


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(raw: bytes) -> None:
    try:
        decode(raw)
    except Malformed:
        return


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "it has 0 bytes"),
        (encode(HI)[:119], "it has 119 bytes"),
        (encode(HI)[:-1], "its lengths do not fit"),
        (encode(HI) + b"!", "its lengths do not fit"),
        (b"\0\0\0\0" + encode(HI)[4:], "its lengths do not fit"),
        (encode(HI)[:-1] + b"!", "the digest"),
    ],
)
def test_a_message_that_is_cut_or_changed_is_refused_with_the_reason(raw: bytes, why: str) -> None:
    with pytest.raises(Malformed, match=why):
        decode(raw)
