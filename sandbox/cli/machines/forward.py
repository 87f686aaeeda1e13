"""`sandbox forward i-0abc 8000:80`: a port of this machine that leads to a port of an instance, until Ctrl-C."""

import asyncio
import re
import subprocess
from typing import Any

import click
from click.shell_completion import CompletionItem

from sandbox.cli import fault_completion
from sandbox.cli.common import account_option, client
from sandbox.core.errors import UserError
from sandbox.launch.forwarding import HOST, Destination, Forward

HIGHEST = 65_535


def _instances(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return fault_completion.instances(incomplete)


class Ports(click.ParamType[tuple[int, int]]):
    """ "8000:80" or "80": (local, of the instance)."""

    name = "[local:]port"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        found = re.fullmatch(r"(?:(\d{1,5}):)?(\d{1,5})", str(value))
        local, port = (int(found[1] or found[2]), int(found[2])) if found else (0, 0)
        if not found or local > HIGHEST or not 1 <= port <= HIGHEST:
            self.fail(f"{value} is not a port, or two with a colon between them such as 8000:80.", param, ctx)
        return local, port


@click.command()
@account_option
@click.argument("instance_id", shell_complete=_instances)
@click.argument("ports", type=Ports())
def forward(instance_id: str, ports: tuple[int, int]) -> None:
    """Forward a port of 127.0.0.1 to a port of INSTANCE_ID: `sandbox forward i-0abc 8000:80`, until Ctrl-C.

    PORTS is LOCAL:PORT, or PORT for both; the local port 0 is any free one. Security groups do not filter these connections.
    """
    local, port = ports
    found = client().post("forwards", {"instance": instance_id, "port": port})
    container = router(found["name"], found["through"]) if found["through"] else None
    to = Destination(host=found["host"], port=found["port"], container=container)
    asyncio.run(_serve(to, local, f"port {port} of {found['instance_id']}"))


def router(name: str, role: str) -> str:
    """The id of the container of the VPC router."""
    filters = [f"label=sandbox.role={role}", f"label=sandbox.topology={name}"]
    words = ["docker", "ps", "--quiet", *(part for each in filters for part in ("--filter", each))]
    try:
        asked = subprocess.run(words, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise UserError("The docker command was not found. Instances of this sandbox are containers.", "sandbox status") from error
    if not asked.stdout.strip():
        raise UserError(f"The container {role} of sandbox {name} does not run.", "sandbox up")
    return asked.stdout.split()[0]


async def _serve(to: Destination, local: int, what: str) -> None:
    try:
        server = await Forward(to, lambda sentence: click.echo(sentence, err=True)).listen(local)
    except OSError as error:
        raise UserError(f"Port {local} of {HOST} cannot be used: {error.strerror}.", f"sandbox forward … {local + 1}:…") from error
    click.echo(f"http://{HOST}:{server.sockets[0].getsockname()[1]}/ leads to {what}. Ctrl-C ends it.")
    async with server:
        await server.serve_forever()
