"""`sandbox network`: services beside the instances, such as a database of a Compose project. Connects their network to the VPC router."""

import json
import subprocess

import click

from sandbox.cli.common import client
from sandbox.cli.help import HelpGroup
from sandbox.core.errors import UserError


@click.group(cls=HelpGroup)
def network() -> None:
    """Let instances reach services beside them, such as a database of a Compose project."""


@network.command()
@click.argument("name")
def attach(name: str) -> None:
    """Connect the Docker network NAME: instances reach its services by name.

    The services see the address of the VPC router. It lasts until `sandbox network detach NAME`, or `sandbox down`.
    """
    sandbox, router = _router()
    if name < f"{sandbox}-edge":  # Docker takes the default route of a container from its first network
        sentence = f"The network {name} sorts before {sandbox}-edge, which would take the sandbox's published ports away."
        raise UserError(sentence, f"docker network create zz-{name}, and connect the services to that, too")
    _docker("network", "connect", name, router, unless="already exists in network")
    click.echo(f"Instances reach the services of {name} by name: db is the service db.")


@network.command()
@click.argument("name")
def detach(name: str) -> None:
    """Disconnect the Docker network NAME."""
    _, router = _router()
    _docker("network", "disconnect", name, router, unless="is not connected to")
    click.echo(f"Instances do not reach {name} any more.")


@network.command("list")
def list_() -> None:
    """List the attached networks."""
    sandbox, router = _router()
    found = json.loads(_docker("inspect", "--format", "{{json .NetworkSettings.Networks}}", router))
    for name in sorted(found):
        if name not in (f"{sandbox}-ctl", f"{sandbox}-edge") and not name.startswith(f"{sandbox}-subnet-"):
            click.echo(name)


def _router() -> tuple[str, str]:
    """The sandbox's name, and the id of the container that owns the router's network namespace."""
    health = client().get("health")
    name = str(health["name"])
    if health["runtime"] == "docker":
        labels = ("--filter", "label=sandbox.role=netns", "--filter", f"label=sandbox.topology={name}")
        if found := _docker("ps", "--quiet", *labels).split():
            return name, found[0]
    sentence = "This sandbox has no VPC router: its instances are processes, and reach what this machine reaches."
    raise UserError(sentence, "sandbox down && sandbox up --runtime docker")


def _docker(*arguments: str, unless: str | None = None) -> str:
    """`unless`: words of an error that means that it is done already."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0 and not (unless and unless in done.stderr):
        raise UserError(f"Docker: {done.stderr.strip().removeprefix('Error response from daemon: ')}", "docker network ls")
    return done.stdout
