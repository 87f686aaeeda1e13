"""`sandbox`: all commands, and the one place where errors are shown. A person sees one sentence and what to type next, never a traceback.

Exit codes: 0 well, 1 it could not be done (or a scenario ended ill), 2 the command itself was wrong, 130 interrupted.
"""

import errno
import os
import sys
import traceback
from importlib import import_module

import click
from botocore.exceptions import BotoCoreError, ClientError

from sandbox.core.errors import SandboxError, UserError

RUN = ["clock", "env", "scenario", "serve", "settings", "ssh"]
OBSERVE = ["events", "explain", "logs", "loops", "mailbox", "seams", "status", "top"]
MODULES = {name: name for name in RUN} | {name: f"observe.{name}" for name in OBSERVE} | {"up": "lifecycle", "down": "lifecycle"}
"""Command → the module of its function, which has the command's name."""


class Commands(click.Group):
    """Imports a command when it is asked for: `serve` is not to wait for what the others print with."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in MODULES:
            return None
        found: click.Command = getattr(import_module(f"sandbox.cli.{MODULES[cmd_name]}"), cmd_name)
        return found


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="fault-tolerance-sandbox", prog_name="sandbox")
def cli() -> None:
    """A local AWS sandbox in which capacity, health and failure are real."""


def main(arguments: list[str] | None = None) -> None:
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    _open_what_is_closed()
    try:
        answer = cli.main(arguments, prog_name="sandbox", standalone_mode=False)
        return answer if isinstance(answer, int) else 0
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains once more at its end
        return 0
    except OSError as error:
        if error.errno != errno.ENOSPC:
            return _bug(error, arguments)
        return told(f"There is no room left to write {error.filename or 'what this command prints'}.", "df -h")
    except UserError as error:
        return told(error.message, error.next_command)
    except SandboxError as error:
        return told(str(error), "sandbox logs control")
    except ClientError as error:
        return told(f"{error.operation_name}: {error.response['Error'].get('Message', error)}", "sandbox events")
    except BotoCoreError as error:
        return told(str(error), "sandbox status")
    except Exception as error:
        return _bug(error, arguments)


def _bug(error: Exception, arguments: list[str] | None) -> int:
    if os.environ.get("SANDBOX_TRACEBACK"):
        traceback.print_exc()
    return told(f"This is a bug of the sandbox: {type(error).__name__}: {error}", f"SANDBOX_TRACEBACK=1 {' '.join(typed(arguments))}")


def _open_what_is_closed() -> None:
    """`sandbox status >&-`: Python has None there, which nothing can print to."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 - until the process ends


def told(sentence: str, next_command: str | None) -> int:
    click.echo(f"error: {sentence}", err=True)
    if next_command:
        from sandbox.cli.common import typable  # noqa: PLC0415 - see Commands

        click.echo(f"  next: {typable(next_command)}", err=True)
    return 1


def typed(arguments: list[str] | None) -> list[str]:
    return ["sandbox", *(sys.argv[1:] if arguments is None else arguments)]


if __name__ == "__main__":
    main()
