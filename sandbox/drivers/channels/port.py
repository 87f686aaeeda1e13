"""The endpoints of sessions that lead to a port of an instance: one connection (SSH), or several in one stream of frames (port forwarding).

Clients multiplex with version 1 of smux: a header of eight bytes (version, command, length, number of the stream; little-endian) and data.
A connection is opened from the control plane, so no security group filters it, as none filters what SSM Agent connects to.
"""

import asyncio
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress

from sandbox.drivers.channels.endpoint import CannotBegin, Output
from sandbox.drivers.channels.payloads import Size

Connect = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]
CHUNK = 16_384
MOST_STREAMS = 64
"""Connections of one session at a time."""
HEADER = struct.Struct("<BBHI")
VERSION = 1
OPEN, CLOSE, DATA = 0, 1, 2


class PortEndpoint:
    """One connection, which is opened when the session begins."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._writer: asyncio.StreamWriter | None = None
        self._early: list[bytes] = []
        self._closed = False

    async def run(self, output: Output) -> None:
        try:
            reader, self._writer = await self._connect()
        except OSError as error:
            raise CannotBegin(f"Connection to destination port failed: {error.strerror or error}.") from error
        self._writer.writelines(self._early)
        try:
            while not self._closed and (data := await _read(reader)):
                await output(data)
        finally:
            self._writer.close()

    def data(self, data: bytes) -> None:
        if self._writer is None:
            self._early.append(data)
        elif not self._writer.is_closing():
            self._writer.write(data)

    @property
    def waiting(self) -> int:
        return sum(map(len, self._early)) if self._writer is None else self._writer.transport.get_write_buffer_size()

    def resize(self, size: Size) -> None:
        """It is no terminal."""

    def close(self) -> None:
        self._closed = True
        if self._writer is not None:
            self._writer.close()


class MultiplexedPortEndpoint:
    """As many connections as the client opens, up to MOST_STREAMS. `refused` is called when one could not be opened."""

    def __init__(self, connect: Connect, refused: Callable[[], None]) -> None:
        self._connect, self._refused = connect, refused
        self._held = bytearray()
        self._streams: dict[int, PortEndpoint] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._output: Output | None = None
        self._over = asyncio.Event()

    async def run(self, output: Output) -> None:
        self._output = output
        self._advance()
        try:
            await self._over.wait()
        finally:
            for each in self._streams.values():
                each.close()
            for task in self._tasks:
                task.cancel()

    def data(self, data: bytes) -> None:
        self._held += data
        self._advance()

    @property
    def waiting(self) -> int:
        return len(self._held) + sum(each.waiting for each in self._streams.values())

    def resize(self, size: Size) -> None:
        """It is no terminal."""

    def close(self) -> None:
        self._over.set()

    def _advance(self) -> None:
        while self._output is not None and len(self._held) >= HEADER.size:
            version, command, length, number = HEADER.unpack_from(self._held)
            if version != VERSION:
                self._over.set()  # nothing that follows can be read
                return
            if len(self._held) < HEADER.size + length:
                return
            data = bytes(self._held[HEADER.size : HEADER.size + length])
            del self._held[: HEADER.size + length]
            self._frame(command, number, data, self._output)

    def _frame(self, command: int, number: int, data: bytes, output: Output) -> None:
        stream = self._streams.get(number)
        if command == OPEN and stream is None:
            self._open(number, output)
        elif command == DATA and stream is not None:
            stream.data(data)
        elif command == CLOSE and stream is not None:
            stream.close()

    def _open(self, number: int, output: Output) -> None:
        if len(self._streams) >= MOST_STREAMS:
            self._start(output(HEADER.pack(VERSION, CLOSE, 0, number)))
            return
        stream = self._streams[number] = PortEndpoint(self._connect)
        self._start(self._carry(number, stream, output))

    async def _carry(self, number: int, stream: PortEndpoint, output: Output) -> None:
        async def framed(data: bytes) -> None:
            await output(HEADER.pack(VERSION, DATA, len(data), number) + data)

        try:
            with suppress(OSError):
                await stream.run(framed)
        except CannotBegin:
            self._refused()
        finally:
            del self._streams[number]
        await output(HEADER.pack(VERSION, CLOSE, 0, number))

    def _start(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _read(reader: asyncio.StreamReader) -> bytes:
    """Empty: the connection has ended, in whatever way."""
    try:
        return await reader.read(CHUNK)
    except OSError:
        return b""
