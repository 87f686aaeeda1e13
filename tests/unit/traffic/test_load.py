"""Real requests to small servers on loopback: each kind of failure is recognized, and a slow server does not slow down the sending."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.core.errors import UserError
from sandbox.traffic.load import Load, loopback
from sandbox.traffic.plan import Failure, Plan, Record

NOW = datetime(2026, 5, 7, 12, 0, tzinfo=UTC)
Handler = Callable[[socket.socket], None]


def answer(status: str, body: bytes = b"") -> Handler:
    def handle(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)

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


def run(url: str, *, max_requests: int = 3, timeout: float = 5.0, rate: float = 100.0, speed: float = 1.0) -> tuple[Record, ...]:
    load = Load(Plan(url=url, rate=rate, max_requests=max_requests, timeout=timedelta(seconds=timeout)), NOW, speed)
    return load.join()  # ends by itself at the plan's count


@pytest.mark.parametrize(
    ("handle", "failure", "timeout"),
    [
        (answer("200 OK", json.dumps({"instance_id": "i-1"}).encode()), None, 5.0),
        (answer("404 Not Found"), Failure.CLIENT_ERROR, 5.0),
        (answer("500 Internal Server Error"), Failure.SERVER_ERROR, 5.0),
        (answer("502 Bad Gateway"), Failure.BAD_GATEWAY, 5.0),
        (answer("503 Service Unavailable"), Failure.UNAVAILABLE, 5.0),
        (answer("504 Gateway Timeout"), Failure.GATEWAY_TIMEOUT, 5.0),
        (hang_up, Failure.RESET, 5.0),
        (talk_nonsense, Failure.INVALID_RESPONSE, 5.0),
        (say_nothing, Failure.CLIENT_TIMEOUT, 0.3),
    ],
    ids=["200", "404", "500", "502", "503", "504", "hangs up", "nonsense", "silence"],
)
def test_each_kind_of_failure_is_recognized(handle: Handler, failure: Failure | None, timeout: float) -> None:
    with server(handle) as url:
        assert [r.outcome.failure for r in run(url, timeout=timeout)] == [failure] * 3


def test_connection_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert [r.outcome.failure for r in run(f"http://127.0.0.1:{port}/")] == [Failure.REFUSED] * 3


def test_the_record_names_the_instance_that_responded() -> None:
    with server(answer("200 OK", json.dumps({"instance_id": "i-1"}).encode())) as url:
        assert {r.outcome.instance_id for r in run(url)} == {"i-1"}
    with server(answer("200 OK", b"hello")) as url:
        assert {r.outcome.instance_id for r in run(url)} == {None}


def test_sending_does_not_wait_for_responses_and_latency_counts_from_the_planned_send() -> None:
    with server(say_nothing) as url:
        records = run(url, max_requests=10, timeout=0.5)
    assert [r.send_offset for r in records] == [n / 100 for n in range(10)]
    assert all(0.45 < r.latency < 3 for r in records)


def test_the_timeout_is_in_sandbox_time_and_the_rate_in_real_time() -> None:
    with server(say_nothing) as url:
        records = run(url, max_requests=3, timeout=20, speed=100)
    assert all(0.15 < r.latency < 3 for r in records)
    assert [r.at - NOW for r in records] == [timedelta(seconds=n) for n in range(3)]


def test_stop_ends_early_and_is_idempotent() -> None:
    with server(answer("200 OK")) as url:
        load = Load(Plan(url=url, rate=50), NOW, 1.0)
        while not load.records():
            threading.Event().wait(0.01)
        records = load.stop()
        assert records and load.stop() == records


@pytest.mark.parametrize("url", ["http://example.com/", "http://10.0.0.1/", "http://172.31.0.5:80/", "http:///", "http://0.0.0.0/"])
def test_other_addresses_than_loopback_are_refused(url: str) -> None:
    with pytest.raises(UserError, match="only loopback addresses"):
        loopback(url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8081/", "http://127.9.8.7/", "http://localhost:8081/x", "http://[::1]/"])
def test_loopback_addresses_are_allowed(url: str) -> None:
    assert loopback(url) == url
