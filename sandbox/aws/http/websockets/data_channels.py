"""The websockets of the API's port: the data channels of Session Manager (SSM-12), and nothing else.

connection.py lets only their path be upgraded. The guard looks at the request as at any other, and none may come from a web page: a browser
sends Origin with every websocket, and the clients of Session Manager do not.
"""

from collections.abc import Awaitable, Callable, Collection
from http import HTTPStatus
from typing import Any

from sandbox.aws.http.connection import DATA_CHANNEL
from sandbox.aws.http.guard import InstanceAccess, refusal
from sandbox.core.channels.protocols import CarryChannels

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
WebSocketApp = Callable[[Scope, Receive, Send], Awaitable[None]]

LARGEST_MESSAGE = 1 << 16
"""Bytes. Clients send 1,024 bytes of data in a message."""
PAGES = "The sandbox does not accept websockets of web pages."


class DataChannelApp:
    def __init__(self, allowed_hosts: Collection[str], instances: InstanceAccess, carry: CarryChannels) -> None:
        self._allowed_hosts, self._instances, self._carry = allowed_hosts, instances, carry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        fields = {name.decode("latin-1").upper().replace("-", "_"): value.decode("latin-1") for name, value in scope["headers"]}
        environ = {f"HTTP_{name}": value for name, value in fields.items()}
        environ |= {"REQUEST_METHOD": "GET", "PATH_INFO": scope["path"], "REMOTE_ADDR": scope["client"][0]}
        refused = refusal(environ, self._allowed_hosts, self._instances)
        if refused is not None or "ORIGIN" in fields:
            await _refuse(send, HTTPStatus.FORBIDDEN, PAGES if refused is None else refused.message)
            return
        peer = _Connection(receive, send)
        await send({"type": "websocket.accept"})
        await self._carry(scope["path"].removeprefix(DATA_CHANNEL), peer)
        await peer.close(1000, "")


async def none(scope: Scope, receive: Receive, send: Send) -> None:
    """Where there are no sessions."""
    await receive()
    await _refuse(send, HTTPStatus.NOT_FOUND, "There are no sessions here.")


class _Connection:
    """A Peer."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self._closed = False

    async def receive(self) -> str | bytes | None:
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            self._closed = True
            return None
        found: str | bytes | None = message.get("bytes")
        return found if found is not None else str(message.get("text"))

    async def send(self, message: bytes) -> None:
        if not self._closed:
            await self._attempt({"type": "websocket.send", "bytes": message})

    async def close(self, code: int, reason: str) -> None:
        if not self._closed:
            self._closed = True
            await self._attempt({"type": "websocket.close", "code": code, "reason": reason[:120]})

    async def _attempt(self, message: dict[str, Any]) -> None:
        try:
            await self._send(message)
        except OSError:  # uvicorn's ClientDisconnected is one
            self._closed = True


async def _refuse(send: Send, status: HTTPStatus, text: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "websocket.http.response.start", "status": int(status), "headers": headers})
    await send({"type": "websocket.http.response.body", "body": f"{text}\n".encode()})
