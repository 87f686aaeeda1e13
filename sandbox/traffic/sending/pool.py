"""The idle connections of a client that keeps its connections (KeepAlive): the newest is used first, as browsers and HTTP libraries do."""

import asyncio
from collections.abc import Iterator

from sandbox.traffic.plan import KeepAlive
from sandbox.traffic.sending.connection import Connection
from sandbox.traffic.sending.target import Target


class Pool:
    """`speed`: sandbox seconds per real second."""

    def __init__(self, loop: asyncio.AbstractEventLoop, target: Target, keep_alive: KeepAlive | None, speed: float) -> None:
        self._loop, self._target = loop, target
        self._size = keep_alive.pool_size if keep_alive else 0
        lifetime = keep_alive.lifetime if keep_alive else None
        self._lifetime = lifetime.total_seconds() / speed if lifetime else float("inf")
        self._idle: list[Connection] = []

    def take(self) -> Connection:
        """An idle connection that is young enough, else a new one, which is not open yet."""
        while self._idle:
            connection = self._idle.pop()
            if self._is_young(connection):
                return connection
            connection.close()
        return Connection(self._loop, self._target, self._forget)

    def give_back(self, connection: Connection) -> None:
        """After an exchange. Closes the connection when it cannot be kept."""
        if not connection.reusable:
            return
        if len(self._idle) < self._size and self._is_young(connection):
            self._idle.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        for connection in self._all():
            connection.close()

    def _all(self) -> Iterator[Connection]:
        while self._idle:
            yield self._idle.pop()

    def _is_young(self, connection: Connection) -> bool:
        return self._loop.time() - connection.opened_at < self._lifetime

    def _forget(self, connection: Connection) -> None:
        if connection in self._idle:
            self._idle.remove(connection)
