"""`sandbox hosts`: the names of load balancers for /etc/hosts, where the resolver does not know *.localhost, and whether they resolve."""

import ipaddress
import socket
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import click

from sandbox.cli.common import as_json, client, json_option, table
from sandbox.core.errors import UserError

ADDRESS = "127.0.0.1"


@click.command()
@click.option("--check", is_flag=True, help="Show whether this machine resolves the names. The exit code is 1 if it does not.")
@click.option("--resolve", is_flag=True, help="Print curl's options instead: each name with the addresses of its nodes in DNS.")
@json_option
def hosts(check: bool, resolve: bool, as_json_: bool) -> int:
    """Print the DNS names of load balancers (in the default Region) as lines for /etc/hosts.

    curl and browsers resolve *.localhost themselves. Other programs ask the system, which resolves it with systemd-resolved or
    nss-myhostname, or with these lines: sandbox hosts | sudo tee -a /etc/hosts
    """
    answer = client().get("endpoints")
    if any(each["simulated"] for each in answer["endpoints"]):
        raise UserError("The load balancers are simulated: nothing listens on this machine, so their names lead nowhere.", "sandbox status")
    if resolve:
        for line in resolve_options(answer["endpoints"]):
            click.echo(line)
        return 0
    names = list(answer["load_balancers"].values())
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


def resolve_options(endpoints: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """For `curl $(sandbox hosts --resolve) http://<DNSName>:<port>/`, one line for each listener. Where nodes have loopback addresses, the
    port is that of the listener's URL. Where they have ports of their own, curl gets the first node in DNS: it cannot choose a port."""
    for endpoint in endpoints:
        found = [urlsplit(node["url"]) for node in endpoint["nodes"] if node["in_dns"] and node["url"]]
        name, ports = endpoint["dns_name"], {each.port for each in found}
        if len(ports) == 1 and urlsplit(endpoint["url"]).port in ports:
            yield f"--resolve {name}:{found[0].port}:{','.join(str(each.hostname) for each in found)}"
        elif found:
            yield f"--connect-to {name}:{endpoint['port']}:{found[0].hostname}:{found[0].port}"


def addresses(name: str) -> Sequence[str]:
    """What the system's resolver answers; empty: it does not know the name."""
    try:
        return sorted({str(found[4][0]) for found in socket.getaddrinfo(name, 80, type=socket.SOCK_STREAM)})
    except OSError:
        return []


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback
