"""The binary messages of a data channel (SSM-13): a header of 116 bytes, the length of the payload, and the payload. Pure.

All numbers are big-endian. The two halves of the message id are swapped, and the payload has its SHA-256 in the header.
"""

import hashlib
import struct
from dataclasses import dataclass
from enum import IntEnum
from uuid import UUID

INPUT, OUTPUT = "input_stream_data", "output_stream_data"
ACKNOWLEDGE, CHANNEL_CLOSED = "acknowledge", "channel_closed"

HEADER = struct.Struct(">I32sIQqQ16s32sI")
LENGTH = struct.Struct(">I")
SCHEMA = 1
SEQUENTIAL = 3
"""Flags of a message that stands alone."""


class PayloadType(IntEnum):
    NONE = 0
    DATA = 1
    SIZE = 3
    HANDSHAKE_REQUEST = 5
    HANDSHAKE_RESPONSE = 6
    HANDSHAKE_COMPLETE = 7
    FLAG = 10


class Flag(IntEnum):
    """Payload of PayloadType.FLAG: four bytes."""

    DISCONNECT = 1
    TERMINATE = 2
    CONNECT_FAILED = 3


class Malformed(Exception):
    """The bytes are no message. The text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    type: str
    id: UUID
    created: int  # milliseconds since the epoch
    sequence: int = 0
    flags: int = 0
    payload_type: int = PayloadType.NONE
    payload: bytes = b""


def encode(message: Message) -> bytes:
    head = HEADER.pack(
        HEADER.size,
        message.type.encode().ljust(32),
        SCHEMA,
        message.created,
        message.sequence,
        message.flags,
        message.id.bytes[8:] + message.id.bytes[:8],
        hashlib.sha256(message.payload).digest(),
        message.payload_type,
    )
    return head + LENGTH.pack(len(message.payload)) + message.payload


def decode(raw: bytes) -> Message:
    """Raises Malformed."""
    if len(raw) < HEADER.size + LENGTH.size:
        raise Malformed(f"it has {len(raw)} bytes, and a header has {HEADER.size + LENGTH.size}")
    length, name, _, created, sequence, flags, swapped, digest, payload_type = HEADER.unpack_from(raw)
    start = length + LENGTH.size
    if length != HEADER.size or LENGTH.unpack_from(raw, length)[0] != len(raw) - start:
        raise Malformed("its lengths do not fit its size")
    payload = raw[start:]
    if payload and hashlib.sha256(payload).digest() != digest:
        raise Malformed("its payload does not have the digest of its header")
    return Message(
        type=name.decode("ascii", "replace").strip("\0 "),
        id=UUID(bytes=swapped[8:] + swapped[:8]),
        created=created,
        sequence=sequence,
        flags=flags,
        payload_type=payload_type,
        payload=payload,
    )
