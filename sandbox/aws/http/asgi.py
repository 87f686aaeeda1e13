"""Connects the HTTP server, which uses ASGI on one event loop, with the gateway, which is WSGI: reads a whole request, runs it in a worker
thread, and sends the response.

A slow sender or reader therefore uses memory for its bytes, but no thread. When a caller closes its connection before the response is
ready, its Caller object is updated: a request that has not started does not start, and a long poll ends.
"""

import asyncio
import io
import logging
import queue
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from email.utils import formatdate
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from sandbox.aws.http import answers, calls, wsgi
from sandbox.aws.http.answers import Answer
from sandbox.aws.http.streams import Feed, Streams
from sandbox.aws.http.websockets.data_channels import WebSocketApp, none
from sandbox.aws.http.workers import Workers
from sandbox.aws.http.wsgi import STREAM, Environ, Wsgi
from sandbox.core.caller import Caller, answering
from sandbox.core.errors import ApiError
from sandbox.core.waiting import PACE

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]

LARGEST_BODY = 2**30  # bytes
IGNORED = {
    "HTTP_CONTENT_LENGTH",
    "HTTP_TRANSFER_ENCODING",
    "HTTP_UPGRADE",
    "HTTP_FORWARDED",
    *(f"HTTP_X_FORWARDED_{name}" for name in ("BY", "FOR", "HOST", "PORT", "PROTO")),
}
"""The first two are replaced by the length of the body read. No upgrade is offered here, only in
websockets/. A proxy would set the others, and there is no proxy before the sandbox."""
OF_THE_SERVER = {b"connection", b"content-length", b"keep-alive", b"transfer-encoding", b"upgrade"}
"""Header fields that the HTTP server sets itself."""
BUSY = answers.plain_text(503, "The sandbox is processing as many requests as it can. Try again.")
STOPPING = answers.plain_text(503, "The sandbox stopped before this request was finished.")
FAILED = answers.plain_text(500, "The sandbox failed to process this request. For the traceback, see: sandbox logs control")

_log = logging.getLogger(__name__)


class AsgiApp:
    """`start` and `stop` are called in the event loop's thread, as the app itself is."""

    def __init__(self, app: Wsgi, workers: Workers, websocket: WebSocketApp = none) -> None:
        self._app, self._workers, self._websocket = app, workers, websocket
        self._callers: set[Caller] = set()
        self._reading: set[asyncio.Task[Any]] = set()  # requests that are not read completely yet
        self._to_wake: queue.SimpleQueue[Caller | None] = queue.SimpleQueue()
        self._streams = Streams()
        self._stopping = False

    def start(self) -> None:
        threading.Thread(target=self._wake, name="hang-ups", daemon=True).start()

    def stop(self) -> None:
        """From now on, long polls return at once with what there is; streams, and requests that are not read completely, end."""
        self._stopping = True
        self._streams.stop()
        for task in self._reading:
            task.cancel()
        for caller in self._callers:
            caller.hurry()
            self._to_wake.put(caller)
        self._to_wake.put(None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
            return
        feeds: list[Feed] = []
        try:
            _check_length(scope["headers"])
            body = await self._body(receive)
            answer = await self._answer(_environ(scope, body) | {STREAM: feeds.append}, receive)
        except _HungUp:
            return
        except asyncio.CancelledError:  # the server stops
            answer = STOPPING
        except _TooLarge:
            error = ApiError("RequestEntityTooLarge", f"The body has more than {LARGEST_BODY} bytes.", status=413)
            answer = answers.render(error, calls.guess_protocol(_environ(scope, b"")))
        await _send(answer, scope["method"], send, more=bool(feeds))
        if feeds:
            await self._streams.carry(feeds[0], receive, send)

    async def _body(self, receive: Receive) -> bytes:
        task = asyncio.current_task()
        assert task is not None
        self._reading.add(task)
        try:
            return await _whole(receive)
        finally:
            self._reading.discard(task)

    async def _answer(self, environ: Environ, receive: Receive) -> Answer:
        caller, answer = Caller(), asyncio.get_running_loop().create_future()
        if self._stopping:
            caller.hurry()
        if not self._workers.run(lambda: self._carry_out(environ, caller, answer)):
            return BUSY
        self._callers.add(caller)
        disconnect = asyncio.ensure_future(receive())
        try:
            await asyncio.wait({answer, disconnect}, return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                return answer.result()
            raise _HungUp
        finally:
            self._callers.discard(caller)
            disconnect.cancel()
            if not answer.done():
                caller.hang_up()
                self._to_wake.put(caller)

    def _carry_out(self, environ: Environ, caller: Caller, answer: "asyncio.Future[Answer]") -> None:
        """In a worker's thread."""
        try:
            with answering(caller):
                found = wsgi.run(self._app, environ)
        except Exception:
            _log.exception("%s %s", environ["REQUEST_METHOD"], environ["REQUEST_URI"])
            found = FAILED
        with suppress(RuntimeError):  # the event loop is closed: the server has stopped
            answer.get_loop().call_soon_threadsafe(_resolve, answer, found)

    def _wake(self) -> None:
        """In a thread of its own: waking takes locks."""
        for caller in iter(self._to_wake.get, None):
            caller.wake()
            if not self._stopping:
                time.sleep(PACE)  # limits the load when hundreds hang up at once


class _HungUp(Exception):
    """The caller closed its connection: no response is sent."""


class _TooLarge(Exception):
    pass


def _check_length(headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Before the body is awaited. The HTTP server has checked that it is a number."""
    if any(name == b"content-length" and int(value) > LARGEST_BODY for name, value in headers):
        raise _TooLarge


async def _whole(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _HungUp
        body += message["body"]
        if len(body) > LARGEST_BODY:
            raise _TooLarge
        if not message["more_body"]:
            return bytes(body)


def _environ(scope: Scope, body: bytes) -> Environ:
    """The environ of PEP 3333, with the path before percent-decoding in REQUEST_URI."""
    path, query = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
    if not path.startswith(("/", "*")):  # a client that uses the sandbox as a proxy sends the whole URL
        path = urlsplit(path).path or "/"
    environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": "/" + unquote_to_bytes(path).decode("latin-1").lstrip("/"),
        "QUERY_STRING": query,
        "REQUEST_URI": f"{path}?{query}" if query else path,
        "REMOTE_ADDR": scope["client"][0],
        "REMOTE_PORT": str(scope["client"][1]),
        "SERVER_NAME": "localhost",
        "SERVER_PORT": str(scope["server"][1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    environ |= _fields(scope["headers"])
    environ["CONTENT_LENGTH"] = str(len(body))  # also of a chunked body
    return environ


def _fields(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Header fields as environ keys. A name with an underscore is left out: it could pass for the same name with a hyphen."""
    found: dict[str, str] = {}
    for name, value in headers:
        key = name.decode("latin-1").upper().replace("-", "_")
        key = key if key == "CONTENT_TYPE" else f"HTTP_{key}"
        if b"_" not in name and key not in IGNORED:
            text = value.decode("latin-1")
            found[key] = f"{found[key]}, {text}" if key in found else text
    return found


async def _send(answer: Answer, method: str, send: Send, *, more: bool = False) -> None:
    """`more`: a stream follows, so the length is not known."""
    headers = [(name.lower().encode("latin-1"), value.strip().encode("latin-1")) for name, value in answer.headers]
    kept = [field for field in headers if field[0] not in OF_THE_SERVER]
    if not any(name == b"date" for name, _ in kept):
        kept.append((b"date", formatdate(usegmt=True).encode()))
    if method == "HEAD":  # may have the length of the body that it does not send
        kept += [field for field in headers if field[0] == b"content-length"]
    elif answer.status not in (204, 304) and not more:
        kept.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": kept})
    await send({"type": "http.response.body", "body": answer.body, "more_body": more})


def _resolve(answer: "asyncio.Future[Answer]", found: Answer) -> None:
    if not answer.done():
        answer.set_result(found)
