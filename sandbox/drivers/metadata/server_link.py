"""The control plane's end of the server's socket (server/link.py): asks it to look at the folder, and hears what it serves.

One thread connects, and connects again when the server has ended. Where this process is responsible for the server, it starts it then.
"""

import json
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import astuple, dataclass
from pathlib import Path

from sandbox.core.backoff import backoff
from sandbox.drivers.metadata.base import Uses
from sandbox.drivers.metadata.files import SOCKET
from sandbox.drivers.metadata.server.identity import identity
from sandbox.drivers.metadata.server_process import ServerProcess

FIRST_WAIT, LONGEST_WAIT = 0.05, 2.0  # real seconds between two attempts to connect
STOP_TIMEOUT, ASK_AGAIN = 10.0, 0.1
NEXT = "next: sandbox logs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    identity: str
    started: str  # differs after each start of the server
    versions: Mapping[str, int]
    uses: Mapping[str, Uses]
    problem: str | None

    @staticmethod
    def from_json(line: bytes) -> "Status":
        value = json.loads(line)
        return Status(**{**value, "uses": {instance_id: Uses(*counts) for instance_id, counts in value["uses"].items()}})


class ServerLink:
    """`take` is called in the link's thread with each status. `process` None: the server is not this process's to start."""

    def __init__(self, folder: Path, take: Callable[[Status], None], process: ServerProcess | None) -> None:
        self._path, self._take, self._process = folder / SOCKET, take, process
        self._lock = threading.Lock()
        self._connection: socket.socket | None = None
        self._why_not: str | None = "The metadata service is starting."
        self._status: Status | None = None
        self._uses: dict[str, Uses] = {}
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="metadata-link", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def look(self) -> None:
        """Tells the server that the folder has changed. Without a connection it finds out by itself, within a second."""
        self._send({"look": True})

    def uses(self) -> Mapping[str, Uses]:
        with self._lock:
            return dict(self._uses)

    def why_not(self) -> str | None:
        return self._why_not

    def close(self, *, keep_serving: bool) -> None:
        self._closing.set()
        with self._lock:
            connection = self._connection
        if connection is not None:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        if self._thread.is_alive():
            self._thread.join()
        if not keep_serving and self._process is not None:
            self._stop_server(self._process)

    def _stop_server(self, process: ServerProcess) -> None:
        """Asks until it has ended: one that has just been started opens its socket later."""
        deadline = time.monotonic() + STOP_TIMEOUT
        while process.runs() and time.monotonic() < deadline:
            self._ask_to_stop()
            process.wait(ASK_AGAIN)

    def _ask_to_stop(self) -> None:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(STOP_TIMEOUT)
            asking.connect(str(self._path))
            asking.sendall(b'{"stop": true}\n')
            while asking.recv(1 << 16):
                pass

    # ---- the link's thread ------------------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        failures = 0
        while not self._closing.is_set():
            try:
                with socket.socket(socket.AF_UNIX) as connection:
                    connection.connect(str(self._path))
                    failures = 0
                    self._listen(connection)
                self._why_not = f"The metadata service has ended. {NEXT}"
            except OSError as error:
                self._why_not = f"The metadata service does not answer ({error.strerror or error}). {NEXT}"
            failures += 1
            if self._process is not None and not self._closing.is_set():
                self._why_not = self._process.start() or self._why_not
            self._closing.wait(backoff(failures, first=FIRST_WAIT, longest=LONGEST_WAIT))

    def _listen(self, connection: socket.socket) -> None:
        with self._lock:
            self._connection = connection
        try:
            with connection.makefile("rb") as lines:
                self.look()
                for line in lines:
                    self._hear(Status.from_json(line))
        finally:
            with self._lock:
                self._connection = None

    def _hear(self, status: Status) -> None:
        if self._process is not None and status.identity != identity():
            self._send({"stop": True})  # a server of another release; _watch starts its successor
            return
        with self._lock:
            before = self._status if self._status and self._status.started == status.started else None
            first = self._status is None
            for instance_id, now in status.uses.items():
                old = before.uses.get(instance_id, Uses()) if before else (now if first else Uses())
                self._uses[instance_id] = _plus(self._uses.get(instance_id, Uses()), now, old)
            self._uses = {instance_id: self._uses[instance_id] for instance_id in status.uses}
            self._status = status
        self._why_not = status.problem
        self._take(status)

    def _send(self, value: Mapping[str, bool]) -> None:
        with self._lock:
            if self._connection is not None:
                with suppress(OSError):
                    self._connection.sendall(json.dumps(value).encode() + b"\n")


def _plus(total: Uses, now: Uses, before: Uses) -> Uses:
    """`total`, and what was added between `before` and `now`."""
    return Uses(*(a + b - c for a, b, c in zip(astuple(total), astuple(now), astuple(before), strict=True)))
