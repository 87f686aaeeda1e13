"""The DNS server's sockets: UDP and TCP at each address that is published, so that an answer comes from the address that was asked.

The addresses may be bound before the router has them (`net.ipv4.ip_nonlocal_bind`).
"""

import asyncio
import logging
from contextlib import suppress
from pathlib import Path
from typing import cast

from sandbox.drivers.names.files import Folder
from sandbox.drivers.names.server.answers import Elsewhere, Table, respond, table
from sandbox.drivers.names.server.forwarding import Resolver

PORT = 53
LOOK = 0.2  # real seconds between two looks at the folder for new addresses; names are looked at with each query
TCP_IDLE = 10.0  # real seconds
_LOG = logging.getLogger(__name__)


class Sockets:
    def __init__(self, folder: Path, port: int, resolver: Resolver, always: str) -> None:
        self._folder, self._port, self._resolver, self._always = Folder(folder), port, resolver, always
        self._known = Table()
        self._open: dict[str, tuple[asyncio.BaseTransport, asyncio.Server]] = {}
        self._refused: set[str] = set()  # addresses that were told of
        self._tasks: set[asyncio.Task[None]] = set()

    async def follow(self, stop: asyncio.Event) -> None:
        """Serves until `stop` is set."""
        while not stop.is_set():
            self._look()
            await self._settle()
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK)
        for address in list(self._open):
            self._close(address)

    async def answer(self, query: bytes, *, tcp: bool) -> bytes | None:
        """None: the query is not answered."""
        self._look()
        found = respond(query, self._known, tcp=tcp)
        return await self._resolver.ask(query, beside=found.beside, tcp=tcp) if isinstance(found, Elsewhere) else found

    def start(self, query: bytes, transport: asyncio.DatagramTransport, client: tuple[str, int]) -> None:
        """Answers a datagram, at once where no other resolver is asked."""
        self._look()
        found = respond(query, self._known, tcp=False)
        if isinstance(found, Elsewhere):
            task = asyncio.get_running_loop().create_task(self._forward(query, found.beside, transport, client))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif found is not None:
            transport.sendto(found, client)

    async def _forward(self, query: bytes, beside: bool, transport: asyncio.DatagramTransport, client: tuple[str, int]) -> None:
        transport.sendto(await self._resolver.ask(query, beside=beside, tcp=False), client)

    def _look(self) -> None:
        if self._folder.changed():
            self._known = table(self._folder.all())

    async def _settle(self) -> None:
        wanted = {self._always, *self._known.servers}
        for address in self._open.keys() - wanted:
            self._close(address)
        for address in sorted(wanted - self._open.keys()):
            try:
                await self._listen(address)
            except OSError as error:
                if address not in self._refused:
                    _LOG.warning("cannot listen at %s port %s, will try again: %s", address, self._port, error)
                self._refused.add(address)

    async def _listen(self, address: str) -> None:
        udp, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: _Datagrams(self), local_addr=(address, self._port))
        try:
            tcp = await asyncio.start_server(self._stream, address, self._port)
        except OSError:
            udp.close()
            raise
        self._open[address] = udp, tcp

    def _close(self, address: str) -> None:
        udp, tcp = self._open.pop(address)
        udp.close()
        tcp.close()

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Queries of one connection, each with its length before it."""
        try:
            while True:
                async with asyncio.timeout(TCP_IDLE):
                    length = int.from_bytes(await reader.readexactly(2), "big")
                    query = await reader.readexactly(length)
                found = await self.answer(query, tcp=True)
                if found is None:
                    return
                writer.write(len(found).to_bytes(2, "big") + found)
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, sockets: Sockets) -> None:
        self._sockets = sockets

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)  # Python 3.11's is not an instance of it

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._sockets.start(data, self._transport, addr)
