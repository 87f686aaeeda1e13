"""The gateway on a socket: HTTP/1.1 with keep-alive, a thread for each request in progress, loopback unless told otherwise.

waitress does the protocol (chunked bodies, Expect: 100-continue, pipelining); werkzeug's server, which moto uses, closes the connection
after each response. Long polls hold a thread each, so there are many.
"""

import errno
import logging
import socket
import threading
from typing import Any

import waitress
from waitress import wasyncore

from sandbox.aws.gateway import Wsgi
from sandbox.core.errors import UserError

THREADS = 64
PATIENCE_SECONDS = 3.0
"""Real seconds that stop() gives requests in progress."""

logging.getLogger("waitress").setLevel(logging.ERROR)


class Server:
    """Listens from the moment it is made; answers from start() to stop(). Port 0: any free one, told by `port`."""

    def __init__(self, app: Wsgi, host: str = "127.0.0.1", port: int = 4566) -> None:
        listening = _listen(host, port)
        self.host, self.port = host, int(listening.getsockname()[1])
        self._map: dict[int, Any] = {}
        self._server = waitress.create_server(
            app,
            map=self._map,
            sockets=[listening],
            threads=THREADS,
            ident=None,
            clear_untrusted_proxy_headers=True,
            log_socket_errors=False,
            asyncore_use_poll=True,
        )
        self._open = True
        self._thread = threading.Thread(target=self._work, name="server", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Takes no new connections, lets requests in progress end, then hangs up."""
        self._server.trigger.pull_trigger(self._stop_listening)
        self._server.task_dispatcher.shutdown(timeout=PATIENCE_SECONDS)
        self._server.trigger.pull_trigger(self._hang_up)
        if self._thread.is_alive():
            self._thread.join(PATIENCE_SECONDS)
        wasyncore.close_all(self._map, ignore_all=True)

    def _work(self) -> None:
        while self._open or self._server.active_channels:
            wasyncore.loop(timeout=1.0, map=self._map, use_poll=True, count=1)

    def _stop_listening(self) -> None:
        """In the server's own thread, as all that touches its map."""
        self._server.accepting = False
        self._server.del_channel()
        self._server.socket.close()

    def _hang_up(self) -> None:
        self._open = False
        for channel in list(self._server.active_channels.values()):
            channel.close_when_flushed = True


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=256)
    except OSError as error:
        raise _refused(host, port, error) from error


def _refused(host: str, port: int, error: OSError) -> UserError:
    if error.errno == errno.EADDRINUSE:
        return UserError(f"Port {port} of {host} is in use by another program.", f"sandbox up --port {port + 1}")
    if error.errno in (errno.EACCES, errno.EPERM):
        return UserError(f"Port {port} of {host} may not be opened by this user.", "sandbox up --port 4566")
    return UserError(f"Port {port} of {host} cannot be opened: {error.strerror or error}.", "sandbox up --port 4566")
