"""What the commands share: options, tables, JSON output, and matching of ids. Only `table` and `as_json` print."""

import json
import os
import re
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from sandbox.client import Client
from sandbox.core.identity.owner import ACCOUNT_ID
from sandbox.launch import running
from sandbox.settings import Settings

__all__ = [
    "account_option",
    "as_json",
    "client",
    "clock_time",
    "date_time",
    "grid",
    "json_option",
    "matches",
    "named_account",
    "runtime_option",
    "show",
    "table",
    "terminal",
    "typable",
]  # fmt: skip

COLOURS = {"ALARM": "bold red", "Unhealthy": "bold red", "unhealthy": "bold red", "INSUFFICIENT_DATA": "yellow", "draining": "yellow"}
"""Cell → its style on a terminal."""

NO_TERMINAL_WIDTH = 10_000  # no line is that long


def client(settings: Settings | None = None, timeout: float = 60.0) -> Client:
    """A client of the running sandbox, as the account that --account or SANDBOX_ACCOUNT names."""
    return running.client(settings, timeout, named_account())


def named_account() -> str | None:
    """The account of --account; None: it was not given."""
    context = click.get_current_context(silent=True)
    return context.meta.get(ACCOUNT) if context else None


def _keep_account(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    if value is not None and not ACCOUNT_ID.fullmatch(value):
        raise click.BadParameter(f"{value} is not an AWS account id: expected 12 digits.", context, parameter)
    if value is not None:
        context.meta[ACCOUNT] = value


ACCOUNT = "sandbox.account"
account_option = click.option(
    "--account", metavar="ID", expose_value=False, callback=_keep_account, help="As this AWS account (12 digits); default: SANDBOX_ACCOUNT."
)
json_option = click.option("--json", "as_json_", is_flag=True, help="Print JSON.")
runtime_option = click.option("--runtime", help="What runs the instances: auto, docker, process or simulated.")


def as_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, default=str))


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], empty: str = "none") -> None:
    """Prints a table. Without a terminal (a pipe, a file), it is plain text without truncated lines."""
    show(grid(title, columns, rows, empty))


def show(renderable: RenderableType) -> None:
    """Prints it. Without a terminal, lines are as long as they need to be and have no trailing spaces."""
    console = terminal()
    if sys.stdout.isatty():
        console.print(renderable)
        return
    with console.capture() as captured:
        console.print(renderable)
    click.echo("\n".join(line.rstrip() for line in captured.get().rstrip("\n").split("\n")))


def terminal() -> Console:
    tty = sys.stdout.isatty()
    return Console(width=None if tty else NO_TERMINAL_WIDTH, no_color=not tty, highlight=False)


def grid(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], empty: str = "none") -> Table | Text:
    """A table, or a line with `empty` if there are no rows."""
    made = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        made.add_column(Text(column), overflow="fold", no_wrap=not sys.stdout.isatty())
    for row in rows:
        made.add_row(*(Text(cell, style=COLOURS.get(cell, "")) for cell in row))
    return made if made.row_count else Text(f"{title}: {empty}", style="bold")


def date_time(moment: str) -> str:
    """`2026-05-07T12:00:31.000Z` → `2026-05-07T12:00:31Z`."""
    return f"{moment[:19]}Z"


def clock_time(moment: str) -> str:
    """`2026-05-07T12:00:31.000Z` → `12:00:31`."""
    return moment[11:19]


def matches(names: Sequence[str], prefix: str) -> list[str]:
    """The names with that prefix. An exact match is the only result."""
    return [prefix] if prefix in names else sorted(name for name in names if name.startswith(prefix))


def typable(command: str) -> str:
    """The command as the user can type it: if `sandbox` is not on the PATH, with the path of the current call."""
    called = Path(sys.argv[0])
    if shutil.which("sandbox") or called.name != "sandbox":
        return command
    path = os.path.relpath(called) if called.is_absolute() and called.is_relative_to(Path.cwd()) else str(called)
    return re.sub(r"(?<![\w/-])sandbox(?= )", path, command)
