"""Responses that do not end: they reach all who read, cost no worker and no other caller anything, and end when they have to."""

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

import pytest

from sandbox.aws.http import streams
from sandbox.aws.http.server import Server
from sandbox.aws.http.streams import Push
from sandbox.aws.http.wsgi import STREAM, Environ
from tests.support.waiting import until

pytestmark = pytest.mark.process
LONG = 30.0


class Broadcast:
    """A WSGI application whose /stream has what `send` says, to all who read it; everything else is answered at once."""

    def __init__(self) -> None:
        self.readers: list[Push] = []

    def __call__(self, environ: Environ, start_response: Callable[..., object]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        if environ["PATH_INFO"] != "/stream":
            return [b"answered"]
        environ[STREAM](self.subscribe)
        return [b"first;"]

    def subscribe(self, push: Push) -> Callable[[], None]:
        self.readers.append(push)
        return lambda: self.readers.remove(push)

    def send(self, piece: bytes) -> None:
        for push in list(self.readers):
            push(piece)


@pytest.fixture
def app() -> Broadcast:
    return Broadcast()


@pytest.fixture
def server(app: Broadcast) -> Iterator[Server]:
    made = Server(app, port=0)
    made.start()
    yield made
    made.stop()


def reading(server: Server) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", server.port), timeout=LONG)
    client.sendall(b"GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return client


def received(client: socket.socket, text: bytes) -> bytes:
    """What comes until the text does."""
    found = b""
    while text not in found:
        more = client.recv(65_536)
        assert more, f"the stream ended before {text!r}: {found!r}"
        found += more
    return found


def test_every_reader_gets_the_first_part_and_each_piece(app: Broadcast, server: Server) -> None:
    clients = [reading(server) for _ in range(3)]
    heads = [received(client, b"first;") for client in clients]
    assert all(b"200 OK" in head and b"content-length" not in head.lower() for head in heads)
    until(lambda: len(app.readers) == 3, LONG)
    app.send(b"second;")
    for client in clients:
        received(client, b"second;")
        client.close()
    until(lambda: not app.readers, LONG)


def test_open_streams_occupy_no_worker(app: Broadcast, server: Server) -> None:
    clients = [reading(server) for _ in range(50)]
    until(lambda: len(app.readers) == 50, LONG)
    assert sum(thread.name == "request" for thread in threading.enumerate()) <= 8  # those that are kept, idle
    with socket.create_connection(("127.0.0.1", server.port), timeout=LONG) as other:
        other.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        received(other, b"answered")
    for client in clients:
        client.close()


def test_a_reader_who_does_not_read_is_dropped_and_the_others_are_served(app: Broadcast, server: Server) -> None:
    slow, quick = reading(server), reading(server)
    received(quick, b"first;")
    until(lambda: len(app.readers) == 2, LONG)
    piece, got = b"x" * 1_000_000, 0
    for _ in range(streams.MOST_WAITING + 20):
        app.send(piece)
        while got < len(piece):
            got += len(quick.recv(1_000_000))
        got -= len(piece)
    until(lambda: len(app.readers) == 1, LONG)
    app.send(b"still;")
    received(quick, b"still;")
    slow.close()
    quick.close()


def test_streams_end_when_the_server_stops(app: Broadcast, server: Server) -> None:
    client = reading(server)
    until(lambda: len(app.readers) == 1, LONG)
    server.stop()
    with suppress(ConnectionResetError):
        while client.recv(65_536):
            pass
    assert not app.readers
    client.close()
