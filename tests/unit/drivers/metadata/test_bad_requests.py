"""The metadata server against what no client should send: the bytes of a hostile instance on a real socket. It answers with AWS's codes and
serves the others on.
"""

import random
import re
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sandbox.drivers.metadata.files import LOG
from sandbox.drivers.metadata.server.answers import Response
from sandbox.drivers.metadata.server.connection import IDLE, Connection, Gate
from sandbox.drivers.runtime.process.loopback import loopback_of
from tests.support import rule
from tests.support.drivers.metadata import ADDRESS, ServedHarness, document

OTHERS_ADDRESS = "10.231.7.12"
READ = b"GET /latest/meta-data/instance-id HTTP/1.1\r\nHost: x\r\n\r\n"

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def server() -> Iterator[ServedHarness]:
    harness = ServedHarness()
    harness.publish(document())
    harness.publish(document("i-0aaaaaaaaaaaaaaaa", OTHERS_ADDRESS))
    yield harness
    log = Path(harness.folder, LOG).read_text()
    harness.close()
    assert log == "", "the server never fails inside, whatever is sent"


def connected(server: ServedHarness, address: str = ADDRESS) -> socket.socket:
    made = socket.create_connection((loopback_of(address), server.port), timeout=10)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # no TIME_WAIT
    return made


def sent(server: ServedHarness, data: bytes) -> bytes:
    """What comes back until the server closes the connection, or has nothing more to say."""
    with closing(connected(server)) as connection:
        found = b""
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65536):
                found += part
        except ConnectionError:
            pass
        return found


def well(server: ServedHarness) -> bool:
    return server.get("/latest/meta-data/instance-id").status == 200 and server.get("/", OTHERS_ADDRESS).status == 200


@rule("IMDS-5")
@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),  # TLS
        b"nonsense\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET http://169.254.169.254/latest/meta-data/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /latest/meta-data/ HTTP/1.1\r\nbad header line\r\n\r\n",
        b"PUT /latest/api/token HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"PUT /latest/api/token HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nX-aws-ec2-metadata-token: " + b"A" * 20_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: a\r\n" % number for number in range(5_000)) + b"\r\n",
        b"PUT /latest/api/token HTTP/1.1\r\nContent-Length: 30000\r\n\r\n" + b"a" * 30_000,
        b"GET /latest/\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ids=["tls", "nonsense", "no-path", "absolute", "header", "length", "chunk", "long-path", "long-token", "headers", "body", "bytes"],
)
def test_what_is_no_request_is_answered_400(server: ServedHarness, request_bytes: bytes) -> None:
    assert sent(server, request_bytes)[:13] in (b"HTTP/1.1 400 ", b"HTTP/1.1 404 ")
    assert well(server)


def test_pipelined_requests_are_answered_in_order(server: ServedHarness) -> None:
    answered = sent(server, READ + b"GET /latest/no-such HTTP/1.1\r\nHost: x\r\n\r\n" + b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert re.findall(rb"HTTP/1\.1 (\d+)", answered) == [b"200", b"404", b"200"] and answered.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    "path", ["/latest/meta-data/../../../../etc/passwd", "/latest/..%2f..%2fetc/passwd", "/latest/meta-data/%00", "//..//"]
)
def test_a_path_leads_nowhere_else(server: ServedHarness, path: str) -> None:
    assert server.get(path).status == 404


def test_random_bytes_harm_nobody(server: ServedHarness) -> None:
    chance = random.Random(11)
    for _ in range(300):
        start = chance.choice([b"", b"GET / HTTP/1.1\r\n", b"PUT /latest/api/token HTTP/1.1\r\n", READ])
        sent(server, start + chance.randbytes(chance.randrange(1, 400)) + chance.choice([b"", b"\r\n\r\n"]))
    server.until(lambda: well(server))


def test_a_caller_that_holds_connections_holds_only_its_own(server: ServedHarness) -> None:
    held = [connected(server) for _ in range(Gate.MOST + 20)]
    try:
        assert server.get("/", OTHERS_ADDRESS).status == 200
        server.until(lambda: _refused(held[-1]))
    finally:
        for each in held:
            each.close()
    server.until(lambda: _well_again(server))


def test_a_caller_that_does_not_read_its_responses_is_not_read_either(server: ServedHarness) -> None:
    with closing(connected(server)) as connection:
        connection.settimeout(0.5)
        with pytest.raises((TimeoutError, ConnectionError)):
            for _ in range(20_000):
                connection.sendall(READ * 100)
        assert server.get("/", OTHERS_ADDRESS).status == 200


@rule("IMDS-6")
def test_the_token_travels_as_far_as_the_hop_limit() -> None:
    with socket.socket() as client, closing(socket.create_server(("127.0.0.1", 0))) as listening:
        client.connect(listening.getsockname())
        ours, _ = listening.accept()
        with ours:
            connection = Connection(lambda address, request: Response(200, b""), Gate(), by_source=True)
            connection._transport = _Socket(ours)  # type: ignore[assignment]
            connection._send(Response(200, b"token", hop_limit=2), head_only=False, keep=True)
            assert ours.getsockopt(socket.IPPROTO_IP, socket.IP_TTL) == 2
            connection._send(Response(200, b"data"), head_only=False, keep=True)
            assert ours.getsockopt(socket.IPPROTO_IP, socket.IP_TTL) == 64


def test_an_idle_connection_is_closed() -> None:
    closed, gate = [], Gate()
    connection = Connection(lambda address, request: Response(200, b""), gate, by_source=True)
    connection.connection_made(_Idle(closed))  # type: ignore[arg-type]
    gate.close_idle(time.monotonic() + IDLE - 1)
    assert closed == []
    gate.close_idle(time.monotonic() + IDLE + 1)
    assert closed == [True]


class _Idle:
    """A transport of a caller that says nothing."""

    def __init__(self, closed: list[bool]) -> None:
        self._closed = closed

    def get_extra_info(self, name: str) -> tuple[str, int]:
        return "127.0.0.1", 5

    def close(self) -> None:
        self._closed.append(True)


class _Socket:
    """A transport that is a plain socket."""

    def __init__(self, plain: socket.socket) -> None:
        self._plain = plain

    def get_extra_info(self, name: str) -> socket.socket:
        return self._plain

    def write(self, data: bytes) -> None:
        self._plain.sendall(data)


def _refused(connection: socket.socket) -> bool:
    try:
        connection.sendall(READ)
        return connection.recv(10) == b""
    except ConnectionError:
        return True


def _well_again(server: ServedHarness) -> bool:
    try:
        return well(server)
    except ConnectionError:
        return False
