"""`sandbox logs control|access|i-0abc`: of the control plane, of the load balancers, of an instance's console."""

import click

from sandbox.cli.common import client, pick
from sandbox.core.errors import UserError
from sandbox.launch import compose
from sandbox.launch.running import Running
from sandbox.settings import Settings


@click.command()
@click.argument("what", default="control")
@click.option("--newest", "-n", type=click.IntRange(1, 10_000), default=200, show_default=True, help="How many lines.")
def logs(what: str, newest: int) -> None:
    """Show log lines of WHAT: control (the default), access (the load balancers', in AWS's format), or an instance's console."""
    if what == "control":
        lines = control(Settings.from_environment(), newest)
    elif what == "access":
        lines = client().get("access-log", newest=newest)["lines"]
    else:
        lines = console(what)[-newest:]
    click.echo("\n".join(lines) if lines else f"There are no log lines of {what} yet.", err=not lines)


def console(beginning: str) -> list[str]:
    sandbox = client()
    found = pick([m["instance_id"] for m in sandbox.get("machines")["machines"]], beginning)
    if len(found) > 1:
        raise UserError(f"{beginning} is any of {', '.join(found)}.", f"sandbox logs {found[0]}")
    output: str = sandbox.get("console", instance_id=found[0] if found else beginning)["output"]
    return output.splitlines()


def control(settings: Settings, newest: int) -> list[str]:
    running = Running.read(settings)
    if running and running.topology == "compose":
        return compose.logs(settings, newest)
    file = settings.state_dir / "sandbox.log"
    if not file.exists():
        raise UserError(f"There is no {file}: no sandbox was started here.", "sandbox up")
    return file.read_text(errors="replace").splitlines()[-newest:]
