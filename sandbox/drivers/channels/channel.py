"""One session's data channel: connects a client's connection, the conversation and the endpoint. All of it runs in the event loop's thread.

The endpoint begins after the handshake and outlives connections. The session ends when the endpoint ends by itself, or by `end`; the
client is told by the last message of the channel.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from sandbox.core.channels.protocols import Peer
from sandbox.drivers.channels import conversation
from sandbox.drivers.channels.conversation import Conversation, Data, Ready
from sandbox.drivers.channels.endpoint import CannotBegin, Endpoint
from sandbox.drivers.channels.message import Flag, Malformed
from sandbox.drivers.channels.payloads import Size

LARGEST_WAITING = 1 << 20
"""Bytes from a client that wait for the endpoint before the channel reads no more of them."""
LAST_WORDS = 2.0
"""Seconds that a client has to acknowledge the last output."""
NORMAL, REFUSED, REPLACED = 1000, 1008, 1001
"""Codes with which a connection is closed."""
BY_CLIENT = "the client ended it"
BY_ITSELF = "what ran in it has ended"


class Ended(Protocol):
    def __call__(self, why: str, *, failed: bool) -> None: ...


class Channel:
    """`ended` is called once, when it ends by itself. `moved` is called when anything passes."""

    def __init__(self, talk: Conversation, endpoint: Endpoint, ended: Ended, moved: Callable[[], None]) -> None:
        self._talk, self._endpoint, self._ended, self._moved = talk, endpoint, ended, moved
        self._loop = asyncio.get_running_loop()
        self._peer: Peer | None = None
        self._sending = asyncio.Lock()
        self._changed = asyncio.Condition()
        self._running: asyncio.Task[None] | None = None
        self._over = False

    @property
    def attached(self) -> bool:
        return self._peer is not None

    async def carry(self, peer: Peer) -> None:
        """Returns when the connection has ended. A newer connection takes the place of an earlier one."""
        former, self._peer = self._peer, peer
        if former is not None:
            await former.close(REPLACED, "another connection took over this session")
        repeating = asyncio.ensure_future(self._repeat())
        try:
            self._talk.attach(self._loop.time())
            await self._flush()
            while self._peer is peer and (message := await peer.receive()) is not None:
                await self._receive(message)
        except Malformed as error:
            await peer.close(REFUSED, f"a message cannot be read: {error}")
        finally:
            repeating.cancel()
            if self._peer is peer:
                self._peer = None
                self._moved()

    async def end(self, told: str) -> None:
        """Tells the client, and ends what runs: the endpoint's `run` returns by itself, also if it was just about to begin."""
        if self._over:
            return
        self._over = True
        self._endpoint.close()
        async with self._changed:
            self._changed.notify_all()
        self._talk.close(told)
        await self._flush()
        if self._peer is not None:
            await self._peer.close(NORMAL, "the session has ended")

    # ---- from the client -----------------------------------------------------------------------------------------------------------------

    async def _receive(self, message: str | bytes) -> None:
        if isinstance(message, str):
            raise Malformed("it is text")
        self._moved()
        found = self._talk.receive(message, self._loop.time())
        match found:
            case Ready():
                self._begin(found.problem)
            case Data():
                self._endpoint.data(found.data)
            case Size():
                self._endpoint.resize(found)
            case Flag.TERMINATE:
                await self._finish(BY_CLIENT, "")
        async with self._changed:
            self._changed.notify_all()
        await self._flush()
        while self._endpoint.waiting > LARGEST_WAITING and not self._over:
            await asyncio.sleep(conversation.REPEAT_AFTER)

    def _begin(self, problem: str | None) -> None:
        if problem is not None:
            self._running = asyncio.ensure_future(self._finish(f"the client refused it: {problem}", problem, failed=True))
        elif self._running is None:
            self._running = asyncio.ensure_future(self._run())

    # ---- to the client -------------------------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        try:
            await self._endpoint.run(self._output)
        except CannotBegin as error:
            await self._finish(str(error), str(error), failed=True)
            return
        async with self._changed:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait_for(lambda: self._talk.settled or not self.attached), LAST_WORDS)
        await self._finish(BY_ITSELF, "")

    async def _finish(self, why: str, told: str, *, failed: bool = False) -> None:
        if not self._over:
            await self.end(told)
            self._ended(why, failed=failed)

    async def _output(self, data: bytes) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self._talk.has_room or self._over)
        if not self._over:
            self._moved()
            self._talk.output(data, self._loop.time())
            await self._flush()

    async def refuse_connection(self) -> None:
        """Tells the client that a connection to the port could not be opened; the session goes on."""
        self._talk.flag(Flag.CONNECT_FAILED, self._loop.time())
        await self._flush()

    async def _repeat(self) -> None:
        while True:
            await asyncio.sleep(conversation.REPEAT_AFTER)
            self._talk.repeat(self._loop.time())
            await self._flush()

    async def _flush(self) -> None:
        """In the order in which it was said. What is said without a connection is said again to the next one."""
        async with self._sending:
            frames = self._talk.take()
            if self._peer is not None:
                for each in frames:
                    await self._peer.send(each)
