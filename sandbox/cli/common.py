"""What the commands share: which sandbox is meant, tables, JSON. Nothing here prints but `table` and `as_json`."""

import json
import os
import re
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sandbox.launch.running import client, endpoint

__all__ = ["as_json", "client", "clock_time", "endpoint", "grid", "have", "json_option", "pick", "table", "terminal", "typable"]

COLOURS = {"ALARM": "bold red", "Unhealthy": "bold red", "unhealthy": "bold red", "INSUFFICIENT_DATA": "yellow", "draining": "yellow"}
"""Words that a table shows in colour, where somebody looks."""

json_option = click.option("--json", "as_json_", is_flag=True, help="JSON instead of tables and sentences.")


def as_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, default=str))


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], empty: str = "none") -> None:
    """Plain text where nobody looks (a pipe, a file): no colours, no cut-off lines."""
    terminal().print(grid(title, columns, rows, empty))


def terminal() -> Console:
    tty = sys.stdout.isatty()
    return Console(width=None if tty else 240, no_color=not tty, highlight=False)


def grid(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], empty: str = "none") -> Table | Text:
    """The table by itself; where there are no rows, a line that says so."""
    made = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        made.add_column(Text(column), overflow="fold", no_wrap=not sys.stdout.isatty())
    for row in rows:
        made.add_row(*(Text(cell, style=COLOURS.get(cell, "")) for cell in row))
    return made if made.row_count else Text(f"{title}: {empty}", style="bold")


def clock_time(moment: str) -> str:
    """`2026-05-07T12:00:31.000Z` → `12:00:31`."""
    return moment[11:19]


def pick(found: Mapping[str, Any] | Sequence[str], beginning: str) -> list[str]:
    """Names that begin so; the name itself when it is one."""
    return [beginning] if beginning in found else sorted(name for name in found if name.startswith(beginning))


def have(command: str) -> bool:
    return shutil.which(command) is not None


def typable(command: str) -> str:
    """A command as this person can type it: where `sandbox` is not on the PATH, with the path that it was called by."""
    called = Path(sys.argv[0])
    if shutil.which("sandbox") or called.name != "sandbox":
        return command
    path = os.path.relpath(called) if called.is_absolute() and called.is_relative_to(Path.cwd()) else str(called)
    return re.sub(r"(?<![\w/-])sandbox(?= )", path, command)
