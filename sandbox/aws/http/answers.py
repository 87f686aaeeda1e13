"""An error as AWS would send it, in the protocol that the client speaks. Used where moto would return HTML, a traceback, or nothing.

moto renders the errors that its backends raise on purpose (ServiceException). This module renders those outside moto: unknown
operations, malformed input, what the sandbox does not support, and bugs.
"""

import json
import re
from dataclasses import dataclass
from http import HTTPStatus
from uuid import uuid4
from xml.sax.saxutils import escape

from moto.core import errors as moto_errors

from sandbox.aws.protocols import cbor, shapes
from sandbox.aws.protocols.errors import Named
from sandbox.core.errors import ApiError

EC2, QUERY, JSON, REST_JSON, REST_XML, CBOR = "ec2", "query", "json", "rest-json", "rest-xml", "smithy-rpc-v2-cbor"

AWS_COMMON_CODES = (
    "InternalFailure",
    "InvalidAction",
    "InvalidClientTokenId",
    "MalformedInput",
    "MissingParameter",
    "OptInRequired",
    "RequestExpired",
    "ServiceUnavailable",
    "Throttling",
    "ThrottlingException",
    "UnsupportedOperation",
)
"""Common to all services, so no service's model has them (Auto Scaling API Reference, Common Errors). Without this, moto warns on
stderr."""

moto_errors.COMMON_ERROR_CODES.extend(code for code in AWS_COMMON_CODES if code not in moto_errors.COMMON_ERROR_CODES)

NOT_XML = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")
"""In UTF-8: the characters that XML 1.0 does not allow (its production Char). Surrogates cannot be encoded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A complete HTTP response, or the first part of a stream (streams.py)."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def status_line(self) -> str:
        return f"{self.status} {HTTPStatus(self.status).phrase}"


def render(error: ApiError, protocol: str, named: Named | None = None) -> Answer:
    """`named`: what the service calls the error in this protocol, and the status for an error that has none."""
    named = named or Named(type=error.code, code=error.code, status=400)
    status = error.status or named.status
    request_id = str(uuid4())  # not from the seeded generator: a read must not change later random choices
    error_type = {JSON: named.type, CBOR: named.type, QUERY: named.code}.get(protocol, error.code)
    kind, body = _BODIES.get(protocol, _query)(ApiError(error_type, error.message, members=error.members), _fault(status), request_id)
    headers = [("Content-Type", kind), ("x-amzn-RequestId", request_id), ("Content-Length", str(len(body)))]
    if protocol in (JSON, REST_JSON, CBOR):
        headers.append(("x-amzn-ErrorType", error_type.rpartition("#")[2]))
        headers.append(("x-amzn-query-error", f"{named.code};{_fault(status)}"))  # for services that spoke query before: sqs, cloudwatch
    if protocol == CBOR:
        headers.append(("smithy-protocol", "rpc-v2-cbor"))
    return Answer(status=status, headers=tuple(headers), body=body)


def well_formed(answer: Answer) -> Answer:
    """XML 1.0 does not allow control characters, and clients stop parsing at one: those in a caller's values are returned as U+FFFD."""
    is_xml = any(name.lower() == "content-type" and value.startswith("text/xml") for name, value in answer.headers)
    if not is_xml or not NOT_XML.search(answer.body):
        return answer
    body = NOT_XML.sub("\ufffd".encode(), answer.body)
    headers = tuple((n, str(len(body)) if n.lower() == "content-length" else value) for n, value in answer.headers)
    return Answer(status=answer.status, headers=headers, body=body)


def as_of(answer: Answer, service: str, protocol: str) -> Answer:
    """In the shape that the service gives its answers on AWS."""
    headers = dict(answer.headers)
    kind = next((name for name in headers if name.lower() == "content-type"), "Content-Type")
    headers[kind] = shapes.content_type(headers.get(kind, ""), service, protocol)
    body = shapes.error_body(answer.body, service, protocol) if answer.status >= 400 else answer.body
    if len(body) != len(answer.body):
        headers = {name: str(len(body)) if name.lower() == "content-length" else value for name, value in headers.items()}
    return Answer(status=answer.status, headers=tuple(headers.items()), body=body)


def plain_text(status: int, text: str) -> Answer:
    """For callers that use no AWS protocol, such as a browser."""
    body = f"{text}\n".encode()
    return Answer(status=status, headers=(("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))), body=body)


def forbidden(text: str, next_command: str | None) -> Answer:
    """403. JSON if there is a command to type instead, like all errors of /_sandbox; otherwise plain text."""
    if next_command is None:
        return plain_text(403, text)
    body = json.dumps({"error": text, "next": next_command}).encode() + b"\n"
    return Answer(status=403, headers=(("Content-Type", "application/json"), ("Content-Length", str(len(body)))), body=body)


def error_of(answer: Answer) -> tuple[str, str]:
    """Code and message of a rendered error, for the journal: the same in every protocol of a service."""
    headers = {name.lower(): value for name, value in answer.headers}
    code, message = _error_in(answer.body, headers.get("x-amzn-errortype"))
    return headers.get("x-amzn-query-error", code).partition(";")[0], message


def _error_in(body: bytes, error_type: str | None) -> tuple[str, str]:
    text = body.decode("utf-8", "replace")
    code, message = _element(text, "Code"), _element(text, "Message") or _element(text, "message")
    if code is not None:
        return code, message or ""
    try:
        value = cbor.decode(body) if body[:1] >= b"\xa0" else json.loads(text)
        named = value.get("__type") or error_type or "Unknown"
        return str(named).rpartition("#")[2], str(value.get("message") or value.get("Message") or "")
    except (ValueError, AttributeError):
        return error_type or "Unknown", text[:200]


def _element(text: str, name: str) -> str | None:
    """The content of the first element with this name."""
    _, _, rest = text.partition(f"<{name}>")
    content, closed, _ = rest.partition(f"</{name}>")
    return content if closed else None


def _fault(status: int) -> str:
    return "Sender" if status < 500 else "Receiver"


def _query(error: ApiError, fault: str, request_id: str) -> tuple[str, bytes]:
    message = f"<Message>{escape(error.message)}</Message>" if error.message else ""
    inner = f"<Type>{fault}</Type><Code>{escape(error.code)}</Code>{message}"
    return "text/xml", f"<ErrorResponse><Error>{inner}</Error><RequestId>{request_id}</RequestId></ErrorResponse>".encode()


def _ec2(error: ApiError, fault: str, request_id: str) -> tuple[str, bytes]:
    inner = f"<Error><Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message></Error>"
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors>{inner}</Errors><RequestID>{request_id}</RequestID></Response>'
    return "text/xml", body.encode()


def _rest_xml(error: ApiError, fault: str, request_id: str) -> tuple[str, bytes]:
    inner = f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message><RequestId>{request_id}</RequestId>"
    return "application/xml", f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inner}</Error>'.encode()


def _json(error: ApiError, fault: str, request_id: str) -> tuple[str, bytes]:
    return "application/x-amz-json-1.0", json.dumps(_document(error)).encode()


def _document(error: ApiError) -> dict[str, str]:
    return {"__type": error.code} | ({"message": error.message} if error.message else {})


def _rest_json(error: ApiError, fault: str, request_id: str) -> tuple[str, bytes]:
    return "application/json", json.dumps({"message": error.message, "__type": error.code, **error.members}).encode()


def _cbor(error: ApiError, fault: str, request_id: str) -> tuple[str, bytes]:
    return "application/cbor", cbor.encode(_document(error))


_BODIES = {QUERY: _query, EC2: _ec2, JSON: _json, REST_JSON: _rest_json, REST_XML: _rest_xml, CBOR: _cbor}
