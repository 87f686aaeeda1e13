"""`open_terminal` of the process runtime: a shell of the sandbox's user in a pseudo-terminal, in the instance's folder."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from sandbox.drivers.runtime.terminals import SHELL, TERM

CHUNK = 65536
LOOK_EVERY = 500  # milliseconds between looks at whether the terminal was closed
IN_TERMINAL = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp(sys.argv[1], sys.argv[1:])"
"""Makes the terminal the one that controls the session, so that Ctrl-C reaches what runs in it. A child of a process with threads must run
no Python of its own before its exec, so this is a program of its own."""
SHELL_HERE = SHELL.removeprefix("cd; ")  # in the instance's folder, and not in the user's home


class ProcessTerminal:
    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        """Raises OSError if no process or terminal is left."""
        self._terminal, inside = pty.openpty()
        os.set_blocking(self._terminal, False)
        self._woken, self._wake = os.pipe()
        self._closed = False
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", IN_TERMINAL, "sh", "-c", SHELL_HERE],
                cwd=folder,
                env={**environment, "TERM": TERM},
                stdin=inside,
                stdout=inside,
                stderr=inside,
                start_new_session=True,
            )
        except OSError:
            self._forget()
            raise
        finally:
            os.close(inside)

    def read(self) -> bytes:
        waiting = select.poll()
        for each in (self._terminal, self._woken):
            waiting.register(each, select.POLLIN)
        if any(descriptor == self._terminal for descriptor, _ in waiting.poll()):
            with suppress(OSError):  # EIO: nothing has the terminal open any more
                return os.read(self._terminal, CHUNK)
        return b""

    def write(self, data: bytes) -> None:
        """In pieces, as the terminal takes them: it holds 4 KB that nobody reads."""
        waiting = select.poll()
        waiting.register(self._terminal, select.POLLOUT)
        while data and not self._closed:
            if waiting.poll(LOOK_EVERY):
                with suppress(BlockingIOError):
                    data = data[os.write(self._terminal, data) :]

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def close(self) -> None:
        """The descriptors stay open until the object is gone: another thread may be about to use them."""
        if not self._closed:
            self._closed = True
            kill_session(self._process.pid)
            os.write(self._wake, b".")
            self._process.wait()

    def __del__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        for each in (self._terminal, self._woken, self._wake):
            with suppress(OSError):
                os.close(each)
        self._terminal = self._woken = self._wake = -1


def kill_session(leader: int) -> None:
    """Kills the processes of the session that this process leads, also those with a process group of their own."""
    for pid in psutil.pids():
        with suppress(ProcessLookupError, PermissionError):
            if os.getsid(pid) == leader:
                os.kill(pid, signal.SIGKILL)
