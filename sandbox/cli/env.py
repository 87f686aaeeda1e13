"""`eval "$(sandbox env)"`: the AWS CLI, boto3, Terraform and others then use the sandbox."""

import click

from sandbox.cli.common import as_json, json_option
from sandbox.launch.running import aws_environment
from sandbox.settings import Settings


@click.command()
@json_option
def env(as_json_: bool) -> None:
    """Print the shell commands that make AWS tools use the sandbox: eval "$(sandbox env)"."""
    variables = aws_environment(Settings.from_environment())
    if as_json_:
        as_json(variables)
        return
    click.echo("unset AWS_PROFILE AWS_SESSION_TOKEN")
    for name, value in variables.items():
        click.echo(f"export {name}={value}")
    click.echo('export NO_PROXY="${NO_PROXY:+$NO_PROXY,}127.0.0.1,localhost"')
