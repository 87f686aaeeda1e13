"""Small HTTP servers on loopback, in a separate process: they record when each request starts, and their health can be set."""

import asyncio
import ipaddress
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any

from bench.kit.child import Child, obey

BACKLOG = 4096  # connections that wait while this process is late: at 2,000 per second, two seconds
HEALTH = b"GET /health "
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n"
UNHEALTHY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 10\r\n\r\nunhealthy\n"


class Targets:
    """`addresses`: (127.x.y.z, port) each."""

    def __init__(self, addresses: Sequence[tuple[str, int]]) -> None:
        assert all(ipaddress.ip_address(host).is_loopback for host, _ in addresses)
        self._child = Child(_work, list(addresses))

    def set_health(self, host: str, healthy: bool) -> None:
        self._child.ask("health", (host, healthy))

    def starts(self) -> dict[str, list[float]]:
        """Address → monotonic start times of requests since the last call, without health checks."""
        found: dict[str, list[float]] = self._child.ask("starts")
        return found

    def close(self) -> None:
        self._child.close()


def _work(connection: Connection, addresses: Sequence[tuple[str, int]]) -> None:
    asyncio.run(_serve(connection, addresses))


async def _serve(connection: Connection, addresses: Sequence[tuple[str, int]]) -> None:
    loop = asyncio.get_running_loop()
    seen: dict[str, _Target] = {host: _Target() for host, _ in addresses}
    servers = [
        await loop.create_server(lambda target=seen[host]: _Connection(target), host, port, backlog=BACKLOG) for host, port in addresses
    ]

    def answer(word: str, value: Any) -> Any:
        if word == "health":
            seen[value[0]].healthy = value[1]
            return None
        return {host: target.take() for host, target in seen.items()}

    await obey(connection, answer, None)
    for server in servers:
        server.close()


class _Target:
    def __init__(self) -> None:
        self.healthy, self._starts = True, list[float]()

    def began(self) -> None:
        self._starts.append(time.monotonic())

    def take(self) -> list[float]:
        taken, self._starts = self._starts, []
        return taken


class _Connection(asyncio.Protocol):
    """Requests have no body; each gets a response at once."""

    def __init__(self, target: _Target) -> None:
        self._target, self._rest = target, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        *requests, self._rest = (self._rest + data).split(b"\r\n\r\n")
        for request in requests:
            if request.startswith(HEALTH):
                self._transport.write(OK if self._target.healthy else UNHEALTHY)
            else:
                self._target.began()
                self._transport.write(OK)
