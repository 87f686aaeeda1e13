"""The one HTTP client for servers of this machine, against real ones on a Unix socket and on loopback."""

import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from sandbox.core.errors import DriverUnavailable
from sandbox.drivers.http_client import HttpClient


class Echo(BaseHTTPRequestHandler):
    """Answers with what was asked; 404 for /none; closes without an answer for /nothing."""

    def _answer(self) -> None:
        if self.path == "/nothing":
            return
        body = f"{self.command} {self.path}".encode()
        self.send_response(404 if self.path == "/none" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _answer

    def address_string(self) -> str:
        return "a Unix socket has no address"

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(params=["unix", "tcp"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "unix":
        server: socketserver.BaseServer = socketserver.UnixStreamServer(str(tmp_path / "http.sock"), Echo)
        address = f"unix://{tmp_path}/http.sock"
    else:
        server = HTTPServer(("127.0.0.1", 0), Echo)
        address = f"tcp://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01))
    thread.start()
    yield address
    server.shutdown()
    server.server_close()
    thread.join()


def test_method_path_and_query_arrive_as_given_and_the_body_comes_back(url: str) -> None:
    client = HttpClient(url, timeout=5)
    assert client.request("GET", "/stats?filter=%5E%28a%7Cb%29%24").text == "GET /stats?filter=%5E%28a%7Cb%29%24"
    assert client.request("POST", "/reopen_logs").text == "POST /reopen_logs"


def test_any_status_is_a_response(url: str) -> None:
    assert HttpClient(url, timeout=5).request("GET", "/none").status_code == 404


def test_no_response_is_a_driver_that_is_unavailable(url: str) -> None:
    with pytest.raises(DriverUnavailable, match="/nothing: "):
        HttpClient(url, timeout=5).request("GET", "/nothing")


def test_nobody_listens(tmp_path: Path) -> None:
    with pytest.raises(DriverUnavailable, match="No such file or directory"):
        HttpClient(f"unix://{tmp_path}/no.sock", timeout=5).request("GET", "/")
