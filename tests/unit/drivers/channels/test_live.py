"""Data channels of real machines, with a client and a terminal that the test plays: tokens, the end of sessions, and ports."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import pytest

from sandbox.core.channels.protocols import ChannelKind, ChannelRequest
from sandbox.core.errors import DriverUnavailable
from sandbox.drivers.channels.live import LiveChannels
from sandbox.drivers.channels.message import PayloadType
from sandbox.drivers.channels.port import CLOSE, DATA, HEADER, OPEN, VERSION
from sandbox.drivers.runtime.base import Runtime
from sandbox.drivers.runtime.terminals import Terminal
from tests.support import rule
from tests.support.drivers.plugin import Plugin, size

SHELL = ChannelRequest(session_id="root-1", instance_id="i-1", kind=ChannelKind.SHELL)
PATIENCE = 30.0
"""Real seconds in which anything here has come true."""


class FakeTerminal:
    """A socket whose other end, `inside`, the test holds."""

    def __init__(self) -> None:
        self._outside, self.inside = socket.socketpair()
        self.inside.settimeout(PATIENCE)
        self.sizes: list[tuple[int, int]] = []
        self.closed = threading.Event()

    def read(self) -> bytes:
        return self._outside.recv(65536)

    def write(self, data: bytes) -> None:
        self._outside.sendall(data)

    def resize(self, columns: int, rows: int) -> None:
        self.sizes.append((columns, rows))

    def close(self) -> None:
        self.closed.set()
        with suppress(OSError):
            self._outside.shutdown(socket.SHUT_RDWR)


@dataclass
class FakeRuntime:
    terminal: FakeTerminal = field(default_factory=FakeTerminal)
    refuse: Exception | None = None
    port: int = 0

    def open_terminal(self, instance_id: str) -> Terminal:
        if self.refuse:
            raise self.refuse
        return self.terminal

    def endpoint(self, private_ip_address: str, port: int) -> tuple[str, int]:
        return "127.0.0.1", self.port


@dataclass
class Client:
    """A Peer, with the plugin behind it. `code`: with which its connection was closed."""

    plugin: Plugin = field(default_factory=Plugin)
    code: int | None = None
    _to_agent: "asyncio.Queue[str | bytes | None]" = field(default_factory=asyncio.Queue)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def receive(self) -> str | bytes | None:
        return await self._to_agent.get()

    async def send(self, message: bytes) -> None:
        for each in self.plugin.hears(message):
            self._to_agent.put_nowait(each)
        await self._notify()

    async def close(self, code: int, reason: str) -> None:
        if self.code is None:
            self.code = code
            self._to_agent.put_nowait(None)
            await self._notify()

    def type(self, message: str | bytes | None) -> None:
        self._to_agent.put_nowait(message)

    def say(self, payload: bytes, payload_type: int = PayloadType.DATA) -> None:
        self.type(self.plugin.says(payload, payload_type))

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(condition)

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()


class Stage:
    def __init__(self) -> None:
        self.runtime, self.now = FakeRuntime(), 100.0
        self.channels = LiveChannels(cast("Runtime", self.runtime), lambda: self.now)
        self.ended: list[str] = []
        self.channels.on_change(self.ended.append)

    @asynccontextmanager
    async def client(self, token: str, session_id: str = "root-1", plugin: Plugin | None = None) -> AsyncIterator[Client]:
        made = Client(plugin or Plugin())
        made.type(made.plugin.opening(token))
        carried = asyncio.ensure_future(self.channels(session_id, made))
        try:
            yield made
        finally:
            made.type(None)
            await asyncio.wait_for(carried, PATIENCE)


def run(story: Callable[[Stage], Coroutine[Any, Any, None]]) -> Stage:
    stage = Stage()

    async def whole() -> None:
        await story(stage)
        for each in ("root-1", "root-2"):
            stage.channels.end(each, "")
        await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(whole(), 4 * PATIENCE))
    stage.channels.close()
    return stage


@rule("SSM-10", "SSM-13")
def test_a_client_with_the_token_types_into_the_terminal_sees_it_and_sets_its_size() -> None:
    async def story(stage: Stage) -> None:
        token, inside = stage.channels.open(SHELL), stage.runtime.terminal.inside
        async with stage.client(token) as client:
            await client.until(lambda: client.plugin.ready)
            client.say(size(120, 40), PayloadType.SIZE)
            client.say(b"ls\r")
            assert await asyncio.to_thread(inside.recv, 100) == b"ls\r"
            assert stage.runtime.terminal.sizes == [(120, 40)]
            await asyncio.to_thread(inside.sendall, b"x" * 2_000_000)
            await client.until(lambda: len(client.plugin.shown) == 2_000_000)
            seen = stage.channels.seen("root-1")
            assert seen is not None and seen.attached and seen.used and seen.ended is None
            inside.close()
            await client.until(lambda: client.code is not None)
            assert (client.plugin.closed, client.code) == ("", 1000)
        seen = stage.channels.seen("root-1")
        assert seen is not None and (seen.ended, seen.failed) == ("what ran in it has ended", False)

    assert run(story).ended == ["root-1"]


@rule("SSM-12")
@pytest.mark.parametrize("shown", ["{}", "no JSON", "[" * 50_000, '{"TokenValue": 1}', '{"TokenValue": "other"}', b"\xff\x00", None])
def test_a_connection_without_the_token_reaches_nothing(shown: str | bytes | None) -> None:
    async def story(stage: Stage) -> None:
        stage.channels.open(SHELL)
        client = Client()
        client.type(shown)
        await asyncio.wait_for(stage.channels("root-1", client), PATIENCE)
        assert client.code == (None if shown is None else 1008)
        unknown = Client()
        unknown.type(unknown.plugin.opening("other"))
        await stage.channels("root-2", unknown)
        assert unknown.code == 1008
        seen = stage.channels.seen("root-1")
        assert seen is not None and not seen.used

    assert not run(story).runtime.terminal.closed.is_set()


@rule("SSM-12")
def test_a_client_that_lost_its_connection_resumes_with_a_new_token_only() -> None:
    async def story(stage: Stage) -> None:
        token, inside = stage.channels.open(SHELL), stage.runtime.terminal.inside
        plugin = Plugin()
        async with stage.client(token, plugin=plugin) as client:
            await client.until(lambda: plugin.ready)
        seen = stage.channels.seen("root-1")
        assert seen is not None and seen.used and not seen.attached and seen.ended is None
        inside.sendall(b"meanwhile")
        another = stage.channels.renew("root-1")
        assert another is not None
        async with stage.client(token, plugin=plugin) as refused:
            await refused.until(lambda: refused.code == 1008)
        async with stage.client(another, plugin=plugin) as client:
            await client.until(lambda: plugin.shown == b"meanwhile")
            client.say(b"on\r")
            assert await asyncio.to_thread(inside.recv, 100) == b"on\r"

    run(story)


@rule("SSM-14")
def test_the_end_of_a_session_kills_its_shell_and_tells_the_client_why() -> None:
    async def story(stage: Stage) -> None:
        token = stage.channels.open(SHELL)
        async with stage.client(token) as client:
            await client.until(lambda: client.plugin.ready)
            stage.channels.end("root-1", "It is over.")
            await client.until(lambda: client.code == 1000)
            assert client.plugin.closed == "It is over."
        assert (stage.channels.seen("root-1"), stage.channels.renew("root-1")) == (None, None)

    stage = run(story)
    assert stage.runtime.terminal.closed.wait(PATIENCE)
    assert stage.ended == []  # who ended it need not be told


@pytest.mark.parametrize(
    ("refused", "told"),
    [
        (KeyError("i-1"), "The instance's machine does not run."),
        (DriverUnavailable("Docker does not answer"), "The shell could not be started: Docker does not answer"),
        (FileNotFoundError(2, "no shell"), "The shell could not be started: [Errno 2] no shell"),
    ],
)
def test_a_shell_that_cannot_begin_ends_the_session_as_failed_and_says_why(refused: Exception, told: str) -> None:
    async def story(stage: Stage) -> None:
        stage.runtime.refuse = refused
        async with stage.client(stage.channels.open(SHELL)) as client:
            await client.until(lambda: client.code is not None)
            assert client.plugin.closed == told
        seen = stage.channels.seen("root-1")
        assert seen is not None and (seen.ended, seen.failed) == (told, True)

    run(story)


def test_a_message_that_is_none_closes_the_connection_and_not_the_session() -> None:
    async def story(stage: Stage) -> None:
        async with stage.client(stage.channels.open(SHELL)) as client:
            await client.until(lambda: client.plugin.ready)
            client.type(b"\0" * 400)
            await client.until(lambda: client.code == 1008)
        seen = stage.channels.seen("root-1")
        assert seen is not None and seen.ended is None

    run(story)


@rule("SSM-14")
def test_a_session_in_which_nothing_passes_tells_for_how_long() -> None:
    async def story(stage: Stage) -> None:
        stage.channels.open(SHELL)
        stage.now += 300
        seen = stage.channels.seen("root-1")
        assert seen is not None and seen.quiet == timedelta(minutes=5)

    run(story)


# ---- ports -------------------------------------------------------------------------------------------------------------------------------


def port_request(**properties: str) -> ChannelRequest:
    return ChannelRequest(session_id="root-1", instance_id="i-1", kind=ChannelKind.PORT, port=80, properties=properties)


@asynccontextmanager
async def upper_case_server(stage: Stage) -> AsyncIterator[None]:
    """Answers a line in upper case, and hangs up after "bye"."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line.upper())
            if line == b"bye\n":
                break
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        stage.runtime.port = server.sockets[0].getsockname()[1]
        yield


def frame(command: int, number: int, data: bytes = b"") -> bytes:
    return HEADER.pack(VERSION, command, len(data), number) + data


@rule("SSM-11")
def test_a_forwarded_port_carries_several_connections_at_once() -> None:
    async def story(stage: Stage) -> None:
        async with upper_case_server(stage), stage.client(stage.channels.open(port_request(type="LocalPortForwarding"))) as client:
            await client.until(lambda: client.plugin.ready)
            whole = frame(OPEN, 3) + frame(OPEN, 5) + frame(DATA, 3, b"one\n") + frame(DATA, 5, b"two\n")
            for start in range(0, len(whole), 5):  # frames need not be whole in a message
                client.say(whole[start : start + 5])
            both = (frame(DATA, 3, b"ONE\n"), frame(DATA, 5, b"TWO\n"))
            await client.until(lambda: all(each in client.plugin.shown for each in both))
            client.say(frame(DATA, 3, b"bye\n"))
            await client.until(lambda: client.plugin.shown.endswith(frame(DATA, 3, b"BYE\n") + frame(CLOSE, 3)))
            client.say(frame(CLOSE, 5))
            await client.until(lambda: client.plugin.shown.endswith(frame(CLOSE, 5)))

    run(story)


@rule("SSM-11")
def test_a_connection_to_a_port_where_nothing_listens_is_told_and_the_session_goes_on() -> None:
    async def story(stage: Stage) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            stage.runtime.port = taken.getsockname()[1]
        async with stage.client(stage.channels.open(port_request(type="LocalPortForwarding"))) as client:
            await client.until(lambda: client.plugin.ready)
            client.say(frame(OPEN, 3))
            await client.until(lambda: client.plugin.flags == [3] and client.plugin.shown == frame(CLOSE, 3))
            client.say(bytes([0, 0, 0, 2]), PayloadType.FLAG)  # Ctrl-C
            await client.until(lambda: client.code == 1000)
        seen = stage.channels.seen("root-1")
        assert seen is not None and (seen.ended, seen.failed) == ("the client ended it", False)

    run(story)


@rule("SSM-11")
def test_an_ssh_session_is_one_connection_and_ends_with_it() -> None:
    async def story(stage: Stage) -> None:
        async with upper_case_server(stage), stage.client(stage.channels.open(port_request(portNumber="22"))) as client:
            client.say(b"too early")  # before the handshake is over: not taken
            await client.until(lambda: client.plugin.ready)
            client.say(b"hello\n")
            client.say(b"bye\n")
            await client.until(lambda: client.code is not None)
            assert (client.plugin.shown, client.plugin.closed) == (b"HELLO\nBYE\n", "")

    run(story)
