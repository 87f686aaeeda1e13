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
import threading
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sandbox.drivers.metering.containers import ContainerCounters
from sandbox.drivers.metering.stats import StatsCounters

SOCKET = os.environ.get("DOCKER_SOCKET", "/var/run/docker.sock")
NAME = os.environ.get("SANDBOX_NAME", "sandbox")
IMAGES = re.compile(os.environ.get("SANDBOX_ALLOWED_IMAGES", r"[a-z0-9][\w./:@-]*"))
PROC = Path(os.environ.get("HOST_PROC", "/proc"))  # the host's, mounted read-only, for the counters of instances
CGROUPS = Path(os.environ.get("HOST_CGROUPS", "/sys/fs/cgroup"))
USAGE = os.environ.get("SANDBOX_USAGE", "files")  # of these folders, or "stats": from Docker's statistics (launch/desktop.py)

NAME_LABEL = "sandbox.name"
ROUTER_ROLE = "netns"  # the only other container that may be connected to a subnet
SYSCTLS = {"net.ipv4.conf.all.arp_ignore", "net.ipv4.conf.all.drop_gratuitous_arp", "net.ipv4.neigh.eth0.locktime"}
CAPABILITIES = {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETUID", "SETGID", "NET_BIND_SERVICE", "KILL", "AUDIT_WRITE"}
HOST_CONFIG = {
    "NetworkMode", "CapAdd", "CapDrop", "Init", "Memory", "MemorySwap", "NanoCpus", "CpuQuota", "CpuPeriod", "PidsLimit", "LogConfig",
    "RestartPolicy", "Tmpfs", "ShmSize", "Sysctls", "Dns", "DnsSearch", "SecurityOpt",
}  # fmt: skip

READ = re.compile(
    r"/(_ping|version|info|events|containers/json|networks|images/json)"
    r"|/containers/[\w.-]+/(json|stats|logs|top)|/networks/[\w.-]+|/images/[\w./:-]+/json|/exec/\w+/json"
)
CONTAINER = re.compile(r"/containers/([\w.-]+)(?:/(start|stop|kill|pause|unpause|restart|update|wait))?")
COMMAND = re.compile(r"/(containers|exec)/([\w.-]+)/(exec|start|resize)")
COMMAND_OPTIONS = {"Cmd", "User", "Env", "WorkingDir", "AttachStdin", "AttachStdout", "AttachStderr", "Tty"}
"""Of a command in an instance: it is never privileged. With a terminal it is the shell of a session."""
TERMINAL = re.compile(r"/exec/\w+/start")
"""Of this call Docker may hand over the connection."""
ARCHIVE = re.compile(r"/containers/([\w.-]+)/archive")
READABLE = {"/.sandbox", "/var/lib/cloud/data/result.json"}
"""Files of our containers that are read: the init for own images, from the machine image, and the result of an instance's user data."""
IMAGE = re.compile(rf"/images/{re.escape(NAME)}/ami:ami-[0-9a-f]+")
"""An image that was made of an instance."""
NETWORK = re.compile(r"/networks/([\w.-]+)(?:/(connect|disconnect))?")

Inspect = Callable[[str], Mapping[str, Any]]  # path of a Docker API GET → its JSON, {} on 404


def refusal(method: str, path: str, body: Mapping[str, Any], inspect: Inspect, query: Mapping[str, str] | None = None) -> str | None:
    """None when the call is allowed, else the reason. `path`: without API version and query."""
    if found := ARCHIVE.fullmatch(path):
        return _refuse_archive(method, found[1], (query or {}).get("path"), inspect)
    if (method, path) == ("POST", "/commit"):
        return _refuse_commit(body, query or {}, inspect)
    if method == "DELETE" and IMAGE.fullmatch(path):
        return None
    if method in ("GET", "HEAD"):
        return None if READ.fullmatch(path) else "this read is not needed"
    if (method, path) == ("POST", "/networks/create"):
        return _refuse_network(body)
    if (method, path) == ("POST", "/containers/create"):
        return _refuse_container(body, inspect)
    if (found := COMMAND.fullmatch(path)) and (found[1] == "exec") == (found[3] != "exec"):
        return _refuse_command(method, found[2], body, inspect, created=found[1] == "exec")
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


def _refuse_archive(method: str, name: str, path: str | None, inspect: Inspect) -> str | None:
    """Files are copied into a container until its first start, and a few are read."""
    if not (method == "PUT" and path == "/") and not (method == "GET" and path in READABLE):
        return "these files are not needed"
    container = inspect(f"/containers/{name}/json")
    if not _ours(container.get("Config", {}).get("Labels")):
        return "the container is not this sandbox's"
    return "the container has been started" if method == "PUT" and container.get("State", {}).get("Status") != "created" else None


def _refuse_commit(body: Mapping[str, Any], query: Mapping[str, str], inspect: Inspect) -> str | None:
    """An image is made of an instance, with this sandbox's name and labels, and runs what the instance runs."""
    if not IMAGE.fullmatch(f"/images/{query.get('repo')}:{query.get('tag')}"):
        return f"images of instances are {NAME}/ami:<AMI id>"
    if body or not query.get("changes", "").startswith("LABEL ") or "\n" in query["changes"]:
        return "only labels of the image may differ from the instance"
    labels = inspect(f"/containers/{query.get('container')}/json").get("Config", {}).get("Labels")
    return None if _ours(labels) else "the container is not this sandbox's"


def _refuse_command(method: str, name: str, body: Mapping[str, Any], inspect: Inspect, *, created: bool) -> str | None:
    """A command in an instance (`name` is the container), or its start or size (`name` is the command, which was `created` before)."""
    allowed = {"Tty"} if created else COMMAND_OPTIONS
    if method != "POST":
        return "this call is not needed"
    if extra := sorted(key for key, value in body.items() if value and key not in allowed):
        return f"a command may not have {', '.join(extra)}"
    container = inspect(f"/exec/{name}/json").get("ContainerID") if created else name
    labels = inspect(f"/containers/{container}/json").get("Config", {}).get("Labels") or {}
    return None if _ours(labels) else "the container is not this sandbox's"


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
    if host.get("SecurityOpt") not in (None, [], ["no-new-privileges"]):  # it could also take seccomp away
        return "SecurityOpt may only be no-new-privileges"
    if others := sorted(set(host.get("Sysctls") or ()) - SYSCTLS):
        return f"sysctls beyond those of an instance: {', '.join(others)}"
    if not IMAGES.fullmatch(body.get("Image", "")):
        return f"the image {body.get('Image')} is not an image that instances may have"
    if not _ours(body.get("Labels")):
        return f"containers are labelled {NAME_LABEL}={NAME}"
    networks = [host.get("NetworkMode") or "default", *((body.get("NetworkingConfig") or {}).get("EndpointsConfig") or {})]
    strangers = [n for n in networks if n != "none" and not _ours(inspect(f"/networks/{n}").get("Labels"))]
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


def _follow(path: str) -> Iterator[bytes]:
    engine = _Engine()
    try:
        engine.request("GET", urllib.parse.quote(path, safe="/?=%&"))
        yield from engine.getresponse()
    finally:
        engine.close()


COUNTERS = StatsCounters(_inspect, _follow, NAME) if USAGE == "stats" else ContainerCounters(_inspect, NAME, PROC, CGROUPS)


class Filter(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _relay(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urllib.parse.unquote(re.sub(r"^/v[\d.]+", "", self.path.split("?")[0]))
        try:
            if path == "/_sandbox/usage":
                return self._send(200, json.dumps(COUNTERS.read()).encode())
            query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
            body = {} if ARCHIVE.fullmatch(path) else json.loads(raw or b"{}")  # an archive is no JSON
            reason = refusal(self.command, path, body, _inspect, query)
            if reason is None and TERMINAL.fullmatch(path) and body.get("Tty"):
                return self._hand_over(raw)
            self._pass_on(raw) if reason is None else self._answer(403, f"docker filter: {self.command} {path}: {reason}")
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the caller has disconnected
        except ValueError as error:
            self._answer(400, f"docker filter: the body is not JSON: {error}")
        except OSError as error:
            self._answer(502, f"docker filter: the Docker engine does not answer: {error}")

    def _pass_on(self, raw: bytes) -> None:
        engine = _Engine()
        engine.request(self.command, self.path, raw or None, {"Content-Type": self.headers.get("Content-Type") or "application/json"})
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

    def _hand_over(self, raw: bytes) -> None:
        """The connection of a terminal: bytes in both directions, until one side ends it."""
        engine = _Engine()
        engine.request(self.command, self.path, raw, {"Content-Type": "application/json", "Connection": "Upgrade", "Upgrade": "tcp"})
        answer = engine.getresponse()
        if answer.status != 101:
            engine.close()
            return self._send(answer.status, answer.read())
        self.close_connection = True
        self.send_response(101)
        self.send_header("Connection", "Upgrade")
        self.send_header("Upgrade", "tcp")
        self.end_headers()
        typing = threading.Thread(target=_copy, args=(self.rfile.read1, engine.sock), daemon=True)
        typing.start()
        _copy(answer.fp.read1, self.connection)
        engine.sock.close()

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


def _copy(read: Callable[[int], bytes], to: socket.socket) -> None:
    try:
        while chunk := read(65536):
            to.sendall(chunk)
        to.shutdown(socket.SHUT_RDWR)
    except (OSError, ValueError):
        return  # one side has ended


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
