"""The payloads of a data channel that are JSON: opening, handshake, acknowledgement, terminal size, end (SSM-13). Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.core.channels.protocols import ChannelRequest
from sandbox.drivers.channels.message import Malformed, Message

AGENT_VERSION = "3.3.0.0"
"""Of no real agent. Clients take it for one that forwards several connections at once, without keep-alive messages."""
MOST_COLUMNS = 4_096


@dataclass(frozen=True, slots=True)
class Size:
    columns: int
    rows: int


def token(text: str | bytes) -> str:
    """Of OpenDataChannel, the first message of a client. Raises Malformed."""
    found = _object(text).get("TokenValue")
    if not isinstance(found, str):
        raise Malformed("it has no TokenValue")
    return found


def handshake_request(request: ChannelRequest) -> bytes:
    parameters = {"SessionType": request.kind.value, "Properties": dict(request.properties)}
    return _text({"AgentVersion": AGENT_VERSION, "RequestedClientActions": [{"ActionType": "SessionType", "ActionParameters": parameters}]})


def handshake_problem(payload: bytes) -> str | None:
    """What the client says it cannot do; None: it can. Raises Malformed."""
    errors = _object(payload).get("Errors")
    return "; ".join(str(each) for each in errors) if isinstance(errors, list) and errors else None


def handshake_complete(nanoseconds: int) -> bytes:
    return _text({"HandshakeTimeToComplete": nanoseconds, "CustomerMessage": ""})


def acknowledgement(of: Message) -> bytes:
    told = {"AcknowledgedMessageType": of.type, "AcknowledgedMessageId": str(of.id)}
    return _text({**told, "AcknowledgedMessageSequenceNumber": of.sequence, "IsSequentialMessage": True})


def acknowledged(payload: bytes) -> int:
    """The sequence number. Raises Malformed."""
    found = _object(payload).get("AcknowledgedMessageSequenceNumber")
    if not isinstance(found, int):
        raise Malformed("it acknowledges no sequence number")
    return found


def size(payload: bytes) -> Size:
    """Raises Malformed."""
    found = _object(payload)
    columns, rows = found.get("cols"), found.get("rows")
    if not (isinstance(columns, int) and isinstance(rows, int) and 0 < columns <= MOST_COLUMNS and 0 < rows <= MOST_COLUMNS):
        raise Malformed("it has no size of a terminal")
    return Size(columns, rows)


def channel_closed(session_id: str, message_id: str, created: str, told: str) -> bytes:
    head = {"MessageType": "channel_closed", "MessageId": message_id, "CreatedDate": created, "SchemaVersion": 1}
    return _text({**head, "SessionId": session_id, "DestinationId": session_id, "Output": told})


def _text(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value).encode()


def _object(text: str | bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:  # also of bytes that are no UTF-8
        raise Malformed("it is not JSON") from error
    except RecursionError as error:
        raise Malformed("it is nested too deeply") from error
    if not isinstance(found, dict):
        raise Malformed("it is no JSON object")
    return found
