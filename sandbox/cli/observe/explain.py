"""`sandbox explain i-0abc`: what happened to a thing and why, as a story."""

import click

from sandbox.cli.common import as_json, client, json_option


@click.command()
@click.argument("resource")
@json_option
def explain(resource: str, as_json_: bool) -> None:
    """Tell the story of RESOURCE: an instance, a group, a target group, a load balancer, an alarm (the beginning of its name is enough)."""
    answer = client().get("explain", resource=resource)
    if as_json_:
        as_json(answer)
    else:
        click.echo(f"{answer['resource']}:")
        click.echo("\n".join(answer["text"]))
