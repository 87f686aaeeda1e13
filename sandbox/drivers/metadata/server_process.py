"""The metadata server as a process of this machine, in a session of its own: it goes on when the control plane ends, as Envoy does.

Only one runs for a folder, which it holds by a lock; who starts another one finds it there already.
"""

import fcntl
import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from sandbox.drivers.metadata.files import LOCK, LOG

MODULE = "sandbox.drivers.metadata.server"
POLL = 0.01  # real seconds, while its end is waited for


class ServerProcess:
    """`arguments` of the server, after the folder."""

    def __init__(self, folder: Path, arguments: Sequence[str]) -> None:
        self._folder, self._arguments = folder, tuple(arguments)
        self._pid: int | None = None

    def start(self) -> str | None:
        """Starts it, unless it runs or starts. → why it cannot be started."""
        if self.runs():
            return None
        command = [sys.executable, "-m", MODULE, str(self._folder), *self._arguments]
        try:
            # Not subprocess: the server outlives this process, so nothing here waits for its end.
            self._pid = os.posix_spawn(command[0], command, dict(os.environ), file_actions=self._output(), setsid=True)
        except OSError as error:
            return f"The metadata service cannot be started: {error}."
        return None

    def runs(self) -> bool:
        """Also one that has not opened its socket yet, and one that an earlier control plane started."""
        return self._child_runs() or self._held()

    def wait(self, timeout: float) -> None:
        """Returns when it has ended, or after `timeout` real seconds."""
        deadline = time.monotonic() + timeout
        while self.runs() and time.monotonic() < deadline:
            time.sleep(POLL)

    def _child_runs(self) -> bool:
        """Whether the process that this one started still runs. Collects its exit status if not."""
        if self._pid is None:
            return False
        with suppress(ChildProcessError):
            if os.waitpid(self._pid, os.WNOHANG) == (0, 0):
                return True
        self._pid = None
        return False

    def _held(self) -> bool:
        """Whether a server has the folder, whoever started it."""
        with (self._folder / LOCK).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def _output(self) -> list[tuple[object, ...]]:
        log = str(self._folder / LOG)
        return [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ]
