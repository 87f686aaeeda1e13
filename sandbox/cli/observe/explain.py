"""`sandbox explain i-0abc`: what happened to a resource, and why."""

import click

from sandbox.cli.common import account_option, as_json, client, json_option


@click.command()
@account_option
@click.argument("resource")
@click.option("--to", metavar="DESTINATION:PORT", help="Explain whether RESOURCE can connect there, or what does not admit it.")
@click.option("--protocol", type=click.Choice(["tcp", "udp"]), default="tcp", help="With --to.")
@json_option
def explain(resource: str, to: str | None, protocol: str, as_json_: bool) -> None:
    """Explain what happened to RESOURCE, and why.

    RESOURCE is the id or name of an instance, group, target group, load balancer or alarm. A unique prefix is enough.

    With --to, RESOURCE and DESTINATION are instances, load balancers or addresses; "client" is a client on this machine. The answer
    is that of security groups and network ACLs: sandbox explain client --to my-load-balancer:80
    """
    answer = client().get("connection", source=resource, to=to, protocol=protocol) if to else client().get("explain", resource=resource)
    if as_json_:
        as_json(answer)
    elif to:
        click.echo("\n".join(answer["text"]))
    else:
        click.echo(f"{answer['resource']}:")
        click.echo("\n".join(answer["text"]))
