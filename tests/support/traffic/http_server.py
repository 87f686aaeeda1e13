"""A small HTTP server on loopback for tests of clients: each connection is handled by a function, in its own thread."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Handler = Callable[[socket.socket], None]


def answer(status: str, body: bytes = b"") -> Handler:
    def handle(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)

    return handle


def reply(status: str, body: bytes = b"", *headers: str) -> bytes:
    return "\r\n".join((f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", "")).encode() + body


def in_turn(*replies: bytes) -> Handler:
    """Each connection gets the next reply (the last one again and again); an empty one closes the connection."""
    left, lock = list(replies), threading.Lock()

    def handle(connection: socket.socket) -> None:
        connection.recv(4096)
        with lock:
            each = left.pop(0) if len(left) > 1 else left[0]
        connection.sendall(each)

    return handle


def keep_open(connections: list[float], requests: list[float]) -> Handler:
    """Answers many requests on each connection, and notes when connections and requests begin."""

    def handle(connection: socket.socket) -> None:
        connections.append(time.monotonic())
        while connection.recv(4096):
            requests.append(time.monotonic())
            connection.sendall(reply("200 OK", b"ok"))

    return handle


def hang_up(connection: socket.socket) -> None:
    connection.recv(4096)


def talk_nonsense(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(b"220 mail.example.com ESMTP\r\n\r\n")


def say_nothing(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.recv(4096)  # until the client gives up


@contextmanager
def server(handle: Handler) -> Iterator[str]:
    """Handles each connection in its own thread, then closes it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve(connection: socket.socket) -> None:
            with connection:
                handle(connection)

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
