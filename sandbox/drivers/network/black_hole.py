"""A port of this machine where connections time out, as if no packet arrived. The kernel drops a connection request when the queue of a
listening socket is full, so this one has a queue of one, which it fills itself, and never accepts.
"""

import socket
from contextlib import suppress

from sandbox.core.errors import Misconfigured

FILL, ASK = 0.5, 0.2  # real seconds
FILLERS = 2


class BlackHole:
    def __init__(self, host: str) -> None:
        """`host`: a loopback address. Raises Misconfigured if this machine's kernel does not drop connection requests, or has no such
        address."""
        self._sockets: list[socket.socket] = []
        try:
            self.address = self._listen(host)
            self._fill()
        except OSError as error:
            self.close()
            raise Misconfigured(f"Connections to {host} cannot be dropped on this machine: {error}.") from error
        if self._answers():
            self.close()
            raise Misconfigured(f"Connections to {host} cannot be dropped on this machine: its kernel accepts them beyond the queue.")

    def close(self) -> None:
        for each in self._sockets:
            each.close()
        self._sockets = []

    def _listen(self, host: str) -> tuple[str, int]:
        listening = self._made()
        listening.bind((host, 0))
        listening.listen(0)
        return host, int(listening.getsockname()[1])

    def _fill(self) -> None:
        for _ in range(FILLERS):
            filler = self._made()
            filler.settimeout(FILL)
            with suppress(TimeoutError):  # the queue is full
                filler.connect(self.address)

    def _answers(self) -> bool:
        try:
            socket.create_connection(self.address, timeout=ASK).close()
        except OSError:
            return False
        return True

    def _made(self) -> socket.socket:
        made = socket.socket()
        self._sockets.append(made)
        return made
