"""An SNS subscriber: a small HTTP server on loopback that records what SNS posts to it and responds with 200. `Client.receiver` starts one.

It does not confirm its subscription. The caller reads the Token from the confirmation message, as a subscriber's program would.
"""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

MAX_BODY = 1 << 20  # bytes of a message
POLL_INTERVAL = 0.02  # real seconds: how soon the server notices `close`


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One POST request from SNS."""

    headers: Mapping[str, str]  # lower-case names
    body: str

    @property
    def type(self) -> str:
        """ "SubscriptionConfirmation" | "Notification"; empty: not from SNS."""
        return self.headers.get("x-amz-sns-message-type", "")

    def json(self) -> dict[str, Any]:
        """The parsed body. Raises ValueError when it is not JSON."""
        return dict(json.loads(self.body))


class Receiver(Protocol):
    url: str

    def received(self) -> tuple[Received, ...]:
        """Messages in order of arrival."""
        ...

    def close(self) -> None: ...


class HttpReceiver:
    """Listens on a free loopback port until closed."""

    def __init__(self) -> None:
        self._received: list[Received] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(min(length, MAX_BODY)).decode(errors="replace")
                receiver._received.append(Received(headers={k.lower(): v for k, v in self.headers.items()}, body=body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Keeps request logs off the terminal."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/alerts"
        serve = self._server.serve_forever
        self._thread = threading.Thread(target=serve, kwargs={"poll_interval": POLL_INTERVAL}, name="receiver", daemon=True)
        self._thread.start()

    def received(self) -> tuple[Received, ...]:
        return tuple(self._received)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
