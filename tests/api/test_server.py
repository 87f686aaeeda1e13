"""The HTTP server: what some callers hold open costs no other caller its answer, and ends when it has to."""

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import pytest

from sandbox.aws import context as aws_context
from sandbox.aws.context import LOCK
from sandbox.aws.hosting import moto_time
from sandbox.aws.http import connection, long_poll, open_files
from sandbox.aws.http.server import Server
from sandbox.aws.http.wsgi import Wsgi
from sandbox.control.app import control_app
from sandbox.core.clock import WallClock
from tests.support.aws import Aws, signed
from tests.support.control import surface
from tests.support.waiting import until

pytestmark = pytest.mark.process

IDLE, POLLS, FOLLOWERS = 1_000, 100, 100
LONG = 60.0
"""Real seconds in which anything here has come true."""


@pytest.fixture
def aws(aws: Aws) -> Aws:
    """With /_sandbox, and on a clock that runs."""
    clock = WallClock()
    moto_time.install(clock)
    aws_context.use(replace(aws_context.context(), clock=clock))
    aws.gateway.control = control_app(surface(journal=aws.journal))
    return aws


@pytest.fixture
def server(aws: Aws) -> Iterator[Server]:
    open_files.raise_limit()
    with running(aws.gateway) as made:
        yield made


@contextmanager
def running(app: Wsgi, **options: Any) -> Iterator[Server]:
    made = Server(app, port=0, **options)
    made.start()
    try:
        yield made
    finally:
        made.stop()
        assert not made._thread.is_alive()


class Client:
    """One connection."""

    def __init__(self, server: Server) -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=LONG)
        self._reader = self.socket.makefile("rb")

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read(self, method: str = "POST") -> tuple[int, dict[str, str], bytes]:
        line = self._reader.readline()
        headers = {}
        while (field := self._reader.readline().strip()) != b"":
            name, _, value = field.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        length = 0 if method == "HEAD" else int(headers.get("content-length", 0))
        return int(line.split()[1]), headers, self._reader.read(length)

    def ask(self, data: bytes) -> tuple[int, bytes]:
        self.send(data)
        status, _, body = self.read()
        return status, body

    def ended(self) -> bool:
        """Waits for the server to close the connection, in order or not."""
        try:
            return self._reader.read(1) == b""
        except ConnectionResetError:
            return True

    def close(self) -> None:
        self._reader.close()
        self.socket.close()


def get(path: str, method: str = "GET") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def ec2(action: str, **parameters: str) -> bytes:
    body = "&".join([f"Action={action}", "Version=2016-11-15", *(f"{name}={value}" for name, value in parameters.items())])
    return call("ec2", "application/x-www-form-urlencoded", body)


def sqs(operation: str, **parameters: object) -> bytes:
    return call("sqs", "application/x-amz-json-1.0", json.dumps(parameters), f"X-Amz-Target: AmazonSQS.{operation}\r\n")


def call(service: str, kind: str, body: str, more: str = "") -> bytes:
    head = f"POST / HTTP/1.1\r\nHost: localhost\r\nAuthorization: {signed(service)}\r\nContent-Type: {kind}\r\n{more}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()


def queue(server: Server) -> str:
    with Client(server) as client:
        _, body = client.ask(sqs("CreateQueue", QueueName="q"))
        return str(json.loads(body)["QueueUrl"])


def polls() -> int:
    return sum(map(len, list(long_poll._polls.values())))


def all_answered(server: Server, count: int) -> bool:
    """So many calls of each kind, one after the other on one connection."""
    with Client(server) as client:
        for number in range(count):
            cidr = f"10.{number}.0.0/16"
            for request in (ec2("DescribeVpcs"), ec2("CreateVpc", CidrBlock=cidr), get("/_sandbox/clock"), sqs("ListQueues")):
                status, body = client.ask(request)
                assert status == 200, body
    return True


def test_idle_connections_and_long_polls_cost_no_call_its_answer(aws: Aws, server: Server) -> None:
    url = queue(server)
    with ExitStack() as held:
        idle = [held.enter_context(Client(server)) for _ in range(IDLE)]
        receiving = [held.enter_context(Client(server)) for _ in range(POLLS)]
        following = [held.enter_context(Client(server)) for _ in range(FOLLOWERS)]
        for client in receiving:
            client.send(sqs("ReceiveMessage", QueueUrl=url, WaitTimeSeconds=20))
        for client in following:
            client.send(get(f"/_sandbox/events?after={aws.journal.newest}&wait=30"))
        until(lambda: (polls(), len(aws.journal._followers)) == (POLLS, FOLLOWERS), LONG)
        assert all_answered(server, 10)
        for client in following:  # the first CreateVpc, or it and later ones
            status, _, body = client.read()
            assert (status, json.loads(body)["events"][0]["detail"]["eventName"]) == (200, "CreateVpc")
        with Client(server) as sender:
            for number in range(POLLS):
                assert sender.ask(sqs("SendMessage", QueueUrl=url, MessageBody=str(number)))[0] == 200
        got = [json.loads(client.read()[2])["Messages"] for client in receiving]
        assert sorted(int(message["Body"]) for [message] in got) == list(range(POLLS))
        for client in idle:
            assert client.ask(get("/_sandbox/clock"))[0] == 200


def test_slow_requests_and_slow_readers_cost_no_call_its_answer(aws: Aws, server: Server) -> None:
    request = ec2("DescribeVpcs")
    with ExitStack() as held:
        slow = [held.enter_context(Client(server)) for _ in range(200)]
        for number, client in enumerate(slow):
            client.send(request[: len(request) * number // 200])  # somewhere in the line, the header, or the body
        readers = [held.enter_context(Client(server)) for _ in range(100)]
        control = aws.gateway.control
        aws.gateway.control = lambda environ, start: (large if environ["PATH_INFO"].endswith("large") else control)(environ, start)
        for client in readers:
            client.send(get("/_sandbox/large"))
        assert all_answered(server, 10)
        for number, client in enumerate(slow):
            status, _ = client.ask(request[len(request) * number // 200 :])
            assert status == 200


def large(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"x" * 2**21]


def vpcs(client: Client) -> int:
    return len(re.findall(rb"<vpcId>", client.ask(ec2("DescribeVpcs"))[1]))


def test_a_call_whose_caller_hangs_up_before_it_begins_is_not_carried_out(aws: Aws, server: Server) -> None:
    with Client(server) as staying, Client(server) as leaving:
        before = vpcs(staying)
        with LOCK:
            leaving.send(ec2("CreateVpc", CidrBlock="10.1.0.0/16"))
            until(lambda: len(server._app._callers) == 1, LONG)
            leaving.close()
            until(lambda: len(server._app._callers) == 0, LONG)
        until(aws.journal.events, LONG)
        assert vpcs(staying) == before
    [event] = aws.journal.events()
    assert event.summary == (
        "CreateVpc failed: RequestTimeout: The caller closed the connection before the request was processed, so it was not carried out."
    )


def test_a_long_poll_ends_when_its_caller_hangs_up_and_takes_no_message(aws: Aws, server: Server) -> None:
    url = queue(server)
    with Client(server) as leaving, Client(server) as follower:
        leaving.send(sqs("ReceiveMessage", QueueUrl=url, WaitTimeSeconds=20))
        follower.send(get(f"/_sandbox/events?after={aws.journal.newest}&wait=30"))
        until(lambda: (polls(), len(aws.journal._followers)) == (1, 1), LONG)
    until(lambda: (polls(), len(aws.journal._followers)) == (0, 0), 10)
    with Client(server) as staying:
        staying.ask(sqs("SendMessage", QueueUrl=url, MessageBody="hello"))
        _, body = staying.ask(sqs("ReceiveMessage", QueueUrl=url))
    assert [message["Body"] for message in json.loads(body)["Messages"]] == ["hello"]


def test_stop_ends_connections_and_long_polls_of_every_kind(aws: Aws) -> None:
    open_files.raise_limit()
    with ExitStack() as held:
        with running(aws.gateway) as server:
            url = queue(server)
            newest = aws.journal.newest
            idle, partial, receiving, following = ([held.enter_context(Client(server)) for _ in range(50)] for _ in range(4))
            for client in partial:
                client.send(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Le")
            for client in receiving:
                client.send(sqs("ReceiveMessage", QueueUrl=url, WaitTimeSeconds=20))
            for client in following:
                client.send(get(f"/_sandbox/events?after={newest}&wait=30"))
            until(lambda: (polls(), len(aws.journal._followers)) == (50, 50), LONG)
        assert [client.read()[0] for client in receiving] == [200] * 50
        assert [json.loads(client.read()[2]) for client in following] == [{"events": [], "last": newest}] * 50
        assert all(client.ended() for client in idle + partial + receiving + following)


def test_stop_waits_a_while_for_a_request_in_progress_and_tells_one_that_takes_longer() -> None:
    entered, release = threading.Event(), threading.Event()

    def slow(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        entered.set()
        release.wait(LONG)
        return large(environ, start_response)

    with ExitStack() as held:
        with running(slow) as server:
            body, call = (held.enter_context(Client(server)) for _ in range(2))
            body.send(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf")
            call.send(get("/_sandbox/slow"))
            assert entered.wait(LONG)
        release.set()
        status, _, text = call.read()
        assert (status, text) == (503, b"The sandbox stopped before this request was finished.\n")
        assert body.read()[0] == 503


def test_beyond_the_most_connections_the_next_is_refused_with_a_sentence_until_one_ends(aws: Aws) -> None:
    with running(aws.gateway, most_connections=20) as server, ExitStack() as held:
        clients = [held.enter_context(Client(server)) for _ in range(20)]
        assert {client.ask(get("/_sandbox/clock"))[0] for client in clients} == {200}
        with Client(server) as refused:
            status, body = refused.ask(get("/_sandbox/clock"))
            assert (status, body) == (503, b"The sandbox has 20 open connections and accepts no more until one is closed.\n")
            assert refused.ended()
        clients[0].close()
        until(lambda: len(server._server.server_state.connections) < 20, LONG)
        with Client(server) as accepted:
            assert accepted.ask(get("/_sandbox/clock"))[0] == 200


@pytest.mark.parametrize(
    "begun",
    [b"", b"GET /_sandbox/clock HT", b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf"],
    ids=["nothing", "head", "body"],
)
def test_a_connection_on_which_nothing_moves_is_closed(aws: Aws, monkeypatch: pytest.MonkeyPatch, begun: bytes) -> None:
    monkeypatch.setattr(connection, "QUIET_SECONDS", 0.05)
    with running(aws.gateway) as server, Client(server) as client:
        client.send(begun)
        assert client.ended()


def test_a_reader_who_takes_nothing_of_a_large_answer_is_cut_off_and_a_slow_call_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    entered, release = threading.Event(), threading.Event()

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        if environ["PATH_INFO"].endswith("slow"):
            entered.set()
            release.wait(LONG)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"x" * 2**25] if environ["PATH_INFO"].endswith("large") else [b"done"]

    monkeypatch.setattr(connection, "QUIET_SECONDS", 0.05)
    with running(answer) as server, Client(server) as slow, Client(server) as reader:
        slow.send(get("/_sandbox/slow"))
        assert entered.wait(LONG)
        reader.send(get("/_sandbox/large"))
        until(lambda: len(server._server.server_state.connections) == 1, LONG)
        release.set()
        assert slow.read()[2] == b"done"


def test_a_chunked_body_and_one_after_100_continue(server: Server) -> None:
    request = ec2("DescribeVpcs")
    head, _, body = request.partition(b"\r\n\r\n")
    kept = re.sub(rb"\r\nContent-Length: \d+", b"", head)
    with Client(server) as client:
        status, answer = client.ask(kept + b"\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
        assert (status, b"DescribeVpcsResponse" in answer) == (200, True)
        client.send(head + b"\r\nExpect: 100-continue\r\n\r\n")
        assert client.read()[0] == 100
        assert client.ask(body)[0] == 200


def test_two_requests_at_once_on_one_connection_are_answered_in_order(server: Server) -> None:
    with Client(server) as client:
        client.send(ec2("DescribeVpcs") + get("/_sandbox/clock"))
        assert b"DescribeVpcsResponse" in client.read()[2]
        assert b"speed" in client.read()[2]


def test_what_the_application_is_told_of_a_request() -> None:
    seen: list[dict[str, Any]] = []

    def note(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        seen.append(environ)
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "7"), ("Connection", "close")])
        return [b"", b"1234567"]

    with running(note) as server, Client(server) as client:
        more = "X-Two: a\r\nx-two: b\r\nX_Two: c\r\nX-Forwarded-For: 9.9.9.9\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nhi"
        client.send(f"POST /_sandbox/a%20b%c3%a9?q=%20 HTTP/1.1\r\nHost: localhost\r\n{more}".encode())
        status, headers, body = client.read()
        client.send(get("http://localhost/_sandbox/x?y", "HEAD"))
        assert client.read("HEAD")[1]["content-length"] == "7"
    first, second = seen
    wanted = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/_sandbox/a b\xc3\xa9",
        "QUERY_STRING": "q=%20",
        "REQUEST_URI": "/_sandbox/a%20b%c3%a9?q=%20",
        "HTTP_X_TWO": "a, b",
        "CONTENT_TYPE": "a/b",
        "CONTENT_LENGTH": "2",
        "REMOTE_ADDR": "127.0.0.1",
        "SERVER_PROTOCOL": "HTTP/1.1",
    }
    assert {name: first.get(name) for name in wanted} == wanted
    assert not {"HTTP_X_FORWARDED_FOR", "HTTP_CONTENT_LENGTH"} & set(first)
    assert (second["PATH_INFO"], second["QUERY_STRING"], second["REQUEST_URI"]) == ("/_sandbox/x", "y", "/_sandbox/x?y")
    assert (status, body, headers.get("connection"), "date" in headers) == (200, b"1234567", None, True)


def test_an_application_that_fails_is_told_with_a_sentence(caplog: pytest.LogCaptureFixture) -> None:
    def fail(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        raise ValueError("broken")

    with running(fail) as server, Client(server) as client:
        status, body = client.ask(get("/_sandbox/x"))
    assert (status, body) == (500, b"The sandbox failed to process this request. For the traceback, see: sandbox logs control\n")
    assert "ValueError: broken" in caplog.text
