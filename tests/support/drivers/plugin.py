"""A client of data channels, written from the message format: what the session-manager-plugin does, as far as a test has to see it."""

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from sandbox.drivers.channels.message import ACKNOWLEDGE, CHANNEL_CLOSED, INPUT, OUTPUT, Message, PayloadType, decode, encode


@dataclass
class Plugin:
    """The client's side of the conversation, without I/O. `answers`: whether it acknowledges. `shown`: the data that came, in order."""

    answers: bool = True
    shown: bytes = b""
    session_type: str = ""
    properties: dict[str, Any] = field(default_factory=dict)
    ready: bool = False
    closed: str | None = None  # what the channel's last message tells
    flags: list[int] = field(default_factory=list)
    acknowledged: list[int] = field(default_factory=list)
    expected: int = 0
    _sequence: int = 0

    def opening(self, token: str) -> str:
        return json.dumps({"MessageSchemaVersion": "1.0", "RequestId": str(uuid4()), "TokenValue": token, "ClientId": str(uuid4())})

    def says(self, payload: bytes, payload_type: int = PayloadType.DATA) -> bytes:
        raw = _encoded(INPUT, payload, payload_type, self._sequence)
        self._sequence += 1
        return raw

    def hears(self, raw: bytes) -> list[bytes]:
        """→ what it sends in return."""
        message = decode(raw)
        if message.type == ACKNOWLEDGE:
            self.acknowledged.append(json.loads(message.payload)["AcknowledgedMessageSequenceNumber"])
        elif message.type == CHANNEL_CLOSED:
            self.closed = json.loads(message.payload)["Output"]
        elif message.type == OUTPUT and self.answers:
            return [acknowledgement(message), *self._next(message)]
        return []

    def _next(self, message: Message) -> list[bytes]:
        if message.sequence != self.expected:
            return []
        self.expected += 1
        match message.payload_type:
            case PayloadType.HANDSHAKE_REQUEST:
                asked = json.loads(message.payload)["RequestedClientActions"][0]["ActionParameters"]
                self.session_type, self.properties = asked["SessionType"], asked["Properties"]
                told = {
                    "ClientVersion": "1.2.0.0",
                    "ProcessedClientActions": [{"ActionType": "SessionType", "ActionStatus": 1}],
                    "Errors": None,
                }
                return [self.says(json.dumps(told).encode(), PayloadType.HANDSHAKE_RESPONSE)]
            case PayloadType.HANDSHAKE_COMPLETE:
                self.ready = True
            case PayloadType.FLAG:
                self.flags.append(int.from_bytes(message.payload, "big"))
            case _:
                self.shown += message.payload
        return []


def acknowledgement(of: Message) -> bytes:
    told = {"AcknowledgedMessageType": of.type, "AcknowledgedMessageId": str(of.id), "AcknowledgedMessageSequenceNumber": of.sequence}
    return _encoded(ACKNOWLEDGE, json.dumps({**told, "IsSequentialMessage": True}).encode(), PayloadType.NONE, 0)


def size(columns: int, rows: int) -> bytes:
    return json.dumps({"cols": columns, "rows": rows}).encode()


def _encoded(name: str, payload: bytes, payload_type: int, sequence: int) -> bytes:
    identity: UUID = uuid4()
    return encode(Message(type=name, id=identity, created=1_700_000_000_000, sequence=sequence, payload_type=payload_type, payload=payload))
