"""The client with the real /_sandbox application on loopback, with no server, and with another program."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.client import Client, NotASandbox, NotRunning, SandboxApiError
from sandbox.control.app import control_app
from tests.support.control import served, surface


@pytest.fixture
def client() -> Iterator[Client]:
    with served(control_app(surface())) as endpoint:
        client = Client(endpoint)
        yield client
        client.close()


def test_get_and_post_return_the_response(client: Client) -> None:
    assert client.get("health")["status"] == "ok"
    assert client.post("reset") == {"status": "ok"}


def test_an_error_has_the_message_and_next_command_of_the_sandbox(client: Client) -> None:
    with pytest.raises(SandboxApiError) as refused:
        client.get("explain", resource="i-9")
    assert (refused.value.status_code, refused.value.message, refused.value.next_command) == (
        404,
        "There is no event about i-9.",
        "sandbox events",
    )


def test_the_clock_is_that_of_the_sandbox(client: Client) -> None:
    assert abs(client.now() - datetime(2026, 5, 7, 12, 0, tzinfo=UTC)) < timedelta(minutes=1)
    assert client.put("clock", {"speed": 1000})["speed"] == 1000
    assert client.speed == 1000
    before = client.now()
    client.wait(timedelta(seconds=100))
    assert timedelta(seconds=100) <= client.now() - before < timedelta(hours=1)


def test_nothing_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    client = Client(f"http://127.0.0.1:{port}")
    with pytest.raises(NotRunning, match="No sandbox is running") as refused:
        client.get("health")
    client.close()
    assert refused.value.next_command == "sandbox up"


def test_another_program_responds() -> None:
    def stranger(environ: object, start_response: object) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/html")])  # type: ignore[operator]
        return [b"<h1>It works!</h1>"]

    with served(stranger) as endpoint:
        client = Client(endpoint)
        with pytest.raises(NotASandbox, match="is not a sandbox"):
            client.get("health")
        client.close()


def test_aws_calls_are_not_retried() -> None:
    calls: list[str] = []

    def broken(environ: dict[str, str], start_response: object) -> list[bytes]:
        calls.append(environ["PATH_INFO"])
        start_response("503 Service Unavailable", [])  # type: ignore[operator]
        return [b""]

    with served(broken) as endpoint:
        with pytest.raises(Exception, match="503"):
            Client(endpoint).aws("autoscaling").describe_auto_scaling_groups()
    assert calls == ["/"]
