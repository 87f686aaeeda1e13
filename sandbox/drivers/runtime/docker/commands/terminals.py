"""`open_terminal` of the Docker runtime: an exec of the Docker engine with a terminal, whose connection Docker hands over."""

from contextlib import suppress

from sandbox.core.errors import DriverUnavailable
from sandbox.drivers.runtime.docker.commands.calls import SHELLS, ExecCalls, ExecStream
from sandbox.drivers.runtime.docker.engine import DockerEngine
from sandbox.drivers.runtime.docker.errors import DockerApiError
from sandbox.drivers.runtime.terminals import SHELL, TERM, Terminal

BEGIN = f"""echo "$$"; {SHELL}"""
"""The first line is the process id, for the end of the session."""
LONGEST_FIRST_LINE = 4_096  # bytes


class DockerTerminal:
    def __init__(self, calls: ExecCalls, shell: tuple[str, ...]) -> None:
        """Raises KeyError if the container does not run, FileNotFoundError if the image has not this shell."""
        self._calls, self._shell = calls, shell
        words = [*shell, "-c", BEGIN]
        self._exec_id = calls.create({"Cmd": words, "AttachStdin": True, "Tty": True, "Env": [f"TERM={TERM}"]})
        self._stream: ExecStream = calls.start_terminal(self._exec_id)
        self._leader, self._held = self._first_line()
        self._closed = False
        if not self._leader.strip().isdigit():
            told = (self._leader + self._held).decode(errors="replace").strip()
            self._stream.close()
            raise FileNotFoundError(2, told or "the shell ended at once")

    def read(self) -> bytes:
        held, self._held = self._held, b""
        return held or self._stream.read()

    def write(self, data: bytes) -> None:
        self._stream.write(data)

    def resize(self, columns: int, rows: int) -> None:
        with suppress(DockerApiError, DriverUnavailable):  # it has ended
            self._calls.resize(self._exec_id, columns, rows)

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._stream.close()  # which ends a `read`, and nothing in the machine
            self._calls.kill_session(self._shell, self._leader)

    def _first_line(self) -> tuple[bytes, bytes]:
        """The line, and what came with it."""
        found = b""
        while b"\n" not in found and len(found) < LONGEST_FIRST_LINE and (data := self._stream.read()):
            found += data
        line, _, rest = found.partition(b"\n")
        return line, rest


def open_terminal(engine: DockerEngine, instance_id: str) -> Terminal:
    """Raises KeyError if the container does not run, FileNotFoundError if it has no shell, DriverUnavailable if Docker does not answer."""
    calls = ExecCalls(engine, instance_id)
    for shell in SHELLS[:-1]:
        with suppress(FileNotFoundError):
            return DockerTerminal(calls, shell)
    return DockerTerminal(calls, SHELLS[-1])
