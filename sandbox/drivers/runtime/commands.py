"""A command that runs inside an instance's machine, and what came of it: the values of `Runtime.run_command`."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

KEPT = 64 << 10
"""Bytes that are kept of each stream; the rest is read and dropped, so that the command never waits for a reader."""
GRACE = 2.0
"""Real seconds that output is still read after the command's own process has ended: a background process may hold the stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineCommand:
    """It runs without standard input and without a terminal. A program without a slash in its name is looked up in PATH."""

    argv: tuple[str, ...]
    timeout: float  # real seconds; what still runs then is killed
    user: str | None = None  # None: root. The process runtime has one account only, that of the sandbox's user
    directory: str | None = None  # None: the machine's own
    environment: Mapping[str, str] = field(default_factory=dict)  # besides the machine's


class CommandEnd(Enum):
    EXITED = "exited"  # `exit_code`
    TIMED_OUT = "timed out"
    CANCELED = "canceled"
    LOST = "lost"  # the machine ended or was cut off from its runtime while the command ran
    NOT_STARTED = "not started"  # `detail` says why: no such program, user or folder, or no process left


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandResult:
    end: CommandEnd
    exit_code: int | None = None  # 128 + the signal's number for a command that a signal ended
    stdout: bytes = b""  # the first KEPT bytes
    stderr: bytes = b""
    detail: str = ""  # for people


class Cancellation:
    """Asks a running command to end. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], None]] = []
        self._requested = False

    @property
    def requested(self) -> bool:
        return self._requested

    def request(self) -> None:
        with self._lock:
            self._requested = True
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def on_request(self, callback: Callable[[], None]) -> None:
        """Called once: now if it was requested already."""
        with self._lock:
            if not self._requested:
                self._callbacks.append(callback)
                return
        callback()


class Kept:
    """The first KEPT bytes of a stream."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self._left = KEPT

    def add(self, chunk: bytes) -> None:
        if self._left > 0:
            self._chunks.append(chunk[: self._left])
            self._left -= len(chunk)

    def value(self) -> bytes:
        return b"".join(self._chunks)
