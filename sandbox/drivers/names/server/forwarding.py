"""Asks this machine's resolver: for names of the internet, where instances have it, and for services beside the instances."""

import asyncio
from pathlib import Path
from typing import cast

import dns.rcode

from sandbox.drivers.names.server.answers import refused

TIMEOUT = 4.0  # real seconds: clients ask again after five
BESIDE_TIMEOUT = 1.0  # real seconds, for a service beside the instances: Docker answers at once when it knows the name
MOST = 256  # queries that wait at the same time
RESOLV_CONF = Path("/etc/resolv.conf")
PORT = 53


def nameserver(file: Path = RESOLV_CONF) -> str | None:
    """The first one; None: there is none."""
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return None
    return next((line.split()[1] for line in lines if line.startswith("nameserver ") and len(line.split()) > 1), None)


class Resolver:
    def __init__(self, server: str | None, port: int = PORT) -> None:
        self._server, self._port = server, port
        self._waiting = 0

    async def ask(self, query: bytes, *, beside: bool, tcp: bool) -> bytes:
        """The answer of the other resolver; NXDOMAIN for a service that it does not know, SERVFAIL when it does not answer."""
        code = dns.rcode.NXDOMAIN if beside else dns.rcode.SERVFAIL
        if self._server is None or self._waiting >= MOST:
            return refused(query, code, tcp=tcp)
        self._waiting += 1
        try:
            async with asyncio.timeout(BESIDE_TIMEOUT if beside else TIMEOUT):
                return await self._exchange(query, self._server)
        except (TimeoutError, OSError):
            return refused(query, code, tcp=tcp)
        finally:
            self._waiting -= 1

    async def _exchange(self, query: bytes, server: str) -> bytes:
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[bytes] = loop.create_future()
        transport, _ = await loop.create_datagram_endpoint(lambda: _Exchange(query, answered), remote_addr=(server, self._port))
        try:
            return await answered
        finally:
            transport.close()


class _Exchange(asyncio.DatagramProtocol):
    def __init__(self, query: bytes, answered: "asyncio.Future[bytes]") -> None:
        self._query, self._answered = query, answered

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.DatagramTransport, transport).sendto(self._query)

    def datagram_received(self, data: bytes, addr: object) -> None:
        if data[:2] == self._query[:2] and not self._answered.done():
            self._answered.set_result(data)

    def error_received(self, exc: Exception) -> None:
        if not self._answered.done():
            self._answered.set_exception(exc)
