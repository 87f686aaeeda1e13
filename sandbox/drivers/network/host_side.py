"""Tells callers on this machine from instances, where both reach the API at the same port: in the network namespace of docker-compose.yml.

Clients on this machine come through the published port, from the network of the default route (`edge`); this namespace itself calls from
loopback. Every other address belongs to an instance, or to a container that somebody connected to the namespace. An instance has no
NET_RAW, so it cannot send from another address, and the answer would not reach it.
"""

from ipaddress import IPv4Network, ip_address
from pathlib import Path

from sandbox.drivers.runtime.cidr import ROUTES, host_routes


def host_networks(table: Path = ROUTES) -> tuple[IPv4Network, ...]:
    """The networks of the interface that has the default route. It has one from the start, and keeps it."""
    default = _default_interface(table)
    return tuple(destination for interface, destination in host_routes(table) if interface == default)


def is_instance(address: str, table: Path = ROUTES) -> bool:
    """Whether a connection from this address is not from this machine."""
    caller = ip_address(address)
    return not caller.is_loopback and not any(caller in network for network in host_networks(table))


def _default_interface(table: Path) -> str | None:
    try:
        rows = [line.split() for line in table.read_text().splitlines()[1:]]
    except OSError:
        return None
    return next((row[0] for row in rows if row[1] == "00000000" and row[7] == "00000000"), None)
