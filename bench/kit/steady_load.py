"""A steady, bounded load from a separate process on one address of this machine, with a fixed number of connections and a fixed rate.

Half of the connections are kept alive, the others are opened for each request. Nothing is retried; any response but 200 is a failure.
"""

import asyncio
import time
from collections import Counter
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import urlsplit

from bench.kit.child import Child, obey
from sandbox.traffic.addresses import loopback

PATIENCE = 10.0  # seconds to wait for a response
LONGEST = 300.0  # seconds after which the load ends by itself
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class SteadyLoad:
    """Runs from its creation until `stop`. `rate`: requests per second of all connections together."""

    def __init__(self, url: str, rate: float, connections: int = 8) -> None:
        parts = urlsplit(loopback(url))
        assert parts.port is not None and rate <= 1000 and connections <= 64
        self._child = Child(_work, "127.0.0.1", parts.port, rate, connections)

    def stop(self) -> tuple[int, dict[str, int]]:
        """→ the number of requests sent, and of failures by status code or error."""
        sent, failures = self._child.ask("stop")
        self._child.close()
        return sent, failures

    def close(self) -> None:
        self._child.close()


def _work(connection: Connection, host: str, port: int, rate: float, connections: int) -> None:
    asyncio.run(_load(connection, host, port, rate, connections))


async def _load(connection: Connection, host: str, port: int, rate: float, connections: int) -> None:
    sent, stopping = Counter[str](), asyncio.Event()
    every = connections / rate
    clients = [_Client(host, port, keep_alive=n % 2 == 0) for n in range(connections)]
    tasks = [asyncio.create_task(_ask_on(client, n * every / connections, every, sent, stopping)) for n, client in enumerate(clients)]

    def answer(word: str, value: Any) -> Any:
        stopping.set()
        return sum(sent.values()), {what: count for what, count in sent.items() if what != "200"}

    await obey(connection, answer, None)
    stopping.set()
    await asyncio.gather(*tasks)


async def _ask_on(client: "_Client", offset: float, every: float, sent: Counter[str], stopping: asyncio.Event) -> None:
    due = time.monotonic() + offset
    end = due + LONGEST
    while not stopping.is_set() and time.monotonic() < end:
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        sent[await client.ask()] += 1
        due = max(due + every, time.monotonic() - every)  # requests that are late are skipped, so that there are no bursts
    await client.hang_up()


class _Client:
    def __init__(self, host: str, port: int, *, keep_alive: bool) -> None:
        self._where, self._keep_alive = (host, port), keep_alive
        self._request = f"GET / HTTP/1.1\r\nHost: bench\r\nConnection: {'keep-alive' if keep_alive else 'close'}\r\n\r\n".encode()
        self._streams: Streams | None = None

    async def ask(self) -> str:
        """→ the status code, or the name of the error."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._exchange()
        except (OSError, EOFError, ValueError, TimeoutError) as error:
            await self.hang_up()
            return type(error).__name__

    async def _exchange(self) -> str:
        if self._streams is None:
            self._streams = await asyncio.open_connection(*self._where)
        reader, writer = self._streams
        writer.write(self._request)
        head = await reader.readuntil(b"\r\n\r\n")
        status, *headers = head.decode("latin-1").split("\r\n")
        named = dict(line.lower().split(": ", 1) for line in headers if line)
        await reader.readexactly(int(named["content-length"]))
        if not self._keep_alive or named.get("connection") == "close":
            await self.hang_up()
        return status.split(" ")[1]

    async def hang_up(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            with suppress(OSError):
                await self._streams[1].wait_closed()
            self._streams = None
