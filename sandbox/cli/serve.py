"""The internal `sandbox serve`, which both kinds of control plane run (daemon.py, docker-compose.yml).

It imports nothing of the other commands: the time until it answers is that of its imports.
"""

import gc
from dataclasses import replace

import click

from sandbox.settings import Settings


@click.command(hidden=True)
def serve() -> None:
    """Run the control plane in the foreground (what `up` and docker-compose.yml start)."""
    gc.disable()  # until it serves: looking again and again through what is imported, and stays, takes a fifth of the start
    from sandbox import serving  # noqa: PLC0415 - imports moto, which takes a second

    settings = Settings.from_environment()
    serving.serve(replace(settings, runtime="process") if settings.runtime == "auto" else settings)
