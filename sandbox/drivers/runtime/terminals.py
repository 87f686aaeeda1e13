"""A shell in a terminal inside an instance's machine: the values of `Runtime.open_terminal`."""

from typing import Protocol

SHELL = "cd; command -v bash >/dev/null && exec bash || exec sh"
"""For `sh -c`."""
TERM = "xterm-256color"


class Terminal(Protocol):
    """All methods do I/O. `read`, and one of the others, may be called in different threads at the same time."""

    def read(self) -> bytes:
        """What it shows next. Waits for it; empty when the shell has ended, or the terminal was closed."""
        ...

    def write(self, data: bytes) -> None:
        """Types it. Waits while what runs there reads nothing. OSError when it has ended."""
        ...

    def resize(self, columns: int, rows: int) -> None: ...

    def close(self) -> None:
        """Kills the shell with what it started in its session. Idempotent."""
        ...
