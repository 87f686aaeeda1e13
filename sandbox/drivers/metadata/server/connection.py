"""One connection to the metadata service: reads requests, answers each at once, and bounds what a caller can make the server hold.

A request that is not HTTP, or whose head is too long, is answered with 400 and ends the connection (IMDS-5).
"""

import asyncio
import socket
import time
from collections.abc import Callable
from email.utils import formatdate
from http import HTTPStatus
from typing import cast

import httptools

from sandbox.drivers.metadata.server.answers import Request, Response, error

LONGEST_HEAD = 16 << 10  # bytes of the request line and the headers
LONGEST_BODY = 16 << 10  # bytes; no request needs one
IDLE = 60.0  # real seconds after which a connection is closed
USUAL_HOPS = 64

Respond = Callable[[str, Request], Response]
"""(address by which the caller is known, request) → response"""


class TooLong(Exception):
    """A request is longer than any that the service has an answer for."""


class Gate:
    """The open connections, and how many an address has. One that has too many gets no further one."""

    MOST = 128

    def __init__(self) -> None:
        self._open: dict[str, int] = {}
        self.connections: set[Connection] = set()

    def close_idle(self, now: float) -> None:
        """Called now and then, which costs less than a timer for each connection. `now`: seconds of the monotonic clock."""
        for connection in tuple(self.connections):
            connection.close_if_idle(now)

    def enter(self, address: str) -> bool:
        if self._open.get(address, 0) >= self.MOST:
            return False
        self._open[address] = self._open.get(address, 0) + 1
        return True

    def leave(self, address: str) -> None:
        left = self._open.get(address, 0) - 1
        if left > 0:
            self._open[address] = left
        else:
            self._open.pop(address, None)


class Connection(asyncio.Protocol):
    """`by_source`: the caller is known by the address that it sends from, else by the one that it connects to."""

    def __init__(self, respond: Respond, gate: Gate, *, by_source: bool) -> None:
        self._respond, self._gate, self._by_source = respond, gate, by_source
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport
        self._address = ""
        self._entered = False
        self._hops = USUAL_HOPS
        self._active = 0.0  # seconds of the monotonic clock: when it was last used
        self._begin()

    def _begin(self) -> None:
        self._path = b""
        self._headers: dict[str, str] = {}
        self._head = self._body = 0  # bytes
        self._unread = 0  # bytes of a request that is not complete

    # ---- asyncio.Protocol -------------------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._active = time.monotonic()
        self._address = str(transport.get_extra_info("peername" if self._by_source else "sockname")[0])
        self._entered = self._gate.enter(self._address)
        if not self._entered:
            self._transport.abort()
            return
        self._gate.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._entered:
            self._gate.leave(self._address)
            self._gate.connections.discard(self)

    def close_if_idle(self, now: float) -> None:
        if now - self._active > IDLE:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._unread += len(data)
        try:
            self._parser.feed_data(data)
            if self._unread > LONGEST_HEAD + LONGEST_BODY:
                raise TooLong
        except httptools.HttpParserCallbackError as failed:
            if not isinstance(failed.__context__, TooLong):
                raise
            self._refuse()
        except (httptools.HttpParserError, httptools.HttpParserUpgrade, TooLong):
            self._refuse()

    def pause_writing(self) -> None:
        """The caller does not read its responses: then its requests are not read either."""
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._transport.resume_reading()

    # ---- httptools --------------------------------------------------------------------------------------------------------------------

    def on_url(self, part: bytes) -> None:
        self._path += part
        self._count_head(len(part))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1").strip()
        self._count_head(len(name) + len(value))

    def _count_head(self, length: int) -> None:
        self._head += length
        if self._head > LONGEST_HEAD:
            raise TooLong

    def on_body(self, part: bytes) -> None:
        self._body += len(part)
        if self._body > LONGEST_BODY:
            raise TooLong

    def on_message_complete(self) -> None:
        if self._transport.is_closing():
            return
        request = Request(self._parser.get_method().decode("latin-1"), self._path.decode("latin-1"), self._headers)
        self._begin()
        response = self._respond(self._address, request) if request.path.startswith("/") else error(400)
        self._send(response, head_only=request.method == "HEAD", keep=self._parser.should_keep_alive())

    # ---- sending ----------------------------------------------------------------------------------------------------------------------

    def _refuse(self) -> None:
        if not self._transport.is_closing():
            self._send(error(400), head_only=False, keep=False)

    def _send(self, response: Response, *, head_only: bool, keep: bool) -> None:
        self._limit_hops(response.hop_limit or USUAL_HOPS)
        head = _head(response, keep)
        self._transport.write(head if head_only else head + response.body)
        if not keep:
            self._transport.close()
        self._active = time.monotonic()

    def _limit_hops(self, hops: int) -> None:
        """IMDS-6. A call into the kernel, so only where it changes something."""
        if hops != self._hops:
            self._transport.get_extra_info("socket").setsockopt(socket.IPPROTO_IP, socket.IP_TTL, hops)
            self._hops = hops


_date_line = (0, b"")


def _date() -> bytes:
    """The header Date, made once a second."""
    global _date_line  # noqa: PLW0603 - one process, one thread
    now = int(time.time())
    if _date_line[0] != now:
        _date_line = (now, f"Date: {formatdate(now, usegmt=True)}\r\n".encode())
    return _date_line[1]


def _head(response: Response, keep: bool) -> bytes:
    ttl = "" if response.token_seconds is None else f"X-Aws-Ec2-Metadata-Token-Ttl-Seconds: {response.token_seconds}\r\n"
    lines = (
        f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}\r\n"
        f"{ttl}Content-Type: {response.content_type}\r\nContent-Length: {len(response.body)}\r\nAccept-Ranges: none\r\n"
        f"Server: EC2ws\r\nConnection: {'keep-alive' if keep else 'close'}\r\n"
    )
    return lines.encode() + _date() + b"\r\n"
