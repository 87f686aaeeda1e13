"""`sandbox up`: start a sandbox and wait until it is healthy."""

import click

from sandbox.cli.common import runtime_option, typable
from sandbox.launch.lifecycle import ensure
from sandbox.launch.running import aws_environment
from sandbox.settings import Settings


@click.command()
@runtime_option
@click.option("--speed", type=float, help="Sandbox seconds per real second.")
@click.option("--port", type=int, help="Port of the AWS API.")
def up(runtime: str | None, speed: float | None, port: int | None) -> None:
    """Start a sandbox in the background and wait until it is healthy."""
    settings = Settings.from_environment(runtime=runtime, speed=speed, port=port)
    health = ensure(settings, click.echo)
    click.echo(f"The sandbox is at {health.endpoint} ({health.runtime} runtime, speed {health.speed:g}).")
    for part in health.parts:
        if part.remark:
            click.echo(f"  {part.remark}")
    click.echo("".join(f"  export {name}={value}\n" for name, value in aws_environment(settings).items()), nl=False)
    click.echo("  next: " + typable('eval "$(sandbox env)"    or: sandbox status    or: sandbox scenario run tutorial'))
