"""The sockets of the server: one at the address of the metadata service, or one at the loopback address of each instance."""

import asyncio
import socket
import time
from collections.abc import Iterable

from sandbox.drivers.metadata.server.connection import Connection, Gate, Respond

BACKLOG = 256
_IP_FREEBIND = getattr(socket, "IP_FREEBIND", 15)
"""Linux: binds an address that the machine does not have yet. The VPC router adds it when the first subnet is attached."""


class Listeners:
    """`address`: where all callers connect; None: each connects to its own address, by which it is known."""

    def __init__(self, respond: Respond, address: str | None, port: int) -> None:
        self._respond, self._address, self._port = respond, address, port
        self._gate = Gate()
        self._servers: dict[str, asyncio.Server] = {}
        self.problems: dict[str, str] = {}  # address → why nothing listens there

    def close_idle(self) -> None:
        self._gate.close_idle(time.monotonic())

    async def listen(self, callers: Iterable[str]) -> None:
        """Opens what is missing for these callers, and closes the rest."""
        wanted = {self._address} if self._address else set(callers)
        for gone in self._servers.keys() - wanted:
            self._servers.pop(gone).close()
        self.problems = {address: why for address, why in self.problems.items() if address in wanted}
        for address in sorted(wanted - self._servers.keys()):
            await self._open(address)

    async def _open(self, address: str) -> None:
        loop = asyncio.get_running_loop()
        by_source = self._address is not None
        try:
            listening = _bound(address, self._port)
        except OSError as error:
            self.problems[address] = f"The metadata service cannot listen on {address}:{self._port}: {error.strerror}."
            return
        self.problems.pop(address, None)
        self._servers[address] = await loop.create_server(
            lambda: Connection(self._respond, self._gate, by_source=by_source), sock=listening, backlog=BACKLOG
        )


def _bound(address: str, port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setsockopt(socket.IPPROTO_IP, _IP_FREEBIND, 1)
        made.bind((address, port))
    except OSError:
        made.close()
        raise
    made.setblocking(False)
    return made
