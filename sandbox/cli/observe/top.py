"""`sandbox top`: a live view of groups, instances with CPU and request rates, target groups and alarms.

The state comes from the AWS API. Request rates and CPU of the last seconds come from /_sandbox/rates, because CloudWatch has full minutes
only. top_view.py makes the tables.
"""

import sys
import time
from typing import Any

import click
from rich.console import Group
from rich.live import Live

from sandbox.cli.common import account_option, as_json, client, json_option, show, terminal
from sandbox.cli.observe import snapshot, top_view
from sandbox.client import SandboxClient


@click.command()
@account_option
@click.option("--once", is_flag=True, help="Print once and exit. This is the default without a terminal.")
@click.option("--every", type=click.FloatRange(0.2, 60), default=1.0, show_default=True, help="Real seconds between two updates.")
@json_option
def top(once: bool, every: float, as_json_: bool) -> None:
    """Watch groups, instances, target groups and alarms live. Ctrl-C exits."""
    sandbox = client()
    if as_json_:
        as_json(read(sandbox))
    elif once or not sys.stdout.isatty():
        show(view(sandbox))
    else:
        watch(sandbox, every)


def watch(sandbox: SandboxClient, every: float) -> None:
    with Live(view(sandbox), console=terminal(), screen=True, auto_refresh=False, vertical_overflow="crop") as live:
        while True:
            time.sleep(every)
            live.update(view(sandbox), refresh=True)


def view(sandbox: SandboxClient) -> Group:
    return Group(*top_view.tables(read(sandbox)))


def read(sandbox: SandboxClient) -> dict[str, Any]:
    """The snapshot, the alarms and the rates."""
    alarms = snapshot.pages(sandbox.aws("cloudwatch"), "describe_alarms", "MetricAlarms")
    return {**snapshot.read(sandbox), "alarms": alarms, "rates": sandbox.get("rates")}
