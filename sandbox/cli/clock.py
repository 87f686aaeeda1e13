"""`sandbox clock [SPEED]`: the sandbox's time, and how fast it passes."""

import math

import click

from sandbox.cli.common import as_json, client, date_time, json_option
from sandbox.core.errors import UserError


@click.command()
@click.argument("speed", type=float, required=False)
@json_option
def clock(speed: float | None, as_json_: bool) -> None:
    """Show the sandbox's time, or set its speed.

    SPEED is the number of sandbox seconds per real second. Time on AWS has speed 1.
    """
    if speed is not None and not math.isfinite(speed):  # JSON cannot express it
        raise UserError(f"Invalid speed {speed}: expected a number above 0 and up to 10000.", "sandbox clock 10")
    sandbox = client()
    answer = sandbox.get("clock") if speed is None else sandbox.put("clock", {"speed": speed})
    if as_json_:
        as_json(answer)
    else:
        click.echo(f"{date_time(answer['now'])}, {answer['speed']:g} sandbox seconds per real second")
