"""Responses that do not end, such as server-sent events. A worker's thread makes the response's head, as of any request, and is free
again; from then on, the pieces of a feed are sent on the event loop. An open stream uses no thread, and the same bytes go to all readers.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

Push = Callable[[bytes], None]
"""Sends a piece. May be called from any thread, and returns at once."""
Feed = Callable[[Push], Callable[[], None]]
"""Subscribes a reader, and returns the function that ends its subscription. Both are called on the event loop, so they must not wait."""

MOST_WAITING = 256
"""Pieces that wait for a reader who does not read. One more ends the stream: the reader connects again when it can."""


class Streams:
    """The open ones of a server. Used in the event loop's thread."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._stopping = False

    def stop(self) -> None:
        self._stopping = True
        for task in self._tasks:
            task.cancel()

    async def carry(self, feed: Feed, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
        """Sends the feed's pieces until the reader is gone, reads too slowly, or the server stops."""
        reader, task = _Reader(feed), asyncio.current_task()
        watch = asyncio.ensure_future(reader.until_gone(receive))
        assert task is not None
        self._tasks.add(task)
        try:
            while not self._stopping and (piece := await reader.next()) is not None:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        except asyncio.CancelledError:  # the server stops
            pass
        finally:
            self._tasks.discard(task)
            watch.cancel()
            reader.end()
        await send({"type": "http.response.body", "body": b""})


class _Reader:
    def __init__(self, feed: Feed) -> None:
        self._loop = asyncio.get_running_loop()
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._ended = False
        self._unsubscribe = feed(self._push)

    async def next(self) -> bytes | None:
        """None: there are no more."""
        return await self._pieces.get()

    async def until_gone(self, receive: Callable[[], Awaitable[Any]]) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.end()

    def end(self) -> None:
        """Ends the subscription, and drops the pieces that wait. The server closes the connection of one who reads nothing any more."""
        if self._ended:
            return
        self._ended = True
        self._unsubscribe()
        while not self._pieces.empty():
            self._pieces.get_nowait()
        self._pieces.put_nowait(None)

    def _push(self, piece: bytes) -> None:
        with suppress(RuntimeError):  # the event loop is closed: the server has stopped
            self._loop.call_soon_threadsafe(self._put, piece)

    def _put(self, piece: bytes) -> None:
        if self._pieces.qsize() >= MOST_WAITING:
            self.end()
        elif not self._ended:
            self._pieces.put_nowait(piece)
