"""`eval "$(sandbox env)"`: the AWS CLI, boto3, Terraform and others then talk to the sandbox."""

import click

from sandbox.cli.common import as_json, endpoint, json_option
from sandbox.settings import Settings


@click.command()
@json_option
def env(as_json_: bool) -> None:
    """Print what to export: eval "$(sandbox env)"."""
    variables = exports(Settings.from_environment())
    if as_json_:
        as_json(variables)
        return
    click.echo("unset AWS_PROFILE AWS_SESSION_TOKEN")
    for name, value in variables.items():
        click.echo(f"export {name}={value}")
    click.echo('export NO_PROXY="${NO_PROXY:+$NO_PROXY,}127.0.0.1,localhost"')


def exports(settings: Settings) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": endpoint(settings),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": settings.region,
    }
