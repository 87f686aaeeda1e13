"""The sandbox on which a scenario runs: a live one, which is started if none runs, at the wanted speed; or one in virtual time."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from sandbox.cli.common import client
from sandbox.client import SandboxClient
from sandbox.core.errors import UserError
from sandbox.launch.lifecycle import ensure
from sandbox.settings import Settings


@contextmanager
def live(settings: Settings) -> Iterator[SandboxClient]:
    """At the speed of the settings; the former speed is set again at the end. Raises UserError if its instances are simulated."""
    ensure(settings, click.echo)
    sandbox = client(settings)
    if sandbox.get("health")["runtime"] == "simulated":
        sentence = (
            f"The sandbox at {sandbox.endpoint} has simulated load balancers: the scenario's requests would find nothing that listens."
        )
        raise UserError(sentence, "sandbox scenario run NAME --virtual")
    before = sandbox.speed
    try:
        if settings.speed != before:
            sandbox.put("clock", {"speed": settings.speed})
        yield sandbox
    finally:
        if settings.speed != before:
            sandbox.put("clock", {"speed": before})


def virtual(settings: Settings) -> SandboxClient:
    from sandbox.virtual import client as virtual_client  # noqa: PLC0415 - imports moto, which takes seconds

    return virtual_client.virtual_client(settings)
