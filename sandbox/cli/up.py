"""`sandbox up`: start a sandbox and wait until it is healthy."""

import click

from sandbox.cli.common import runtime_option, typable
from sandbox.cli.machines import students as learners
from sandbox.launch.lifecycle import ensure
from sandbox.launch.running import aws_environment
from sandbox.settings import MOST_STUDENTS, Settings


@click.command()
@runtime_option
@click.option("--speed", type=float, help="Sandbox seconds per real second.")
@click.option("--port", type=int, help="Port of the AWS API.")
@click.option("--command", help="Shell command that instances run instead of the tutorial's application: 'python server.py $PORT'.")
@click.option("--students", type=click.IntRange(1, MOST_STUDENTS), help="Also print the exports of so many learners (docs/class.md).")
def up(runtime: str | None, speed: float | None, port: int | None, command: str | None, students: int | None) -> None:
    """Start a sandbox in the background and wait until it is healthy."""
    settings = Settings.from_environment(runtime=runtime, speed=speed, port=port, command=command)
    health = ensure(settings, click.echo)
    click.echo(f"The sandbox is at {health.endpoint} ({health.runtime} runtime, speed {health.speed:g}).")
    for part in health.parts:
        if part.remark:
            click.echo(f"  {part.remark}")
    click.echo("".join(f"  export {name}={value}\n" for name, value in aws_environment(settings).items()), nl=False)
    for line in learners.lines(students, settings, exports=True) if students else ():
        click.echo(f"  {line}")
    click.echo("  next: " + typable('eval "$(sandbox env)"    or: sandbox status    or: sandbox scenario run tutorial'))
