"""Requests that are broken on the wire: each gets an answer or a closed connection at once, and the next caller is served."""

import socket
import time
from collections.abc import Iterator

import pytest

from sandbox.aws.http.asgi import LARGEST_BODY
from sandbox.aws.http.gateway import LARGEST_UNPACKED, LONGEST_QUERY
from sandbox.aws.http.server import Server
from tests.support import rule
from tests.support.aws import Aws, signed

pytestmark = pytest.mark.process

BODY = b"Action=DescribeVpcs&Version=2016-11-15"
SLOWEST = 10.0  # real seconds


@pytest.fixture(scope="module")
def port() -> Iterator[list[Server]]:
    """The server of the tests, made by the first of them."""
    made: list[Server] = []
    yield made
    for server in made:
        server.stop()


@pytest.fixture
def server(aws: Aws, port: list[Server]) -> Server:
    if not port:
        port.append(Server(aws.gateway, port=0))
        port[0].start()
    return port[0]


def request(head: str = "", body: bytes = BODY, line: str = "POST / HTTP/1.1", length: object = None) -> bytes:
    fields = f"Host: localhost\r\nAuthorization: {signed('ec2')}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    sized = f"Content-Length: {len(body) if length is None else length}\r\n" if length != "" else ""
    return f"{line}\r\n{fields}{sized}{head}\r\n".encode("latin-1") + body


def chunked(body: bytes) -> bytes:
    return request("Transfer-Encoding: chunked\r\n", body, length="")


def answer(server: Server, sent: bytes, hang_up: bool = False) -> tuple[int, str]:
    """→ status and text; status 0: the connection was closed without an answer."""
    received = b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=SLOWEST) as connection:
        try:
            connection.sendall(sent)
            if hang_up:
                connection.shutdown(socket.SHUT_WR)
            while (piece := connection.recv(65536)) and not _complete(received := received + piece):
                pass
        except ConnectionError:  # it was refused before it was read
            pass
    return (int(received.split()[1]), received.decode("latin-1")) if received else (0, "")


def _complete(received: bytes) -> bool:
    head, _, body = received.partition(b"\r\n\r\n")
    lengths = [int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(lengths) and len(body) >= lengths[0]


BROKEN: dict[str, tuple[bytes, int, str]] = {
    "a chunk of no size": (chunked(b"zz\r\n" + BODY + b"\r\n0\r\n\r\n"), 400, "text/plain"),
    "a chunk of a negative size": (chunked(b"-5\r\n" + BODY + b"\r\n0\r\n\r\n"), 400, "text/plain"),
    "a chunk of no size, of HEAD": (
        request("Transfer-Encoding: chunked\r\n", b"zz\r\n\r\n", line="HEAD / HTTP/1.1", length=""),
        400,
        "text/plain",
    ),
    "a negative length": (request(length=-1), 400, "text/plain"),
    "a length that is no number": (request(length="x"), 400, "text/plain"),
    "two lengths": (request("Content-Length: 3\r\n"), 400, "text/plain"),
    "a body beyond the limit": (request(length=LARGEST_BODY + 1), 413, "<Code>RequestEntityTooLarge</Code>"),
    "a form beyond the limit": (request(body=BODY + b"&X=" + b"a" * LARGEST_UNPACKED), 413, "<Code>RequestEntityTooLarge</Code>"),
    "a query string beyond the limit": (request(line=f"GET /?X={'a' * LONGEST_QUERY} HTTP/1.1"), 414, "<Code>RequestUriTooLarge</Code>"),
    "an unknown transfer encoding": (request("Transfer-Encoding: gzip\r\n"), 400, "text/plain"),
    "no HTTP": (b"GARBAGE\r\n\r\n", 400, "text/plain"),
    "bytes": (bytes(range(256)) * 4 + b"\r\n\r\n", 400, "text/plain"),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 300, 400, "text/plain"),
    "a field without a colon": (request("nonsense\r\n"), 400, "text/plain"),
    "a field with a null": (request("X-A: a\x00b\r\n"), 400, "text/plain"),
    "a path that is not ASCII": (b"GET /\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "text/plain"),
    "gzip that is none": (request("Content-Encoding: gzip\r\n"), 400, "<Response><Errors><Error><Code>SerializationException</Code>"),
    "an expectation that is unknown": (request("Expect: miracles\r\n"), 200, "<vpcSet>"),
    "an upgrade": (request("Connection: Upgrade\r\nUpgrade: websocket\r\n"), 200, "<vpcSet>"),
    "a proxy's request": (request(line="POST http://ec2.us-east-1.amazonaws.com/ HTTP/1.1"), 200, "<vpcSet>"),
    "no body": (request(body=b""), 400, "<Code>MissingAction</Code>"),
    "an unsigned preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 403, "<Code>MissingAuthenticationToken</Code>"),
}


@rule("REQ-10")
@pytest.mark.parametrize("case", BROKEN)
def test_what_is_broken_is_refused_at_once(server: Server, case: str, caplog: pytest.LogCaptureFixture) -> None:
    sent, status, text = BROKEN[case]
    began = time.monotonic()
    got, received = answer(server, sent)
    assert (got, time.monotonic() - began < SLOWEST) == (status, True)
    assert text in received
    assert "<html" not in received.lower()
    assert caplog.records == []


@pytest.mark.parametrize(
    "sent",
    [b"", b"POST / HTTP/1.1\r\nHost: lo", request(length=len(BODY) + 9), chunked(b"%x\r\n" % len(BODY) + BODY[:9])],
    ids=["nothing", "half of the head", "a part of the body", "a part of a chunk"],
)
def test_a_caller_that_hangs_up_in_the_middle_gets_nothing(server: Server, sent: bytes) -> None:
    assert answer(server, sent, hang_up=True) == (0, "")
    assert answer(server, request())[0] == 200
