"""`sandbox gameday`: a hidden fault after a random delay. Find it, and name it."""

from typing import Any

import click

from sandbox.cli.common import as_json, client, json_option
from sandbox.cli.help import HelpGroup


@click.group(cls=HelpGroup)
def gameday() -> None:
    """Find a hidden fault, and name it: points for the time, fewer for wrong answers and needless harm (docs/lessons.md)."""


@gameday.command()
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="Of the fault and its delay; without one, nobody knows what will break.")
def start(seed: int | None) -> None:
    """Begin a game day: something breaks within five minutes of sandbox time."""
    told = client().post("gameday", {"seed": seed})
    click.echo("A game day has begun. Within five minutes of sandbox time, one thing breaks; no list and no event tells it.")
    click.echo(f"It is one of: {', '.join(told['kinds'])}; on an instance, or for zone-… on a zone.")
    click.echo("next: sandbox status; sandbox gameday answer KIND TARGET")


@gameday.command()
@json_option
def status(as_json_: bool) -> None:
    """Show the game day that is on, or how the last one ended."""
    told = client().get("gameday")
    if as_json_:
        as_json(told)
    else:
        _show(told)


@gameday.command()
@click.argument("kind")
@click.argument("target")
def answer(kind: str, target: str) -> int:
    """Name the fault: its KIND (`sandbox gameday status`), and its TARGET, an instance or a zone. The exit code is 1 if it is wrong."""
    told = client().post("gameday/answer", {"kind": kind, "target": target})
    if told["state"] == "on":
        click.echo("That is not it: 100 points less.\nnext: sandbox gameday status")
        return 1
    _show(told)
    return 0


@gameday.command()
def stop() -> None:
    """End the game day: its fault is undone and named."""
    _show(client().post("gameday/stop"))


def _show(told: Any) -> None:
    wrong = sum(not each["right"] for each in told["answers"])
    if told["state"] == "none":
        click.echo("No game day was begun.\nnext: sandbox gameday start")
    elif told["state"] == "on":
        click.echo(f"A game day is on since {told['began']} (sandbox time). Wrong answers: {wrong}.")
        click.echo(f"It is one of: {', '.join(told['kinds'])}.\nnext: sandbox gameday answer KIND TARGET")
    else:
        was = told["was"]
        click.echo(f"The game day is over: {told['why']}.")
        click.echo(f"It was {was['kind']} on {was['target']}, since {was['at']}." if was else "Nothing was broken.")
        click.echo(f"Points: {told['points']} (wrong answers: {wrong}, needless harm: {told['harm']}, seed: {told['seed']}).")
        click.echo("next: sandbox events; sandbox gameday start")
