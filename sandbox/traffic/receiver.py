"""A subscriber of a topic: a small HTTP server on loopback that takes what SNS posts to it and answers 200. `Client.receiver` starts one.

It does not confirm by itself: whoever holds it reads the Token from the confirmation, as a subscriber's program would.
"""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

LARGEST = 1 << 20  # bytes of a message that it takes
SOON = 0.02  # real seconds in which `close` is noticed


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One POST of SNS."""

    headers: Mapping[str, str]  # names in small letters
    body: str

    @property
    def type(self) -> str:
        """ "SubscriptionConfirmation" | "Notification"; empty: it is not of SNS."""
        return self.headers.get("x-amz-sns-message-type", "")

    def json(self) -> dict[str, Any]:
        """The body; ValueError when it is not JSON."""
        return dict(json.loads(self.body))


class Receiver(Protocol):
    url: str

    def received(self) -> tuple[Received, ...]:
        """In the order of arrival."""
        ...

    def close(self) -> None: ...


class HttpReceiver:
    """Listens on a free port of loopback until it is closed."""

    def __init__(self) -> None:
        self._received: list[Received] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(min(length, LARGEST)).decode(errors="replace")
                receiver._received.append(Received(headers={k.lower(): v for k, v in self.headers.items()}, body=body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Says nothing on the terminal."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/alerts"
        serve = self._server.serve_forever
        self._thread = threading.Thread(target=serve, kwargs={"poll_interval": SOON}, name="receiver", daemon=True)
        self._thread.start()

    def received(self) -> tuple[Received, ...]:
        return tuple(self._received)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
