"""The DataChannels of simulated machines. They have no shell and no ports, so sessions are refused. A test may allow them, and
play the client.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from sandbox.core.channels.protocols import ChannelKind, ChannelRequest, ChannelSeen, Peer
from sandbox.drivers.channels.channel import REFUSED
from sandbox.drivers.world import World

NO_MACHINE = "simulated instances have no shell and no ports: they are not machines"


class SimulatedChannels:
    """`why_not`: what sessions are refused with; None: they can be opened. `told`: session id → what its client was told at its end."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.why_not: str | None = NO_MACHINE
        self.told: dict[str, str] = {}
        self._open: dict[str, tuple[ChannelSeen, datetime]] = {}  # and when something last passed
        self._callbacks: list[Callable[[str], None]] = []
        self._tokens = 0

    def refusal(self, kind: ChannelKind) -> str | None:
        return self.why_not

    def open(self, request: ChannelRequest) -> str:
        self._open[request.session_id] = (ChannelSeen(attached=False, used=False, quiet=timedelta(0)), self._world.clock.now())
        return self._token()

    def renew(self, session_id: str) -> str | None:
        return self._token() if session_id in self._open else None

    def seen(self, session_id: str) -> ChannelSeen | None:
        if session_id not in self._open:
            return None
        seen, moved = self._open[session_id]
        return replace(seen, quiet=self._world.clock.now() - moved)

    def end(self, session_id: str, told: str) -> None:
        if self._open.pop(session_id, None) is not None:
            self.told[session_id] = told

    def on_change(self, callback: Callable[[str], None]) -> None:
        self._callbacks.append(callback)

    async def __call__(self, session_id: str, peer: Peer) -> None:
        """`CarryChannels`: there is nothing to carry to."""
        await peer.close(REFUSED, NO_MACHINE)

    def close(self) -> None:
        self._open.clear()

    # ---- what tests do -------------------------------------------------------------------------------------------------------------------

    def attach(self, session_id: str, *, attached: bool = True) -> None:
        """A client connects, or its connection is lost."""
        seen, _ = self._open[session_id]
        self._open[session_id] = (replace(seen, attached=attached, used=True), self._world.clock.now())

    def end_by_itself(self, session_id: str, why: str, *, failed: bool = False) -> None:
        seen, moved = self._open[session_id]
        self._open[session_id] = (replace(seen, attached=False, ended=why, failed=failed), moved)
        for callback in self._callbacks:
            callback(session_id)

    def _token(self) -> str:
        self._tokens += 1
        return f"token-{self._tokens}"
