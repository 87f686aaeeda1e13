"""Serves the gateway on a socket: HTTP/1.1 with keep-alive, on loopback by default.

uvicorn implements the protocol (chunked bodies, Expect: 100-continue, pipelining) on one event loop, where an idle connection costs
nothing. With waitress, a request costs more the more connections are open, and werkzeug's server, which moto uses, closes the connection
after each response. Worker threads run the requests (asgi.py, workers.py).
"""

import asyncio
import errno
import logging
import socket
import threading

import uvicorn

from sandbox.aws.http import open_files
from sandbox.aws.http.asgi import AsgiApp
from sandbox.aws.http.connection import LAST_WORD_SECONDS, QUIET_SECONDS, Connection
from sandbox.aws.http.websockets.data_channels import LARGEST_MESSAGE, WebSocketApp, none
from sandbox.aws.http.workers import Workers
from sandbox.aws.http.wsgi import Wsgi
from sandbox.core.errors import UserError

PATIENCE_SECONDS = 3
"""Real seconds that stop() waits for requests in progress."""
MOST_CONNECTIONS = 4_096
BACKLOG = 1_024  # connections that wait to be accepted
LARGEST_HEAD = 2**18  # bytes of a request's line and header fields

logging.getLogger("uvicorn.error").setLevel(logging.ERROR)


class Server:
    """Listens as soon as it is created; serves from start() to stop(). Port 0: any free port, which `port` then returns."""

    def __init__(
        self,
        app: Wsgi,
        host: str = "127.0.0.1",
        port: int = 4566,
        most_connections: int = MOST_CONNECTIONS,
        websocket: WebSocketApp = none,
    ) -> None:
        self._listening = _listen(host, port)
        self.host, self.port = host, int(self._listening.getsockname()[1])
        self._workers = Workers()
        self._app = AsgiApp(app, self._workers, websocket)
        config = uvicorn.Config(
            self._app,
            http=Connection,
            ws="websockets-sansio",
            ws_max_size=LARGEST_MESSAGE,
            ws_ping_interval=None,  # a client that is busy with its own side answers no ping
            ws_per_message_deflate=False,
            loop="asyncio",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            limit_concurrency=min(most_connections, open_files.for_connections()) + 1,
            timeout_keep_alive=QUIET_SECONDS,
            timeout_graceful_shutdown=PATIENCE_SECONDS,
            backlog=BACKLOG,
            h11_max_incomplete_event_size=LARGEST_HEAD,
        )
        self._server = _Uvicorn(config, self._app)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._work()), name="server", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Takes no new connections, ends long polls, lets other requests in progress end, then hangs up."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(2 * PATIENCE_SECONDS)
        self._listening.close()
        self._workers.stop()

    async def _work(self) -> None:
        self._app.start()
        await self._server.serve(sockets=[self._listening])
        if tasks := self._server.server_state.tasks:  # just cancelled; they still send an error to their callers
            await asyncio.wait(tasks, timeout=LAST_WORD_SECONDS)
        for connection in list(self._server.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)  # lets them close


class _Uvicorn(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, app: AsgiApp) -> None:
        super().__init__(config)
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.stop()
        await super().shutdown(sockets)


def _listen(host: str, port: int) -> socket.socket:
    """Uses IPPROTO_TCP because asyncio sets TCP_NODELAY only on such sockets."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise _cannot_listen(host, port, error) from error
    return listening


def _cannot_listen(host: str, port: int, error: OSError) -> UserError:
    if error.errno == errno.EADDRINUSE:
        return UserError(f"Port {port} on {host} is in use by another program.", f"sandbox up --port {port + 1}")
    if error.errno in (errno.EACCES, errno.EPERM):
        return UserError(f"This user has no permission to open port {port} on {host}.", "sandbox up --port 4566")
    return UserError(f"Port {port} on {host} cannot be opened: {error.strerror or error}.", "sandbox up --port 4566")
