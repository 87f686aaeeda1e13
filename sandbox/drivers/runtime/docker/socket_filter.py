"""The only process with access to the Docker socket (compose service `dockerapi`). It forwards the calls that the control plane needs, on
objects with this sandbox's label, and refuses all others with the reason: access to the raw socket is control of the host.

`python3 -m sandbox.drivers.runtime.docker.socket_filter PORT`. Standard library only, so that what guards the socket is quick to read.
It also reports what instances use (`GET /_sandbox/usage`), since it is the one place that may look at the host's /proc.
"""

import http.client
import http.server
import json
import os
import re
import socket
import sys
import urllib.parse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sandbox.drivers.metering.containers import ContainerCounters

SOCKET = os.environ.get("DOCKER_SOCKET", "/var/run/docker.sock")
NAME = os.environ.get("SANDBOX_NAME", "sandbox")
IMAGES = re.compile(os.environ.get("SANDBOX_ALLOWED_IMAGES", r"sandbox/machine:[\w.-]+"))
PROC = Path(os.environ.get("HOST_PROC", "/proc"))  # the host's, mounted read-only, for the counters of instances
CGROUPS = Path(os.environ.get("HOST_CGROUPS", "/sys/fs/cgroup"))

NAME_LABEL = "sandbox.name"
ROUTER_ROLE = "netns"  # the only other container that may be connected to a subnet
CAPABILITIES = {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETUID", "SETGID", "NET_BIND_SERVICE", "KILL", "AUDIT_WRITE"}
HOST_CONFIG = {
    "NetworkMode", "CapAdd", "CapDrop", "Init", "Memory", "MemorySwap", "NanoCpus", "CpuQuota", "CpuPeriod", "PidsLimit", "LogConfig",
    "RestartPolicy", "Tmpfs", "ShmSize",
}  # fmt: skip

READ = re.compile(
    r"/(_ping|version|info|events|containers/json|networks|images/json)"
    r"|/containers/[\w.-]+/(json|stats|logs|top)|/networks/[\w.-]+|/images/[\w./:-]+/json"
)
CONTAINER = re.compile(r"/containers/([\w.-]+)(?:/(start|stop|kill|pause|unpause|restart|update|wait))?")
NETWORK = re.compile(r"/networks/([\w.-]+)(?:/(connect|disconnect))?")

Inspect = Callable[[str], Mapping[str, Any]]  # path of a Docker API GET → its JSON, {} on 404


def refusal(method: str, path: str, body: Mapping[str, Any], inspect: Inspect) -> str | None:
    """None when the call is allowed, else the reason. `path`: without API version and query."""
    if method in ("GET", "HEAD"):
        return None if READ.fullmatch(path) else "this read is not needed"
    if (method, path) == ("POST", "/networks/create"):
        return _refuse_network(body)
    if (method, path) == ("POST", "/containers/create"):
        return _refuse_container(body, inspect)
    if found := NETWORK.fullmatch(path):
        return _refuse_network_change(method, found[1], found[2], body, inspect)
    if found := CONTAINER.fullmatch(path):
        if (method == "DELETE") == bool(found[2]):
            return "this call is not needed"
        labels = inspect(f"/containers/{found[1]}/json").get("Config", {}).get("Labels") or {}
        if found[2] == "start" and (labels.get("sandbox.role"), labels.get("sandbox.topology")) == ("dataplane", NAME):
            return None  # a killed Envoy is restarted
        return None if _ours(labels) else "the container is not this sandbox's"
    return "this call is not needed"


def _ours(labels: Mapping[str, str] | None) -> bool:
    return (labels or {}).get(NAME_LABEL) == NAME


def _refuse_network(body: Mapping[str, Any]) -> str | None:
    if body.get("Driver", "bridge") != "bridge" or not _ours(body.get("Labels")):
        return f"networks are bridges labelled {NAME_LABEL}={NAME}"
    return None


def _refuse_container(body: Mapping[str, Any], inspect: Inspect) -> str | None:
    host = body.get("HostConfig") or {}
    if extra := sorted(key for key, value in host.items() if value and key not in HOST_CONFIG):
        return f"HostConfig may not have {', '.join(extra)}"
    if beyond := set(host.get("CapAdd") or ()) - CAPABILITIES:
        return f"capabilities beyond those of an instance: {', '.join(sorted(beyond))}"
    if not IMAGES.fullmatch(body.get("Image", "")):
        return f"the image {body.get('Image')} is not a machine image"
    if not _ours(body.get("Labels")):
        return f"containers are labelled {NAME_LABEL}={NAME}"
    networks = [host.get("NetworkMode") or "default", *((body.get("NetworkingConfig") or {}).get("EndpointsConfig") or {})]
    strangers = [n for n in networks if not _ours(inspect(f"/networks/{n}").get("Labels"))]
    return f"the network {strangers[0]} is not this sandbox's" if strangers else None


def _refuse_network_change(method: str, name: str, verb: str | None, body: Mapping[str, Any], inspect: Inspect) -> str | None:
    if not _ours(inspect(f"/networks/{name}").get("Labels")):
        return "the network is not this sandbox's"
    if verb is None:
        return None if method == "DELETE" else "this call is not needed"
    labels = inspect(f"/containers/{body.get('Container')}/json").get("Config", {}).get("Labels") or {}
    if _ours(labels) or labels.get("sandbox.role") == ROUTER_ROLE:
        return None
    return "the container to connect is not this sandbox's"


class _Engine(http.client.HTTPConnection):
    """Docker over its Unix socket. Not drivers/http_client.py: this program is standard library only."""

    def __init__(self) -> None:
        super().__init__("docker")

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(SOCKET)


def _inspect(path: str) -> Any:
    engine = _Engine()
    try:
        engine.request("GET", urllib.parse.quote(path, safe="/?=%&"))
        answer = engine.getresponse()
        found = json.loads(answer.read())
        return found if answer.status == 200 else {}
    finally:
        engine.close()


COUNTERS = ContainerCounters(_inspect, NAME, PROC, CGROUPS)


class Filter(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _relay(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urllib.parse.unquote(re.sub(r"^/v[\d.]+", "", self.path.split("?")[0]))
        try:
            if path == "/_sandbox/usage":
                return self._send(200, json.dumps(COUNTERS.read()).encode())
            reason = refusal(self.command, path, json.loads(raw or b"{}"), _inspect)
            self._pass_on(raw) if reason is None else self._answer(403, f"docker filter: {self.command} {path}: {reason}")
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the caller has disconnected
        except ValueError as error:
            self._answer(400, f"docker filter: the body is not JSON: {error}")
        except OSError as error:
            self._answer(502, f"docker filter: the Docker engine does not answer: {error}")

    def _pass_on(self, raw: bytes) -> None:
        engine = _Engine()
        engine.request(self.command, self.path, raw or None, {"Content-Type": "application/json"})
        answer = engine.getresponse()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.getheader("Content-Type") or "application/json")
        length = answer.getheader("Content-Length")
        if length is None and answer.status not in (204, 304):
            self.send_header("Transfer-Encoding", "chunked")  # Docker's clients read /events as a stream only when it is chunked
        else:
            self.send_header("Content-Length", length or "0")
        self.end_headers()
        while chunk := answer.read1(65536):
            self.wfile.write(chunk if length else b"%x\r\n%b\r\n" % (len(chunk), chunk))
            self.wfile.flush()
        if length is None and answer.status not in (204, 304):
            self.wfile.write(b"0\r\n\r\n")
        engine.close()

    def _answer(self, status: int, message: str) -> None:
        self._send(status, json.dumps({"message": message}).encode())

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_DELETE = do_PUT = _relay

    def log_message(self, format: str, *args: object) -> None:
        """No log: the caller gets the reason of a refusal."""


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def server_bind(self) -> None:
        """HTTPServer's looks up its own host name, which blocks without DNS."""
        socket.socket.setsockopt(self.socket, socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)


def main() -> None:
    _Server(("0.0.0.0", int(sys.argv[1])), Filter).serve_forever()


if __name__ == "__main__":
    main()
