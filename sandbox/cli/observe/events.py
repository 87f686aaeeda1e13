"""`sandbox events`: the journal, newest last; with --follow, new events as they come."""

import json
from collections.abc import Iterator
from typing import Any

import click

from sandbox.cli.common import account_option, client, clock_time
from sandbox.client import Client

LONG_POLL = 25  # real seconds


@click.command()
@account_option
@click.option("--follow", "-f", is_flag=True, help="Wait for new events until interrupted.")
@click.option("--newest", "-n", type=click.IntRange(1, 5000), default=50, show_default=True, help="Number of past events.")
@click.option("--json", "as_json_", is_flag=True, help="Print one JSON object per line, in the format of EventBridge.")
def events(follow: bool, newest: int, as_json_: bool) -> None:
    """Show what happened, newest last."""
    for event in stream(client(), newest, follow):
        click.echo(
            json.dumps(event) if as_json_ else f"{event['id']}  {clock_time(event['time'])}  {event['source']:24}  {event['summary']}"
        )


def stream(sandbox: Client, newest: int, follow: bool) -> Iterator[dict[str, Any]]:
    answer = sandbox.get("events", newest=newest)
    yield from answer["events"]
    while follow:
        answer = sandbox.get("events", after=answer["last"], wait=LONG_POLL)
        yield from answer["events"]
