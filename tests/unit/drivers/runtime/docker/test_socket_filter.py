"""Which calls of the Docker API the filter forwards, and which it refuses."""

import http.client
import http.server
import socket
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
    "/containers/new/json": {"Config": {"Labels": OURS}, "State": {"Status": "created"}},
    "/containers/started/json": {"Config": {"Labels": OURS}, "State": {"Status": "running"}},
    "/containers/netns/json": {"Config": {"Labels": {"sandbox.role": "netns"}}},
    "/containers/envoy/json": {"Config": {"Labels": {"sandbox.role": "dataplane", "sandbox.topology": "sandbox"}}},
    "/containers/envoy2/json": {"Config": {"Labels": {"sandbox.role": "dataplane", "sandbox.topology": "another"}}},
    "/containers/other/json": {"Config": {"Labels": {}}},
    "/exec/1a/json": {"ContainerID": "ours"},
    "/exec/2b/json": {"ContainerID": "other"},
}
COMMAND = {"Cmd": ["sh", "-c", "true"], "AttachStdin": False, "AttachStdout": True, "AttachStderr": True, "Tty": False, "User": "ubuntu"}
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
        ("POST", "/containers/create", with_host(Dns=["172.31.0.2"], DnsSearch=["ec2.internal"])),
        ("POST", "/containers/ours/start", {}),
        ("DELETE", "/containers/ours", {}),
        ("POST", "/containers/envoy/start", {}),
        ("POST", "/containers/ours/exec", COMMAND),
        ("POST", "/exec/1a/start", {"Detach": False, "Tty": False}),
        ("GET", "/exec/1a/json", {}),
        ("POST", "/networks/create", {"Driver": "bridge", "Labels": OURS}),
        ("POST", "/networks/sandbox-subnet-1/connect", {"Container": "netns"}),
        ("DELETE", "/networks/sandbox-subnet-1", {}),
    ],
)
def test_calls_that_running_instances_needs_are_allowed(method: str, path: str, body: Mapping[str, Any]) -> None:
    assert refusal(method, path, body, lambda p: WORLD.get(p, {})) is None


ARCHIVES = [
    ("PUT", "new", "/", None),
    ("PUT", "started", "/", "the container has been started"),
    ("PUT", "new", "/etc", "these files are not needed"),
    ("PUT", "other", "/", "the container is not this sandbox's"),
    ("GET", "started", "/.sandbox", None),
    ("GET", "started", "/etc/shadow", "these files are not needed"),
    ("GET", "other", "/.sandbox", "the container is not this sandbox's"),
    ("GET", "started", "/var/lib/cloud/data/result.json", None),
    ("GET", "other", "/var/lib/cloud/data/result.json", "the container is not this sandbox's"),
    ("PUT", "started", "/var/lib/cloud/data/result.json", "these files are not needed"),
    ("DELETE", "new", "/", "these files are not needed"),
]


@pytest.mark.parametrize(("method", "container", "files", "reason"), ARCHIVES)
def test_files_are_copied_into_a_new_container_only_and_the_init_is_read(
    method: str, container: str, files: str, reason: str | None
) -> None:
    assert refusal(method, f"/containers/{container}/archive", {}, lambda p: WORLD.get(p, {}), {"path": files}) == reason


COMMIT = {"container": "ours", "repo": "sandbox/ami", "tag": "ami-0a1b", "changes": "LABEL a=b"}
COMMITS = [
    ({}, {}, None),
    ({"container": "other"}, {}, "the container is not this sandbox's"),
    ({"repo": "sandbox/machine"}, {}, "images of instances are sandbox/ami:<AMI id>"),
    ({"tag": "latest"}, {}, "images of instances are sandbox/ami:<AMI id>"),
    ({"changes": "USER root"}, {}, "only labels of the image may differ from the instance"),
    ({"changes": "LABEL a=b\nUSER root"}, {}, "only labels of the image may differ from the instance"),
    ({}, {"User": "root"}, "only labels of the image may differ from the instance"),
]


@pytest.mark.parametrize(("query", "body", "reason"), COMMITS)
def test_an_image_is_made_of_an_instance_under_this_sandboxs_name(query: dict[str, str], body: dict[str, str], reason: str | None) -> None:
    assert refusal("POST", "/commit", body, lambda p: WORLD.get(p, {}), COMMIT | query) == reason


@pytest.mark.parametrize(("image", "reason"), [("sandbox/ami:ami-0a", None), ("sandbox/machine:1", "this call is not needed")])
def test_only_images_of_instances_are_removed(image: str, reason: str | None) -> None:
    assert refusal("DELETE", f"/images/{image}", {}, lambda p: WORLD.get(p, {})) == reason


@pytest.mark.parametrize("image", ["my/service:1", "registry.example:5000/app@sha256:0a1b", "alpine"])
def test_an_instance_may_have_any_image_of_the_engine(image: str) -> None:
    assert refusal("POST", "/containers/create", {**CREATE, "Image": image}, lambda p: WORLD.get(p, {})) is None


@pytest.mark.parametrize(
    ("method", "path", "body", "reason"),
    [
        ("POST", "/containers/create", with_host(Privileged=True), "HostConfig may not have Privileged"),
        ("POST", "/containers/create", with_host(Binds=["/:/host"]), "HostConfig may not have Binds"),
        ("POST", "/containers/create", with_host(PidMode="host"), "HostConfig may not have PidMode"),
        (
            "POST",
            "/containers/create",
            with_host(Sysctls={"net.ipv4.ip_forward": "1"}),
            "sysctls beyond those of an instance: net.ipv4.ip_forward",
        ),
        ("POST", "/containers/create", with_host(SecurityOpt=["seccomp=unconfined"]), "SecurityOpt may only be no-new-privileges"),
        ("POST", "/containers/create", with_host(CapAdd=["SYS_ADMIN"]), "capabilities beyond those of an instance: SYS_ADMIN"),
        ("POST", "/containers/create", with_host(NetworkMode="host"), "the network host is not this sandbox's"),
        ("POST", "/containers/create", with_host(NetworkMode="container:other"), "the network container:other is not this sandbox's"),
        (
            "POST",
            "/containers/create",
            {**CREATE, "Image": "--privileged"},
            "the image --privileged is not an image that instances may have",
        ),
        ("POST", "/containers/create", {**CREATE, "Labels": {}}, "containers are labelled sandbox.name=sandbox"),
        ("POST", "/containers/ours/exec", {**COMMAND, "Privileged": True}, "a command may not have Privileged"),
        ("POST", "/containers/other/exec", {**COMMAND, "AttachStdin": True, "Tty": True}, "the container is not this sandbox's"),
        ("POST", "/exec/2b/start", {"Detach": False, "Tty": True}, "the container is not this sandbox's"),
        ("POST", "/exec/2b/resize", {}, "the container is not this sandbox's"),
        ("POST", "/containers/other/exec", COMMAND, "the container is not this sandbox's"),
        ("POST", "/containers/netns/exec", COMMAND, "the container is not this sandbox's"),
        ("POST", "/exec/1a/start", {"Detach": True}, "a command may not have Detach"),
        ("POST", "/exec/2b/start", {"Detach": False}, "the container is not this sandbox's"),
        ("POST", "/exec/3c/start", {"Detach": False}, "the container is not this sandbox's"),
        ("DELETE", "/exec/1a/start", {}, "this call is not needed"),
        ("POST", "/containers/ours/resize", {}, "this call is not needed"),
        ("PUT", "/containers/ours/archive", {}, "these files are not needed"),
        ("DELETE", "/containers/other", {}, "the container is not this sandbox's"),
        ("POST", "/containers/envoy/kill", {}, "the container is not this sandbox's"),
        ("POST", "/containers/envoy2/start", {}, "the container is not this sandbox's"),
        ("POST", "/containers/netns/start", {}, "the container is not this sandbox's"),
        ("POST", "/containers/other/kill", {}, "the container is not this sandbox's"),
        ("POST", "/containers/missing/kill", {}, "the container is not this sandbox's"),
        ("DELETE", "/networks/other", {}, "the network is not this sandbox's"),
        ("POST", "/networks/sandbox-subnet-1/connect", {"Container": "other"}, "the container to connect is not this sandbox's"),
        ("POST", "/networks/create", {"Driver": "host", "Labels": OURS}, "networks are bridges labelled sandbox.name=sandbox"),
        ("GET", "/containers/ours/archive", {}, "these files are not needed"),
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
            if asked == b"/exec/1a/start":
                body = self.rfile.read(len(TERMINAL))
                assert body == TERMINAL, body
                self.wfile.write(b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n$ ")
                self.wfile.write(self.rfile.readline().upper())
                return
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


TERMINAL = b'{"Detach": false, "Tty": true}'


@pytest.mark.process
def test_a_terminal_gets_the_connection_itself_in_both_directions(engine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket_filter, "SOCKET", str(engine))
    monkeypatch.setattr(socket_filter, "_inspect", lambda path: WORLD.get(path, {}))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), socket_filter.Filter) as server:
        server.daemon_threads, server.block_on_close = True, False
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        with socket.create_connection(("127.0.0.1", server.server_address[1]), timeout=5) as client:
            head = b"POST /exec/1a/start HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: %d\r\n\r\n"
            client.sendall(head % len(TERMINAL) + TERMINAL + b"ls\n")
            with client.makefile("rb") as answer:
                assert answer.readline() == b"HTTP/1.1 101 Switching Protocols\r\n"
                told = answer.read()  # until the engine ends it
        assert told.endswith(b"\r\n\r\n$ LS\n")
        server.shutdown()
