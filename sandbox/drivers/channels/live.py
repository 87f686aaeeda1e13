"""The DataChannels of real machines. The AWS API opens sessions in any thread. Clients come by the HTTP server's event loop, in
its thread a channel lives from its first connection on.
"""

import asyncio
import hmac
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sandbox.core.channels.protocols import MOST, ChannelKind, ChannelRequest, ChannelSeen, Peer
from sandbox.drivers.channels import payloads
from sandbox.drivers.channels.channel import REFUSED, Channel
from sandbox.drivers.channels.conversation import Conversation
from sandbox.drivers.channels.endpoint import Endpoint
from sandbox.drivers.channels.message import Malformed
from sandbox.drivers.channels.port import MultiplexedPortEndpoint, PortEndpoint
from sandbox.drivers.channels.terminal import TerminalEndpoint
from sandbox.drivers.runtime.base import Runtime

THREADS = 3 * MOST + 8
"""A terminal keeps one in a read, and at most one each in a write and in its end."""
OPENING_SECONDS = 10.0
"""Real seconds in which a connection must show its token."""
GOODBYE_SECONDS = 3.0
STOPPED = "The sandbox stops."


@dataclass(slots=True)
class _Session:
    request: ChannelRequest
    token: str
    moved: float
    channel: Channel | None = None
    loop: asyncio.AbstractEventLoop | None = None
    seen: ChannelSeen = field(default_factory=lambda: ChannelSeen(attached=False, used=False, quiet=timedelta(0)))


class LiveChannels:
    """`monotonic`: real seconds."""

    def __init__(self, runtime: Runtime, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._runtime, self._monotonic = runtime, monotonic
        self._lock = threading.Lock()
        self._sessions: dict[str, _Session] = {}
        self._callbacks: list[Callable[[str], None]] = []
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="session")

    # ---- what the AWS API asks (any thread) ----------------------------------------------------------------------------------------------

    def refusal(self, kind: ChannelKind) -> str | None:
        return None

    def open(self, request: ChannelRequest) -> str:
        token = secrets.token_urlsafe(48)
        with self._lock:
            self._sessions[request.session_id] = _Session(request, token, self._monotonic())
        return token

    def renew(self, session_id: str) -> str | None:
        with self._lock:
            found = self._sessions.get(session_id)
            if found is None or found.seen.ended is not None:
                return None
            found.token = secrets.token_urlsafe(48)
            return found.token

    def seen(self, session_id: str) -> ChannelSeen | None:
        with self._lock:
            found = self._sessions.get(session_id)
            if found is None:
                return None
            attached = found.channel is not None and found.channel.attached
            return replace(found.seen, attached=attached, quiet=timedelta(seconds=self._monotonic() - found.moved))

    def end(self, session_id: str, told: str) -> None:
        with self._lock:
            found = self._sessions.pop(session_id, None)
        if found is not None:
            _goodbye(found, told)

    def on_change(self, callback: Callable[[str], None]) -> None:
        self._callbacks.append(callback)

    def close(self) -> None:
        with self._lock:
            open_, self._sessions = list(self._sessions.values()), {}
        wait_for([each for each in (_goodbye(session, STOPPED) for session in open_) if each is not None], GOODBYE_SECONDS)
        self._threads.shutdown(wait=False)

    # ---- what the HTTP server brings (its thread) ----------------------------------------------------------------------------------------

    async def __call__(self, session_id: str, peer: Peer) -> None:
        """`CarryChannels`. A connection whose first message has not the token of the session is closed."""
        try:
            async with asyncio.timeout(OPENING_SECONDS):
                shown = await peer.receive()
            if shown is None:
                return
            found = self._opened(session_id, payloads.token(shown))
        except (TimeoutError, Malformed):
            found = None
        if found is None:
            await peer.close(REFUSED, "the token is not that of an open session")
            return
        channel = found.channel = found.channel or self._channel(found)
        await channel.carry(peer)

    def _opened(self, session_id: str, token: str) -> _Session | None:
        with self._lock:
            found = self._sessions.get(session_id)
            if found is None or found.seen.ended is not None or not hmac.compare_digest(found.token.encode(), token.encode()):
                return None
            found.seen = replace(found.seen, used=True)
            found.moved = self._monotonic()
            return found

    def _channel(self, session: _Session) -> Channel:
        def ended(why: str, *, failed: bool) -> None:
            with self._lock:
                session.seen = replace(session.seen, ended=why, failed=failed)
            for callback in self._callbacks:
                callback(session.request.session_id)

        def moved() -> None:
            session.moved = self._monotonic()

        session.loop = asyncio.get_running_loop()
        talk = Conversation(session.request, time.time)
        return Channel(talk, self._endpoint(session), ended, moved)

    def _endpoint(self, session: _Session) -> Endpoint:
        request = session.request
        if request.kind is ChannelKind.SHELL:
            return TerminalEndpoint(lambda: self._runtime.open_terminal(request.instance_id), self._threads)
        host, port = self._runtime.endpoint(request.address, request.port)

        async def connect() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            return await asyncio.open_connection(host, port)

        if request.properties.get("type") != "LocalPortForwarding":
            return PortEndpoint(connect)
        tasks: set[asyncio.Task[None]] = set()

        def refused() -> None:
            assert session.channel is not None
            task = asyncio.ensure_future(session.channel.refuse_connection())
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        return MultiplexedPortEndpoint(connect, refused)


def _goodbye(session: _Session, told: str) -> "Future[None] | None":
    """None: nobody ever connected, so nothing runs."""
    if session.channel is None or session.loop is None:
        return None
    try:
        return asyncio.run_coroutine_threadsafe(session.channel.end(told), session.loop)
    except RuntimeError:  # the server's loop is closed
        return None
