"""The websockets of the API's port: who may open one, and what the HTTP server does with it."""

import asyncio
import http.client
from collections.abc import Iterator

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from sandbox.aws.http.guard import NO_INSTANCES, InstanceAccess
from sandbox.aws.http.server import Server
from sandbox.aws.http.websockets.data_channels import LARGEST_MESSAGE, DataChannelApp
from sandbox.core.channels.protocols import Peer
from tests.support.aws import Aws

pytestmark = pytest.mark.process

PATH = "/v1/data-channel/root-1%40home?role=publish_subscribe"


class Echo:
    """Carries each message back, until "bye". `sessions`: those that were asked for."""

    def __init__(self) -> None:
        self.sessions: list[str] = []

    async def __call__(self, session_id: str, peer: Peer) -> None:
        self.sessions.append(session_id)
        while (message := await peer.receive()) is not None:
            if message == "bye":
                await peer.close(1008, "x" * 500)
            await peer.send(message.encode() if isinstance(message, str) else message)


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
def server(aws: Aws, echo: Echo) -> Iterator[Server]:
    made = Server(aws.gateway, port=0, websocket=DataChannelApp((), NO_INSTANCES, echo))
    made.start()
    yield made
    made.stop()


def opened(server: Server, path: str = PATH, **options: object) -> "connect":
    return connect(f"ws://127.0.0.1:{server.port}{path}", **options)  # type: ignore[arg-type]


def test_messages_pass_both_ways_and_the_session_is_that_of_the_path(server: Server, echo: Echo) -> None:
    async def story() -> None:
        async with opened(server) as client:
            await client.send("text")
            await client.send(b"x" * LARGEST_MESSAGE)
            assert [await client.recv(), await client.recv()] == [b"text", b"x" * LARGEST_MESSAGE]
            await client.send("bye")
            with pytest.raises(ConnectionClosed):
                await client.recv()
            assert (client.close_code, len(client.close_reason or "")) == (1008, 120)

    asyncio.run(story())
    assert echo.sessions == ["root-1@home"]


def test_a_message_that_is_too_large_ends_the_connection(server: Server) -> None:
    async def story() -> None:
        async with opened(server) as client:
            await client.send(b"x" * (LARGEST_MESSAGE + 1))
            with pytest.raises(ConnectionClosed):
                await client.recv()
            assert client.close_code == 1009

    asyncio.run(story())


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://localhost:8080"}, {"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_a_web_page_opens_no_websocket(server: Server, echo: Echo, headers: dict[str, str]) -> None:
    async def story() -> None:
        with pytest.raises(InvalidStatus) as refused:
            async with opened(server, additional_headers=headers):
                pass
        assert refused.value.response.status_code == 403 and b"web pages" in (refused.value.response.body or b"")

    asyncio.run(story())
    assert echo.sessions == []


def test_instances_open_one_only_where_they_reach_the_api(aws: Aws, echo: Echo) -> None:
    closed = InstanceAccess(allowed="none", is_instance=lambda address: True)
    made = Server(aws.gateway, port=0, websocket=DataChannelApp((), closed, echo))
    made.start()
    try:
        with pytest.raises(InvalidStatus, match="403"):
            asyncio.run(_open(made))
    finally:
        made.stop()
    assert echo.sessions == []


async def _open(server: Server) -> None:
    async with opened(server):
        pass


def test_without_sessions_there_is_none(aws: Aws) -> None:
    made = Server(aws.gateway, port=0)
    made.start()
    try:
        with pytest.raises(InvalidStatus, match="404"):
            asyncio.run(_open(made))
    finally:
        made.stop()


def test_no_other_path_is_upgraded(server: Server, echo: Echo) -> None:
    client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg==",
        "Sec-WebSocket-Version": "13",
    }
    client.request("GET", "/_sandbox/health", headers=upgrade)
    assert client.getresponse().status in (200, 404)
    client.close()
    assert echo.sessions == []
