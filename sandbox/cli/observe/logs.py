"""`sandbox logs control|access|i-0abc`: the log of the control plane, of the load balancers, or an instance's console output."""

import click

from sandbox.cli.common import client, matches
from sandbox.core.errors import UserError
from sandbox.launch.logs import control_log
from sandbox.settings import Settings


@click.command()
@click.argument("what", default="control")
@click.option("--newest", "-n", type=click.IntRange(1, 10_000), default=200, show_default=True, help="Number of lines.")
def logs(what: str, newest: int) -> None:
    """Show the log of the control plane, the load balancers or an instance.

    WHAT is `control` (the default), `access` for the load balancers' access log in the format of AWS, or an instance id for its console
    output. A unique prefix of the id is enough.
    """
    if what == "control":
        lines = control_log(Settings.from_environment(), newest)
    elif what == "access":
        lines = client().get("access-log", newest=newest)["lines"]
    else:
        lines = console(what)[-newest:]
    click.echo("\n".join(lines) if lines else "There are no log lines yet.", err=not lines)


def console(prefix: str) -> list[str]:
    sandbox = client()
    found = matches([m["instance_id"] for m in sandbox.get("machines")["machines"]], prefix)
    if len(found) > 1:
        raise UserError(f"{prefix} matches several instances: {', '.join(found)}.", f"sandbox logs {found[0]}")
    output: str = sandbox.get("console", instance_id=found[0] if found else prefix)["output"]
    return output.splitlines()
