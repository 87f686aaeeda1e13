"""`sandbox hosts`: the names of load balancers for /etc/hosts, where the resolver does not know *.localhost, and whether they resolve."""

import ipaddress
import socket
from collections.abc import Sequence

import click

from sandbox.cli.common import as_json, client, json_option, table
from sandbox.core.errors import UserError

ADDRESS = "127.0.0.1"


@click.command()
@click.option("--check", is_flag=True, help="Show whether this machine resolves the names. The exit code is 1 if it does not.")
@json_option
def hosts(check: bool, as_json_: bool) -> int:
    """Print the DNS names of load balancers (in the default Region) as lines for /etc/hosts.

    curl and browsers resolve *.localhost themselves. Other programs ask the system, which resolves it with systemd-resolved or
    nss-myhostname, or with these lines: sandbox hosts | sudo tee -a /etc/hosts
    """
    names = list(client().get("endpoints")["load_balancers"].values())
    found = {entry["dns_name"]: addresses(entry["dns_name"]) if check else [ADDRESS] for entry in names}
    missing = [name for name, known in found.items() if not known or not all(map(_is_loopback, known))]
    if as_json_:
        as_json(found)
    elif check:
        table("DNS names", ("name", "addresses"), [(name, ", ".join(known) or "does not resolve") for name, known in found.items()])
    else:
        for name in found:
            click.echo(f"{ADDRESS} {name}")
    if check and missing and not as_json_:
        raise UserError(f"{len(missing)} of {len(found)} names do not resolve to this machine.", "sandbox hosts | sudo tee -a /etc/hosts")
    return int(bool(check and missing))


def addresses(name: str) -> Sequence[str]:
    """What the system's resolver answers; empty: it does not know the name."""
    try:
        return sorted({str(found[4][0]) for found in socket.getaddrinfo(name, 80, type=socket.SOCK_STREAM)})
    except OSError:
        return []


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback
