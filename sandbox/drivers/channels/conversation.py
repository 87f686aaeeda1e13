"""The agent's side of a data channel without I/O: handshake, sequence numbers, acknowledgements, repetition (SSM-13). It outlives
connections: a client that resumes its session goes on where it stopped.

Bytes come in by `receive`, and go out by `take`. Every moment is passed in, in seconds of a clock that never goes back.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID, uuid4

from sandbox.core.channels.protocols import ChannelRequest
from sandbox.drivers.channels import payloads
from sandbox.drivers.channels.message import (
    ACKNOWLEDGE,
    CHANNEL_CLOSED,
    INPUT,
    OUTPUT,
    SEQUENTIAL,
    Flag,
    Malformed,
    Message,
    PayloadType,
    decode,
    encode,
)
from sandbox.drivers.channels.payloads import Size

PIECE = 1_024
"""Bytes of output in one message, as AWS's clients send their input."""
WINDOW = 256
"""Messages of output that may be unacknowledged before no more is taken."""
REPEAT_AFTER = 0.3
"""Seconds until a message that is not acknowledged is sent again: clients drop what comes before they are ready for it."""


@dataclass(frozen=True, slots=True)
class Data:
    data: bytes


@dataclass(frozen=True, slots=True)
class Ready:
    """The handshake is over."""

    problem: str | None  # what the client cannot do


Received = Data | Size | Flag | Ready


@dataclass(slots=True)
class _Sent:
    raw: bytes
    at: float


class Conversation:
    def __init__(self, request: ChannelRequest, wall: Callable[[], float], new_id: Callable[[], UUID] = uuid4) -> None:
        self._request, self._wall, self._new_id = request, wall, new_id
        self._unacknowledged: OrderedDict[int, _Sent] = OrderedDict()
        self._next_output = self._next_input = 0
        self._begun: float | None = None
        self._ready = False
        self._out: list[bytes] = []

    @property
    def has_room(self) -> bool:
        return len(self._unacknowledged) < WINDOW

    @property
    def settled(self) -> bool:
        """All that was sent has been acknowledged."""
        return not self._unacknowledged

    def take(self) -> list[bytes]:
        """What is to be sent now, once."""
        found, self._out = self._out, []
        return found

    def attach(self, now: float) -> None:
        """A client has connected: begins the handshake, or repeats what its former connection did not acknowledge."""
        self._out.clear()
        if self._begun is None:
            self._begun = now
            self._stream(PayloadType.HANDSHAKE_REQUEST, payloads.handshake_request(self._request), now)
            return
        for each in self._unacknowledged.values():
            self._repeat(each, now)

    def output(self, data: bytes, now: float) -> None:
        for start in range(0, len(data), PIECE):
            self._stream(PayloadType.DATA, data[start : start + PIECE], now)

    def flag(self, flag: Flag, now: float) -> None:
        self._stream(PayloadType.FLAG, flag.to_bytes(4, "big"), now)

    def close(self, told: str) -> None:
        """The last message. `told`: what the client shows; empty: that the session is over."""
        message_id, created = self._new_id(), self._created()
        payload = payloads.channel_closed(self._request.session_id, str(message_id), str(created), told)
        self._out.append(encode(Message(type=CHANNEL_CLOSED, id=message_id, created=created, flags=SEQUENTIAL, payload=payload)))

    def repeat(self, now: float) -> None:
        """The oldest message, if it has been unacknowledged for too long: as it comes to be known, those after it do."""
        oldest = next(iter(self._unacknowledged.values()), None)
        if oldest is not None and now - oldest.at >= REPEAT_AFTER:
            self._repeat(oldest, now)

    def receive(self, raw: bytes, now: float) -> Received | None:
        """None: nothing that concerns anyone else. Raises Malformed."""
        message = decode(raw)
        if message.type == ACKNOWLEDGE:
            self._unacknowledged.pop(payloads.acknowledged(message.payload), None)
            return None
        if message.type != INPUT or message.sequence > self._next_input:
            return None  # what was skipped is not acknowledged, so the client sends it again, and this after it
        if message.sequence < self._next_input:
            self._acknowledge(message)
            return None
        found = self._understand(message)
        self._next_input += 1
        self._acknowledge(message)
        if isinstance(found, Ready) and found.problem is None:
            self._complete(now)
        return found

    def _understand(self, message: Message) -> Received | None:
        match message.payload_type:
            case PayloadType.HANDSHAKE_RESPONSE if not self._ready:
                return Ready(payloads.handshake_problem(message.payload))
            case PayloadType.DATA if self._ready:
                return Data(message.payload)
            case PayloadType.SIZE:
                return payloads.size(message.payload)
            case PayloadType.FLAG:
                return _flag(message.payload)
            case _:
                return None

    def _complete(self, now: float) -> None:
        """The last thing that is said until the client has acknowledged it: AWS's client sets up a forwarded port when it hears this, and
        stops listening for good if anything comes before it has done so."""
        assert self._begun is not None
        self._ready = True
        self._stream(PayloadType.HANDSHAKE_COMPLETE, payloads.handshake_complete(int((now - self._begun) * 1e9)), now)

    def _stream(self, payload_type: PayloadType, payload: bytes, now: float) -> None:
        number, self._next_output = self._next_output, self._next_output + 1
        raw = encode(
            Message(type=OUTPUT, id=self._new_id(), created=self._created(), sequence=number, payload_type=payload_type, payload=payload)
        )
        self._unacknowledged[number] = _Sent(raw, now)
        self._out.append(raw)

    def _acknowledge(self, message: Message) -> None:
        payload = payloads.acknowledgement(message)
        self._out.append(encode(Message(type=ACKNOWLEDGE, id=self._new_id(), created=self._created(), flags=SEQUENTIAL, payload=payload)))

    def _repeat(self, sent: _Sent, now: float) -> None:
        sent.at = now
        self._out.append(sent.raw)

    def _created(self) -> int:
        return int(self._wall() * 1000)


def _flag(payload: bytes) -> Flag | None:
    if len(payload) != 4:
        raise Malformed("a flag has four bytes")
    known = int.from_bytes(payload, "big")
    return Flag(known) if known in tuple(Flag) else None
