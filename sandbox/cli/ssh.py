"""`sandbox ssh i-0abc`: a shell in an instance of the docker runtime."""

import os
import shutil
import sys

import click

from sandbox.cli.common import client, matches
from sandbox.client import Client
from sandbox.core.errors import UserError


@click.command()
@click.argument("instance_id")
@click.argument("command", nargs=-1)
def ssh(instance_id: str, command: tuple[str, ...]) -> None:
    """Open a shell in INSTANCE_ID, or run COMMAND there.

    A unique prefix of the instance id is enough. Only the docker runtime supports this.
    """
    words = docker_command(client(), instance_id, command or ("bash",))
    if shutil.which("docker") is None:
        raise UserError("The docker command was not found. Instances of this sandbox are containers.", f"sandbox logs {instance_id}")
    os.execvp(words[0], words)


def docker_command(sandbox: Client, instance_id: str, command: tuple[str, ...]) -> list[str]:
    """Raises UserError when the prefix does not match exactly one running container."""
    health, machines = sandbox.get("health"), sandbox.get("machines")
    if machines["runtime"] != "docker":
        sentence = f"Instances of the {machines['runtime']} runtime have no shell: they are not containers."
        raise UserError(sentence, f"sandbox logs {instance_id}")
    found = matches([m["instance_id"] for m in machines["machines"] if m["state"] == "running"], instance_id)
    if not found:
        raise UserError(f"{instance_id} does not match a running instance.", "sandbox status")
    if len(found) > 1:
        raise UserError(f"{instance_id} matches several running instances: {', '.join(found)}.", f"sandbox ssh {found[0]}")
    terminal = ["-it"] if sys.stdin.isatty() and sys.stdout.isatty() else ["-i"]
    return ["docker", "exec", *terminal, f"{health['name']}-{found[0]}", *command]
