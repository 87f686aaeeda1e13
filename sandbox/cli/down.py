"""`sandbox down`: stop a sandbox and remove everything that belongs to it."""

import click

from sandbox.launch.lifecycle import remove
from sandbox.settings import Settings


@click.command()
def down() -> None:
    """Stop the sandbox and remove everything that belongs to it, instances included."""
    if not remove(Settings.from_environment(), click.echo):
        click.echo("No sandbox is running here.")
