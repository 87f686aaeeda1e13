"""`sandbox ssh i-0abc`: a shell in an instance, where instances are containers."""

import os
import sys

import click

from sandbox.cli.common import client, have, pick
from sandbox.client import Client
from sandbox.core.errors import UserError


@click.command()
@click.argument("instance_id")
@click.argument("command", nargs=-1)
def ssh(instance_id: str, command: tuple[str, ...]) -> None:
    """A shell in INSTANCE_ID (the beginning is enough), or COMMAND run there."""
    words = docker_words(client(), instance_id, command or ("bash",))
    if not have("docker"):
        raise UserError("The docker command is not there, and instances of this sandbox are containers.", f"sandbox logs {instance_id}")
    os.execvp(words[0], words)


def docker_words(sandbox: Client, instance_id: str, command: tuple[str, ...]) -> list[str]:
    """Raises UserError when there is no such running container."""
    health, machines = sandbox.get("health"), sandbox.get("machines")
    if machines["runtime"] != "docker":
        sentence = f"Instances of the {machines['runtime']} runtime are not machines that one can enter."
        raise UserError(sentence, f"sandbox logs {instance_id}")
    found = pick([m["instance_id"] for m in machines["machines"] if m["state"] == "running"], instance_id)
    if len(found) != 1:
        raise UserError(f"{instance_id} is {'no running instance' if not found else 'any of ' + ', '.join(found)}.", "sandbox status")
    terminal = ["-it"] if sys.stdin.isatty() and sys.stdout.isatty() else ["-i"]
    return ["docker", "exec", *terminal, f"{health['name']}-{found[0]}", *command]
