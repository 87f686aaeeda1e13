"""`sandbox seams`: every place where the sandbox replaces or extends moto, with the reason."""

import click

from sandbox.cli.common import as_json, client, json_option, table


@click.command()
@json_option
def seams(as_json_: bool) -> None:
    """List where the sandbox replaces or extends moto, and why."""
    found = client().get("seams")["seams"]
    if as_json_:
        as_json(found)
    else:
        table("seams", ("seam", "module", "reason"), [(each["seam"], each["where"], each["why"]) for each in found])
