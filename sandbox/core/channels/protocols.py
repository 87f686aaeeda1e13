"""Data channels of Session Manager: what the AWS API asks of those that carry them, and what a client's connection looks like from there.

drivers/channels/ carries them; the HTTP server brings the connections (aws/http/websockets/).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import Protocol

MOST = 64
"""Sessions that are active at a time, of all accounts. Each has threads of its own."""


class ChannelKind(Enum):
    """The session type that the client's plugin is told in the handshake."""

    SHELL = "Standard_Stream"
    PORT = "Port"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRequest:
    session_id: str
    instance_id: str
    kind: ChannelKind
    address: str = ""  # PORT: the instance's private address
    port: int = 0  # PORT: of the instance
    properties: Mapping[str, str] = field(default_factory=dict)  # what the plugin is told about the session: "portNumber", "type"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSeen:
    attached: bool  # a client is connected now
    used: bool  # one was
    quiet: timedelta  # real time since something last passed, or since it was opened
    ended: str | None = None  # why it ended by itself, as a sentence; None: it goes on
    failed: bool = False  # it ended because what it was for could not begin


class DataChannels(Protocol):
    """Methods return at once and do no I/O. Thread-safe."""

    def refusal(self, kind: ChannelKind) -> str | None:
        """None if a channel of this kind can be carried, else one sentence why not."""
        ...

    def open(self, request: ChannelRequest) -> str:
        """→ the token by which a client shows that the channel is its own."""
        ...

    def renew(self, session_id: str) -> str | None:
        """→ another token, which makes the former one invalid. None: there is no such channel, or it has ended."""
        ...

    def seen(self, session_id: str) -> ChannelSeen | None:
        """None: there is no such channel, for an earlier control plane had it, or it was ended."""
        ...

    def end(self, session_id: str, told: str) -> None:
        """Ends it with what runs in it, tells the client, and forgets it. Idempotent. `told`: a sentence for the client."""
        ...

    def on_change(self, callback: Callable[[str], None]) -> None:
        """Called with the session id when a channel ended by itself, in any thread."""
        ...

    def close(self) -> None:
        """Ends all channels, and waits a moment until clients have been told."""
        ...


class Peer(Protocol):
    """A client's connection. Its methods are called in the event loop's thread."""

    async def receive(self) -> str | bytes | None:
        """The next message; None: it is closed."""
        ...

    async def send(self, message: bytes) -> None:
        """No effect when it is closed."""
        ...

    async def close(self, code: int, reason: str) -> None:
        """Idempotent."""
        ...


class CarryChannels(Protocol):
    """Takes over a client's connection to the channel of a session, until one of them ends."""

    async def __call__(self, session_id: str, peer: Peer) -> None: ...
