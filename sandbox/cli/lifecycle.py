"""`sandbox up` and `sandbox down`."""

import click

from sandbox.cli.common import client, typable
from sandbox.cli.env import exports
from sandbox.launch.lifecycle import ensure, remove
from sandbox.settings import Settings

runtime_option = click.option("--runtime", help="auto, docker, process or simulated.")
speed_option = click.option("--speed", type=float, help="Sandbox seconds per real second; 1 is AWS.")


@click.command()
@runtime_option
@speed_option
@click.option("--port", type=int, help="Of the AWS API.")
def up(runtime: str | None, speed: float | None, port: int | None) -> None:
    """Start a sandbox in the background and return when it is healthy."""
    settings = Settings.from_environment(runtime=runtime, speed=speed, port=port)
    health = ensure(settings)
    endpoint = client(settings).endpoint
    click.echo(f"The sandbox answers at {endpoint}: {health['runtime']} runtime, speed {health['speed']:g}.")
    for part in health["parts"]:
        if part.get("remark"):
            click.echo(f"  {part['remark']}")
    click.echo("".join(f"  export {name}={value}\n" for name, value in exports(settings).items()), nl=False)
    click.echo("  next: " + typable('eval "$(sandbox env)"    or: sandbox status    or: sandbox scenario run tutorial'))


@click.command()
def down() -> None:
    """Stop the sandbox and remove everything that is its, machines included."""
    settings = Settings.from_environment()
    done = remove(settings)
    click.echo("\n".join(done) if done else "There was no sandbox here.")
