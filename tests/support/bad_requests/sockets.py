"""Bad requests over real sockets: bytes that are changed, cut, repeated or sent in chunks that do not fit, and callers that hang up."""

import random
import socket
import time
from collections.abc import Callable
from contextlib import suppress

from sandbox.aws.http.server import Server
from tests.support.bad_requests.verdicts import OF_PYTHON
from tests.support.bad_requests.wire import Sent

SLOWEST = 20.0  # real seconds; a connection without progress is closed after 120
STATUSES = (200, 400, 401, 403, 404, 405, 408, 411, 413, 414, 415, 431, 501)

Break = Callable[[bytes, random.Random], bytes]


def raw(sent: Sent) -> bytes:
    """The request as it is sent."""
    fields = {"Host": "localhost", "Content-Length": str(len(sent.body)), **sent.headers}
    lines = [f"{sent.method} {sent.path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join(lines).encode("utf-8") + b"\r\n\r\n" + sent.body


def _flipped(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 3, 20))):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def _cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data))]


def _repeated(data: bytes, rng: random.Random) -> bytes:
    """A line of the head, twice."""
    head, end, body = data.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    lines.insert(rng.randrange(1, len(lines)), rng.choice(lines))
    return b"\r\n".join(lines) + end + body


def _chunked(data: bytes, rng: random.Random) -> bytes:
    """In chunks whose sizes are right or wrong."""
    head, _, body = data.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.startswith(b"Content-Length")]
    size = max(0, len(body) + rng.choice((0, 0, -1, 1, 10**6)))
    number = rng.choice((b"%x" % size, b"%X;a=b" % size, b"0x%x" % size, b"-%x" % size, b""))
    return b"\r\n".join([*lines, b"Transfer-Encoding: chunked"]) + b"\r\n\r\n" + number + b"\r\n" + body + b"\r\n0\r\n\r\n"


def _wrong_length(data: bytes, rng: random.Random) -> bytes:
    wrong = rng.choice((b"Content-Length: 0", b"Content-Length: 1e3", b"Content-Length: 99999999999999999999", b"X: y"))
    return b"\r\n".join(wrong if line.startswith(b"Content-Length") else line for line in data.split(b"\r\n"))


BREAKS: tuple[Break, ...] = (_flipped, _cut, _repeated, _chunked, _wrong_length)


def complaint(server: Server, sent: bytes) -> str | None:
    """What is wrong with the answer; None: nothing. The caller hangs up after the last byte."""
    began, received = time.monotonic(), b""
    try:
        with socket.create_connection(("127.0.0.1", server.port), timeout=2 * SLOWEST) as connection:
            connection.sendall(sent)
            with suppress(OSError):  # the server has refused what it has read, and hung up
                connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(65536):
                received += piece
    except ConnectionError:  # refused before it was read
        pass
    except TimeoutError:
        return "the connection stayed open"
    if time.monotonic() - began > SLOWEST:
        return f"took {time.monotonic() - began:.1f} s"
    return _judged(received)


def _judged(received: bytes) -> str | None:
    if not received:
        return None
    status = received.split(b" ", 2)[1]
    if not status.isdigit() or int(status) not in STATUSES:
        return f"status {status.decode('latin-1')}"
    found = OF_PYTHON.search(received)
    return f"has {found[0].decode()!r}" if found else None


def broken(sent: Sent, rng: random.Random) -> tuple[str, bytes]:
    """→ how it is broken, and what is sent."""
    way = rng.choice(BREAKS)
    return way.__name__.strip("_"), way(raw(sent), rng)
