"""Which calls of the Docker API the filter forwards, and which it refuses."""

import http.client
import http.server
import socketserver
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from sandbox.drivers.runtime.docker import socket_filter
from sandbox.drivers.runtime.docker.socket_filter import refusal

OURS = {"sandbox.name": "sandbox"}
WORLD: dict[str, Mapping[str, Any]] = {
    "/networks/sandbox-subnet-1": {"Labels": OURS},
    "/networks/other": {"Labels": {"com.example": "x"}},
    "/containers/ours/json": {"Config": {"Labels": OURS}},
    "/containers/netns/json": {"Config": {"Labels": {"sandbox.role": "netns"}}},
    "/containers/envoy/json": {"Config": {"Labels": {"sandbox.role": "dataplane", "sandbox.topology": "sandbox"}}},
    "/containers/envoy2/json": {"Config": {"Labels": {"sandbox.role": "dataplane", "sandbox.topology": "another"}}},
    "/containers/other/json": {"Config": {"Labels": {}}},
}
CREATE = {
    "Image": "sandbox/machine:1a2b",
    "Labels": OURS,
    "HostConfig": {"NetworkMode": "sandbox-subnet-1", "CapDrop": ["ALL"], "CapAdd": ["SETUID"], "Init": True, "Privileged": False},
}


def with_host(**changes: object) -> dict[str, object]:
    return {**CREATE, "HostConfig": {**CREATE["HostConfig"], **changes}}  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/events", {}),
        ("GET", "/containers/json", {}),
        ("GET", "/images/sandbox/machine:1a2b/json", {}),
        ("POST", "/containers/create", CREATE),
        ("POST", "/containers/ours/start", {}),
        ("DELETE", "/containers/ours", {}),
        ("POST", "/containers/envoy/start", {}),
        ("POST", "/networks/create", {"Driver": "bridge", "Labels": OURS}),
        ("POST", "/networks/sandbox-subnet-1/connect", {"Container": "netns"}),
        ("DELETE", "/networks/sandbox-subnet-1", {}),
    ],
)
def test_calls_that_running_instances_needs_are_allowed(method: str, path: str, body: Mapping[str, Any]) -> None:
    assert refusal(method, path, body, lambda p: WORLD.get(p, {})) is None


@pytest.mark.parametrize(
    ("method", "path", "body", "reason"),
    [
        ("POST", "/containers/create", with_host(Privileged=True), "HostConfig may not have Privileged"),
        ("POST", "/containers/create", with_host(Binds=["/:/host"]), "HostConfig may not have Binds"),
        ("POST", "/containers/create", with_host(PidMode="host"), "HostConfig may not have PidMode"),
        ("POST", "/containers/create", with_host(CapAdd=["SYS_ADMIN"]), "capabilities beyond those of an instance: SYS_ADMIN"),
        ("POST", "/containers/create", with_host(NetworkMode="host"), "the network host is not this sandbox's"),
        ("POST", "/containers/create", with_host(NetworkMode="container:other"), "the network container:other is not this sandbox's"),
        ("POST", "/containers/create", {**CREATE, "Image": "alpine"}, "the image alpine is not a machine image"),
        ("POST", "/containers/create", {**CREATE, "Labels": {}}, "containers are labelled sandbox.name=sandbox"),
        ("POST", "/containers/ours/exec", {}, "this call is not needed"),
        ("PUT", "/containers/ours/archive", {}, "this call is not needed"),
        ("DELETE", "/containers/other", {}, "the container is not this sandbox's"),
        ("POST", "/containers/envoy/kill", {}, "the container is not this sandbox's"),
        ("POST", "/containers/envoy2/start", {}, "the container is not this sandbox's"),
        ("POST", "/containers/netns/start", {}, "the container is not this sandbox's"),
        ("POST", "/containers/other/kill", {}, "the container is not this sandbox's"),
        ("POST", "/containers/missing/kill", {}, "the container is not this sandbox's"),
        ("DELETE", "/networks/other", {}, "the network is not this sandbox's"),
        ("POST", "/networks/sandbox-subnet-1/connect", {"Container": "other"}, "the container to connect is not this sandbox's"),
        ("POST", "/networks/create", {"Driver": "host", "Labels": OURS}, "networks are bridges labelled sandbox.name=sandbox"),
        ("GET", "/containers/ours/archive", {}, "this read is not needed"),
        ("GET", "/secrets", {}, "this read is not needed"),
        ("POST", "/build", {}, "this call is not needed"),
    ],
)
def test_all_other_calls_are_refused_with_the_reason(method: str, path: str, body: Mapping[str, Any], reason: str) -> None:
    assert refusal(method, path, body, lambda p: WORLD.get(p, {})) == reason


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Path]:
    """A fake Docker engine on a Unix socket: /events is an endless stream, everything else a short response."""
    path = tmp_path / "docker.sock"

    class Engine(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            asked = self.rfile.readline().split()[1]
            while self.rfile.readline().strip():
                pass
            if asked != b"/events":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}")
                return
            self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n")
            self.wfile.write(b'7\r\n{"n":1}\r\n')
            self.rfile.read(1)  # open until the filter disconnects

    with socketserver.ThreadingUnixStreamServer(str(path), Engine) as server:
        server.daemon_threads, server.block_on_close = True, False
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield path
        server.shutdown()


@pytest.mark.process
def test_an_event_passes_the_filter_at_once_in_a_chunked_stream(engine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket_filter, "SOCKET", str(engine))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), socket_filter.Filter) as server:
        server.daemon_threads, server.block_on_close = True, False
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        client = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=5)
        client.request("GET", "/version")
        assert client.getresponse().read() == b"{}"
        client.request("GET", "/events")  # on the same connection, which was kept alive
        answer = client.getresponse()
        assert answer.getheader("Transfer-Encoding") == "chunked"
        assert answer.read1(100) == b'{"n":1}'
        client.close()
        server.shutdown()
