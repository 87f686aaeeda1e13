"""What a data channel leads to: a terminal (terminal.py) or a port (port.py) of an instance."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from sandbox.drivers.channels.payloads import Size

Output = Callable[[bytes], Awaitable[None]]
"""Sends bytes to the client. Waits while the client has not acknowledged enough of what was sent before."""


class CannotBegin(Exception):
    """There is nothing to lead to. The text is a sentence for the client."""


class Endpoint(Protocol):
    """Its methods are called in the event loop's thread."""

    async def run(self, output: Output) -> None:
        """Returns when it has ended by itself, or was closed. Raises CannotBegin."""
        ...

    def data(self, data: bytes) -> None: ...

    @property
    def waiting(self) -> int:
        """Bytes from the client that could not be passed on yet."""
        ...

    def resize(self, size: Size) -> None: ...

    def close(self) -> None:
        """Ends what runs there. Idempotent."""
        ...
