"""`run_command` of the Docker runtime: an exec of the Docker engine, without standard input and without a terminal.

Docker cannot end an exec. So a small shell script in front of the command tells its process id, and a second exec kills every process of
that session. While the container is paused Docker starts no exec; `timeout`, where the image has it, then kills the command after the thaw.
"""

import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from math import ceil
from typing import Any

from sandbox.drivers.runtime.commands import Cancellation, CommandEnd, CommandResult, Kept, MachineCommand
from sandbox.drivers.runtime.docker.commands.calls import CANNOT_EXECUTE, NOT_FOUND, PATIENCE, SHELLS, ExecCalls, ExecInfo
from sandbox.drivers.runtime.docker.engine import DockerEngine

BEGIN = """echo "$$" >&2; limit=$1; shift
command -v timeout >/dev/null 2>&1 && exec timeout -s KILL "$limit" "$@"
exec "$@\""""
"""The first line on standard error is the process id; Docker makes each exec the leader of a session."""
LATER = 5
"""Real seconds by which `timeout` inside the machine is later than the runtime: it counts only if the runtime's kill could not."""
HEADER = struct.Struct(">BxxxL")
STDOUT, STDERR = 1, 2


class DockerCommands:
    def __init__(self, engine: DockerEngine) -> None:
        self._engine = engine

    def run(self, instance_id: str, command: MachineCommand, cancellation: Cancellation) -> CommandResult:
        """Raises KeyError if the container does not run, DriverUnavailable if Docker does not answer."""
        result = CommandResult(end=CommandEnd.NOT_STARTED, detail="the machine has no shell")
        for shell in SHELLS:
            running = _Exec(self._engine, instance_id, shell)
            result = running.run(command, cancellation)
            if not (result.end is CommandEnd.NOT_STARTED and f'"{shell[0]}"' in result.detail):
                break
        return result


class _Exec:
    """One command in one container, begun with one of the shells."""

    def __init__(self, engine: DockerEngine, instance_id: str, shell: tuple[str, ...]) -> None:
        self._calls, self._instance_id, self._shell = ExecCalls(engine, instance_id), instance_id, shell
        self._stdout, self._stderr = Kept(), Kept()
        self._ended = threading.Condition()
        self._done = False
        self._stop = False

    def run(self, command: MachineCommand, cancellation: Cancellation) -> CommandResult:
        exec_id = self._create(command)
        stream = self._calls.start(exec_id, command.timeout + PATIENCE)
        reader = threading.Thread(target=self._read, args=(stream,), name=f"exec-{self._instance_id}", daemon=True)
        reader.start()
        cancellation.on_request(self._request_stop)
        in_time = self._wait(command.timeout, lambda: self._done or self._stop)
        if not self._done:
            self._calls.kill_session(self._shell, self._stderr.value().split(b"\n")[0])
            self._wait(PATIENCE, lambda: self._done)
        stream.close()
        if not in_time:
            return self._result(CommandEnd.TIMED_OUT, None, f"it ran longer than {command.timeout:g} s")
        return self._result(CommandEnd.CANCELED, None, "") if self._stop else self._outcome(self._calls.info(exec_id))

    def _outcome(self, info: ExecInfo | None) -> CommandResult:
        if info is None or info.running or info.exit_code is None:
            return self._result(CommandEnd.LOST, None, "the machine ended while the command ran")
        if not info.started and info.exit_code in (CANNOT_EXECUTE, NOT_FOUND):
            said = (self._stdout.value() + self._stderr.value()).decode(errors="replace").strip()
            return CommandResult(end=CommandEnd.NOT_STARTED, detail=said or "Docker could not start it")
        return self._result(CommandEnd.EXITED, info.exit_code, "")

    def _result(self, end: CommandEnd, exit_code: int | None, detail: str) -> CommandResult:
        _, _, stderr = self._stderr.value().partition(b"\n")
        return CommandResult(end=end, exit_code=exit_code, stdout=self._stdout.value(), stderr=stderr, detail=detail)

    def _create(self, command: MachineCommand) -> str:
        limit = str(ceil(command.timeout) + LATER)
        return self._calls.create(
            {
                "Cmd": [*self._shell, "-c", BEGIN, "sh", limit, *command.argv],
                "User": command.user or "",
                "Env": [f"{name}={value}" for name, value in command.environment.items()],
                "WorkingDir": command.directory or "",
            }
        )

    # ---- the stream ----------------------------------------------------------------------------------------------------------------------

    def _read(self, stream: Any) -> None:
        with suppress(Exception):  # Docker or the machine is gone, or nobody reads any more: what the exec's own state says counts
            _demultiplex(stream.raw.read1, {STDOUT: self._stdout.add, STDERR: self._stderr.add})
        with self._ended:
            self._done = True
            self._ended.notify_all()

    def _request_stop(self) -> None:
        with self._ended:
            self._stop = True
            self._ended.notify_all()

    def _wait(self, seconds: float, condition: Callable[[], bool]) -> bool:
        with self._ended:
            return self._ended.wait_for(condition, seconds)


def _demultiplex(read: Callable[[int], bytes], sinks: Mapping[int, Callable[[bytes], None]]) -> None:
    """Docker's stream of frames: a byte that names the stream, three of padding, four with the length, and the data."""
    held = b""
    while chunk := read(65536):
        held += chunk
        while len(held) >= HEADER.size:
            stream, length = HEADER.unpack_from(held)
            if len(held) < HEADER.size + length:
                break
            if stream in sinks:
                sinks[stream](held[HEADER.size : HEADER.size + length])
            held = held[HEADER.size + length :]
