"""What the Docker engine is asked about commands in a container: its execs.

Docker cannot end an exec. It makes each one the leader of a session, so a second exec kills every process of that session.
"""

import socket
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from urllib3.exceptions import HTTPError

from sandbox.core.errors import DriverUnavailable
from sandbox.drivers.runtime.docker import labels
from sandbox.drivers.runtime.docker.engine import DockerEngine
from sandbox.drivers.runtime.docker.errors import DockerApiError

SHELLS = (("/bin/sh",), ("/.sandbox/busybox", "sh"))
"""The second is what own images without a shell are given."""
KILL_SESSION = """for each in /proc/[0-9]*; do
read -r status < "$each/stat" 2>/dev/null || continue
set -- "$1" ${status##*) }
[ "$5" = "$1" ] && kill -KILL "${each#/proc/}"
done; true"""
PATIENCE = 10.0
"""Real seconds for the end of the stream after a kill."""
CANNOT_EXECUTE, NOT_FOUND = 126, 127


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecInfo:
    running: bool
    exit_code: int | None
    started: bool


class ExecStream:
    """The connection of an exec with a terminal, which Docker has handed over: bytes in both directions."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer  # kept, for the SDK closes the connection with it
        self._reader: Any = answer.raw._fp.fp  # may hold bytes that came with the answer's head
        self._socket: socket.socket = self._reader.raw._sock
        self._socket.settimeout(None)

    def read(self) -> bytes:
        """Empty: it has ended."""
        try:
            return bytes(self._reader.read1(65536))
        except (OSError, ValueError):
            return b""

    def write(self, data: bytes) -> None:
        self._socket.sendall(data)

    def close(self) -> None:
        """A `read` in another thread ends."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return


class ExecCalls:
    """Of the container of one instance. Every call raises DriverUnavailable if Docker does not answer."""

    def __init__(self, engine: DockerEngine, instance_id: str) -> None:
        self._engine, self._instance_id = engine, instance_id

    def create(self, config: Mapping[str, Any]) -> str:
        """→ its id. Raises KeyError if the container does not run."""
        body = {"AttachStdin": False, "AttachStdout": True, "AttachStderr": True, "Tty": False, **config}
        try:
            with self._engine.calls() as client:
                url = client._url("/containers/{0}/exec", labels.container_name(self._engine.name, self._instance_id))
                return str(client._result(client._post_json(url, data=body), True)["Id"])
        except DockerApiError as refused:
            if refused.status in (404, 409):
                raise KeyError(self._instance_id) from refused
            raise

    def start(self, exec_id: str, silence: float) -> Any:
        """`silence`: real seconds after which a stream without a byte is given up. The SDK's own call takes the connection over, which the
        socket filter allows for terminals only."""
        with self._engine.calls() as client:
            url = client._url("/exec/{0}/start", exec_id)
            answer = client._post_json(url, data={"Detach": False, "Tty": False}, stream=True, timeout=silence)
            client._raise_for_status(answer)
            return answer

    def start_terminal(self, exec_id: str) -> ExecStream:
        with self._engine.calls() as client:
            url = client._url("/exec/{0}/start", exec_id)
            headers = {"Connection": "Upgrade", "Upgrade": "tcp"}
            answer = client._post_json(url, data={"Detach": False, "Tty": True}, headers=headers, stream=True)
            client._raise_for_status(answer)
            return ExecStream(answer)

    def resize(self, exec_id: str, columns: int, rows: int) -> None:
        with self._engine.calls() as client:
            client.exec_resize(exec_id, height=rows, width=columns)

    def info(self, exec_id: str) -> ExecInfo | None:
        """None: the container is gone."""
        try:
            with self._engine.calls() as client:
                found = client.exec_inspect(exec_id)
        except DockerApiError as refused:
            if refused.status in (404, 409):
                return None
            raise
        return ExecInfo(running=found["Running"], exit_code=found["ExitCode"], started=bool(found["Pid"]))

    def kill_session(self, shell: tuple[str, ...], told: bytes) -> None:
        """Kills every process of a session, and returns when that is done: Docker waits for ever for a container that is paused while an
        exec begins in it. `told`: the process id of its leader, as the leader printed it. No effect if it is none, or the machine is gone
        or paused."""
        leader = told.decode(errors="replace").strip()
        if not leader.isdigit():
            return
        try:
            exec_id = self.create({"Cmd": [*shell, "-c", KILL_SESSION, "sh", leader], "User": "0"})
            with closing(self.start(exec_id, PATIENCE)) as answer:
                answer.raw.read()  # nothing, and then its end
        except (KeyError, DockerApiError, DriverUnavailable, HTTPError):
            return
