"""`sandbox`: dispatches to the commands and prints errors: one sentence and the next command, never a traceback.

Exit codes: 0 success, 1 error or failed scenario, 2 wrong usage, 130 interrupted.
"""

import errno
import itertools
import os
import sys
import traceback
from importlib import import_module

import click
from botocore.exceptions import BotoCoreError, ClientError

from sandbox.cli.help import HelpGroup
from sandbox.core.errors import SandboxError, UserError

SECTIONS = {
    "Run a sandbox": ["up", "down", "env", "aws", "hosts", "settings", "clock", "ami", "network", "students"],
    "Observe it": ["status", "open", "top", "events", "explain", "logs", "mailbox", "ssh", "forward", "loops", "seams", "services"],
    "Test fault tolerance": ["fault", "fis", "scenario", "simulate", "learn", "gameday"],
    "Take it along": ["bundle", "install-bundle"],
}
HIDDEN = ["serve"]
NAMES = sorted([*itertools.chain(*SECTIONS.values()), *HIDDEN])
FOLDERS = {
    "observe": ("events", "explain", "logs", "loops", "mailbox", "open", "seams", "services", "status", "top"),
    "scenarios": ("learn", "gameday"),
    "machines": ("ami", "network", "forward", "students"),
    "offline": ("bundle", "install-bundle"),
}
"""Folder of sandbox/cli/ → the commands in it. The others are in sandbox/cli/ itself."""


class Commands(HelpGroup):
    """Imports a command's module only when it is needed, so that `serve` does not wait for the imports of the others."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return NAMES

    def sections(self, ctx: click.Context) -> dict[str, list[str]]:
        return SECTIONS

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in NAMES:
            return None
        folder = next((f"{folder}." for folder, names in FOLDERS.items() if cmd_name in names), "")
        function = cmd_name.replace("-", "_")
        found: click.Command = getattr(import_module(f"sandbox.cli.{folder}{function}"), function)
        return found


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="fault-tolerance-sandbox", prog_name="sandbox")
def cli() -> None:
    """A local AWS sandbox in which capacity, health and failure are real."""


def main(arguments: list[str] | None = None) -> None:
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    _replace_closed_streams()
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
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python reports the error again at exit
        return 0
    except OSError as error:
        if error.errno != errno.ENOSPC:
            return _bug(error, arguments)
        return show_error(f"No space left on the device to write {error.filename or 'the output'}.", "df -h")
    except UserError as error:
        return show_error(error.message, error.next_command)
    except SandboxError as error:
        return show_error(str(error), "sandbox logs control")
    except ClientError as error:
        return show_error(f"{error.operation_name}: {error.response['Error'].get('Message', error)}", "sandbox events")
    except BotoCoreError as error:
        return show_error(str(error), "sandbox status")
    except Exception as error:
        return _bug(error, arguments)


def _bug(error: Exception, arguments: list[str] | None) -> int:
    if os.environ.get("SANDBOX_TRACEBACK"):
        traceback.print_exc()
    message = f"Internal error of the sandbox ({type(error).__name__}: {error}). This is a bug."
    return show_error(message, f"SANDBOX_TRACEBACK=1 {' '.join(typed(arguments))}")


def _replace_closed_streams() -> None:
    """After `sandbox status >&-`, sys.stdout is None."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 - until the process ends


def show_error(sentence: str, next_command: str | None) -> int:
    click.echo(f"error: {sentence}", err=True)
    if next_command:
        from sandbox.cli.common import typable  # noqa: PLC0415 - see Commands

        click.echo(f"  next: {typable(next_command)}", err=True)
    return 1


def typed(arguments: list[str] | None) -> list[str]:
    return ["sandbox", *(sys.argv[1:] if arguments is None else arguments)]


if __name__ == "__main__":
    main()
