"""The internal `sandbox serve`: runs the control plane. `sandbox up` and docker-compose.yml start it.

It imports nothing from the other commands, because its imports determine how long the sandbox takes to start.
"""

import gc
import sys
from dataclasses import replace

import click

from sandbox.settings import Settings


@click.command(hidden=True)
def serve() -> None:
    """Run the control plane in the foreground. `sandbox up` starts it in the background."""
    gc.disable()  # until it serves: collections during the imports would take a fifth of the start time and free nothing
    sys.modules["httpx._main"] = None  # type: ignore[assignment] # httpx then leaves out its own command, and with it rich and pygments
    from sandbox import serving  # noqa: PLC0415 - imports moto, which takes a second

    settings = Settings.from_environment()
    serving.serve(replace(settings, runtime="process") if settings.runtime == "auto" else settings)
