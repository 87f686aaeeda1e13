"""`sandbox clock [SPEED]`: what time it is in the sandbox, and how fast it runs."""

import click

from sandbox.cli.common import as_json, client, json_option


@click.command()
@click.argument("speed", type=float, required=False)
@json_option
def clock(speed: float | None, as_json_: bool) -> None:
    """Tell the sandbox's time; with SPEED, let it run so many sandbox seconds per real second (1 is AWS)."""
    sandbox = client()
    answer = sandbox.get("clock") if speed is None else sandbox.put("clock", {"speed": speed})
    if as_json_:
        as_json(answer)
    else:
        click.echo(f"{answer['now'][:19]}Z, {answer['speed']:g} sandbox seconds per real second")
