"""`sandbox clock [SPEED]`: what time it is in the sandbox, and how fast it runs."""

import math

import click

from sandbox.cli.common import as_json, client, json_option
from sandbox.core.errors import UserError


@click.command()
@click.argument("speed", type=float, required=False)
@json_option
def clock(speed: float | None, as_json_: bool) -> None:
    """Tell the sandbox's time; with SPEED, let it run so many sandbox seconds per real second (1 is AWS)."""
    if speed is not None and not math.isfinite(speed):  # JSON has no word for it
        raise UserError(f"The clock cannot run so: speed {speed}: give a number above 0 and up to 10000.", "sandbox clock 10")
    sandbox = client()
    answer = sandbox.get("clock") if speed is None else sandbox.put("clock", {"speed": speed})
    if as_json_:
        as_json(answer)
    else:
        click.echo(f"{answer['now'][:19]}Z, {answer['speed']:g} sandbox seconds per real second")
