"""`sandbox aws …`: the AWS CLI with this sandbox, without eval. Its exit code is the AWS CLI's."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click

from sandbox.core.errors import UserError
from sandbox.launch.running import LEFT_OUT, LOOPBACK, aws_environment
from sandbox.settings import Settings


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def aws(arguments: tuple[str, ...]) -> int:
    """Run the AWS CLI with this sandbox: sandbox aws ec2 describe-instances.

    The AWS CLI is the first one on the PATH, or the one that is installed beside this command. The endpoint is passed as an option, because
    version 1 ignores AWS_ENDPOINT_URL for some services.
    """
    settings = Settings.from_environment()
    variables = aws_environment(settings)
    kept = {name: value for name, value in os.environ.items() if name not in LEFT_OUT}
    no_proxy = ",".join(filter(None, (kept.get("NO_PROXY"), LOOPBACK)))
    command = [aws_cli(), "--endpoint-url", variables["AWS_ENDPOINT_URL"], *arguments]
    status = subprocess.run(command, env={**kept, **variables, "NO_PROXY": no_proxy}, check=False).returncode
    return status if status >= 0 else 128 - status  # ended by a signal: as a shell reports it


def aws_cli() -> str:
    """The path of the command. Raises UserError if there is none."""
    beside = Path(sys.executable).with_name("aws")
    found = shutil.which("aws") or (str(beside) if beside.exists() else None)
    if found is None:
        raise UserError("The AWS CLI was not found on the PATH.", "python3 -m pip install awscli")
    return found
