"""Targets for the contract suites of proxy and prober: small threaded HTTP servers on 127.0.0.x whose behaviour a test sets."""

import json
import socket
import struct
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Target:
    """Answers 200 with its name and the request's headers as JSON, or what `mode` says: ok · hang (accepts, never answers) · reset ·
    garbage · cookie (sets JSESSIONID) · status (answers `status`) · huge (response headers over 32 K) · slow (waits for `go`) ·
    upgrade (a websocket that echoes)."""

    def __init__(self, name: str, address: str) -> None:
        self.name, self.address, self.mode, self.status = name, address, "ok", 200
        self.go = threading.Event()
        self.entered = threading.Event()  # a slow request has arrived
        self.requests: list[dict[str, Any]] = []
        self._server: _Server | None = None
        self.port = 0

    def start(self) -> "Target":
        self._server = _Server((self.address, self.port), _Handler)
        self._server.target = self
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def close_connections(self) -> None:
        """Closes open connections during their requests, and continues to listen."""
        assert self._server is not None
        self._server.end_connections()

    def stop(self) -> None:
        """Stops listening and closes open connections."""
        self.go.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.end_connections()
            self._server.server_close()
            self._server = None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    target: Target

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def end_connections(self) -> None:
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """No output: tests disconnect clients on purpose."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # a response in one packet
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        target = self.server.target
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        seen = {"target": target.name, "line": self.requestline, "headers": self.headers.items(), "body": body.decode()}
        seen["peer"] = self.client_address
        target.requests.append(seen)
        getattr(self, f"_{target.mode}")(target, json.dumps(seen).encode())

    do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_GET

    def _ok(self, target: Target, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _status(self, target: Target, body: bytes) -> None:
        self._ok(target, body, target.status)

    def _cookie(self, target: Target, body: bytes) -> None:
        self._ok(target, body, Set_Cookie="JSESSIONID=1; Path=/")

    def _slow(self, target: Target, body: bytes) -> None:
        target.entered.set()
        target.go.wait(10)
        self._ok(target, body)

    def _hang(self, target: Target, body: bytes) -> None:
        target.go.wait(10)
        self.close_connection = True

    def _reset(self, target: Target, body: bytes) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def _garbage(self, target: Target, body: bytes) -> None:
        self.wfile.write(b"what is this?\r\n\r\n")
        self.close_connection = True

    def _huge(self, target: Target, body: bytes) -> None:
        self.send_response(200)
        self.send_header("X-Big", "x" * 40_000)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _upgrade(self, target: Target, body: bytes) -> None:
        """Switches protocols and echoes one message."""
        self.wfile.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        self.wfile.flush()
        self.wfile.write(b"echo " + self.connection.recv(1024))
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """No log."""
