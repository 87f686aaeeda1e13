"""Commands inside instances that somebody waits for: one command in one machine, and its report. threads.py runs them by the runtime's
`run_command`; simulated.py in virtual time.

`start` returns at once. The report is available later from `latest`, under the same key and number; then `on_result` callbacks are called
with the key. Every command that was started ends in one report.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sandbox.drivers.runtime.commands import CommandResult


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRequest:
    key: str
    instance_id: str
    argv: tuple[str, ...]
    timeout: timedelta  # sandbox time
    directory: str | None = None
    number: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandReport:
    """`result`: None if the machine could not be given the command: it does not run, is frozen, or its runtime does not answer."""

    key: str
    number: int
    at: datetime
    result: CommandResult | None


class Commands(Protocol):
    def start(self, request: CommandRequest) -> None:
        """Never blocks. No effect while a command with this key runs."""
        ...

    def cancel(self, key: str) -> None:
        """Kills the command; its report comes soon. No effect if none runs."""
        ...

    def is_running(self, key: str) -> bool: ...

    def latest(self, key: str) -> CommandReport | None: ...

    def forget(self, key: str) -> None:
        """Drops the report of the key, also one that comes later."""
        ...

    def on_result(self, callback: Callable[[str], None]) -> None: ...

    def close(self) -> None:
        """Commands that run are abandoned without a report, and killed."""
        ...
