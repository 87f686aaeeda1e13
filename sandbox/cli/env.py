"""`eval "$(sandbox env)"`: the AWS CLI, boto3, Terraform and others then use the sandbox.

Version 1 of the AWS CLI builds the endpoints of some services itself (sqs, rds, emr, health) and ignores AWS_ENDPOINT_URL for them. Without
the function `aws`, which passes the endpoint as an option, such a command would leave for the internet.
"""

from collections.abc import Iterator, Mapping

import click

from sandbox.cli.common import account_option, as_json, json_option, named_account
from sandbox.launch.running import LEFT_OUT, LOOPBACK, aws_environment
from sandbox.settings import Settings


@click.command()
@account_option
@click.option("--shell", type=click.Choice(["bash", "zsh", "fish"]), default="bash", help="The shell that reads the output.")
@json_option
def env(shell: str, as_json_: bool) -> None:
    """Print the shell commands that make AWS tools use the sandbox: eval "$(sandbox env)".

    In fish: sandbox env --shell fish | source. The function `aws` that they define keeps version 1 of the AWS CLI in the sandbox.
    """
    variables = aws_environment(Settings.from_environment(), named_account())
    if as_json_:
        as_json(variables)
        return
    for line in _fish(variables) if shell == "fish" else _posix(variables):
        click.echo(line)


def _posix(variables: Mapping[str, str]) -> Iterator[str]:
    yield f"unset {' '.join(LEFT_OUT)}"
    for name, value in variables.items():
        yield f"export {name}={value}"
    yield f'export NO_PROXY="${{NO_PROXY:+$NO_PROXY,}}{LOOPBACK}"'
    yield 'aws() { command aws ${AWS_ENDPOINT_URL:+--endpoint-url="$AWS_ENDPOINT_URL"} "$@"; }'


def _fish(variables: Mapping[str, str]) -> Iterator[str]:
    yield f"set -e {' '.join(LEFT_OUT)}"
    for name, value in variables.items():
        yield f"set -gx {name} {value}"
    yield f"set -q NO_PROXY; and set -gx NO_PROXY $NO_PROXY,{LOOPBACK}; or set -gx NO_PROXY {LOOPBACK}"
    yield "function aws"
    yield "    if set -q AWS_ENDPOINT_URL"
    yield "        command aws --endpoint-url=$AWS_ENDPOINT_URL $argv"
    yield "    else"
    yield "        command aws $argv"
    yield "    end"
    yield "end"
