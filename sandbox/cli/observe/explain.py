"""`sandbox explain i-0abc`: what happened to a resource, and why."""

import click

from sandbox.cli.common import as_json, client, json_option


@click.command()
@click.argument("resource")
@json_option
def explain(resource: str, as_json_: bool) -> None:
    """Explain what happened to RESOURCE, and why.

    RESOURCE is the id or name of an instance, group, target group, load balancer or alarm. A unique prefix is enough.
    """
    answer = client().get("explain", resource=resource)
    if as_json_:
        as_json(answer)
    else:
        click.echo(f"{answer['resource']}:")
        click.echo("\n".join(answer["text"]))
