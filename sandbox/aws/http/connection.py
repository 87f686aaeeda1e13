"""One connection of the HTTP server: uvicorn's, closed when it is idle for too long, and with an explanation when it is refused."""

import asyncio

from h11 import LocalProtocolError, Request
from uvicorn.protocols.http.h11_impl import H11Protocol

DATA_CHANNEL = "/v1/data-channel/"
"""The path of a session's websocket, before the session id. AWS has it at a host of its own."""
QUIET_SECONDS = 120
"""Real seconds without progress after which a connection is closed: no part of a request is received or of a response is sent."""
LAST_WORD_SECONDS = 2.0
"""Real seconds that a refused caller has to read the reason."""


def refusal(most: int) -> bytes:
    sentence = f"The sandbox has {most} open connections and accepts no more until one is closed.\n".encode()
    head = f"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(sentence)}\r\n"
    return head.encode() + b"Connection: close\r\n\r\n" + sentence


class Connection(H11Protocol):
    """At most `limit_concurrency` - 1 of them (uvicorn refuses with less of an explanation when there are that many)."""

    _refused = False
    _upgraded = False
    _quiet: asyncio.TimerHandle | None = None
    _unsent = 0  # bytes, when the timer was set

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self.limit_concurrency is not None and len(self.connections) >= self.limit_concurrency:
            self._refuse(transport, self.limit_concurrency - 1)
        else:
            self._watch()

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        super().data_received(data)
        if not self._upgraded:
            self._watch()

    def send_400_response(self, msg: str) -> None:
        try:
            super().send_400_response(msg)
        except LocalProtocolError:  # the response to a HEAD request has no body
            self.transport.close()

    def _should_upgrade(self) -> bool:
        """Only to a session's data channel. Other requests for an upgrade get an ordinary answer, as HTTP allows."""
        return str(self.scope["path"]).startswith(DATA_CHANNEL) and super()._should_upgrade()

    def handle_websocket_upgrade(self, event: Request) -> None:
        """A data channel may be silent for long."""
        if self._quiet is not None:
            self._quiet.cancel()
        self._upgraded = True
        super().handle_websocket_upgrade(event)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._quiet is not None:
            self._quiet.cancel()

    def _refuse(self, transport: asyncio.Transport, most: int) -> None:
        """The request is still read: closing the connection with it unread would reset the connection, and the response could be lost."""
        self._refused = True
        self.connections.discard(self)
        transport.write(refusal(most))
        transport.write_eof()
        self._quiet = self.loop.call_later(LAST_WORD_SECONDS, transport.abort)

    def _watch(self) -> None:
        if self._quiet is not None:
            self._quiet.cancel()
        self._unsent = self.transport.get_write_buffer_size()
        self._quiet = self.loop.call_later(QUIET_SECONDS, self._end_if_quiet)

    def _end_if_quiet(self) -> None:
        unsent = self.transport.get_write_buffer_size()
        between_requests = self.timeout_keep_alive_task is not None  # uvicorn's own timer
        carried_out = self.cycle is not None and not self.cycle.response_complete and not self.cycle.more_body
        if unsent != self._unsent or (carried_out and not unsent):
            self._watch()
        elif unsent or not between_requests:
            self.transport.abort()
