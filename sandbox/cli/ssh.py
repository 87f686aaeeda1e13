"""`sandbox ssh i-0abc`: a shell in an instance, or a command there.

In the docker runtime that is root in its container; in the process runtime you yourself, in the instance's folder and with its environment.
"""

import os
import shutil
import sys
from collections.abc import Mapping
from typing import Any

import click
from click.shell_completion import CompletionItem

from sandbox.cli import fault_completion
from sandbox.cli.common import account_option, client
from sandbox.core.errors import UserError

SHELL = ("sh", "-c", "command -v bash >/dev/null && exec bash || exec sh")


def _instances(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return fault_completion.instances(incomplete)


@click.command(context_settings={"ignore_unknown_options": True})
@account_option
@click.argument("instance_id", shell_complete=_instances)
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def ssh(instance_id: str, command: tuple[str, ...]) -> None:
    """Open a shell in INSTANCE_ID, or run COMMAND there: `sandbox ssh i-0abc -- ls -l /`.

    A unique prefix of the instance id is enough. The exit code is that of the command.
    """
    shell = client().post("shells", {"instance": instance_id, "command": list(command)})
    if shell["container"]:
        words = docker_command(shell["container"], command, terminal=sys.stdin.isatty() and sys.stdout.isatty())
        if shutil.which("docker") is None:
            raise UserError("The docker command was not found. Instances of this sandbox are containers.", f"sandbox logs {instance_id}")
        os.execvp(words[0], words)
    _beside(shell, command or SHELL)


def docker_command(container: str, command: tuple[str, ...], *, terminal: bool) -> list[str]:
    return ["docker", "exec", "-it" if terminal else "-i", container, *(command or SHELL)]


def _beside(shell: Mapping[str, Any], command: tuple[str, ...]) -> None:
    """In the process runtime: replaces this process."""
    try:
        os.chdir(shell["directory"])
        os.execvpe(command[0], list(command), {**os.environ, **shell["environment"]})
    except FileNotFoundError as error:
        raise UserError(f"{command[0]} was not found.", "sandbox status") from error
    except PermissionError as error:
        raise UserError(f"{command[0]} cannot be run: {error.strerror}.", "sandbox status") from error
