"""The TCP ports on which the sandbox itself listens, and whether an address and port reach one of them.

Users configure addresses that the sandbox then calls: load balancer targets and SNS subscribers. If one of them were the sandbox's own, a
web page could reach the API although the guard refuses it, and a load balancer could call itself without end. settings.py lists the ports.
"""

import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

ENVOY_STREAM = 18000
"""Compose: Envoy reads its configuration from it, on loopback of the network namespace that it shares with the control plane."""
DOCKER_FILTER = 2375
"""Compose: the port of the service `dockerapi`, which forwards calls to the Docker engine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPort:
    what: str  # for messages: "the sandbox's API (SANDBOX_PORT)"
    host: str | None  # the address that it binds; "0.0.0.0": all addresses of this network namespace; None: unknown
    ports: range
    of_load_balancer: bool = False  # callers that may call a load balancer on AWS may call this port


def is_local(address: str) -> bool:
    """Whether the address belongs to this network namespace: packets to it come from itself. No packet is sent.

    Whether a socket can bind to it says less: where net.ipv4.ip_nonlocal_bind is set, as in the VPC router, it can bind to any address."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as trial:
        try:
            trial.connect((address, 1))
        except OSError:
            return False
        return ip_address(str(trial.getsockname()[0]).partition("%")[0]) == ip_address(address.partition("%")[0])


def find(own: Iterable[OwnPort], address: str, port: int, is_local: Callable[[str], bool] = is_local) -> OwnPort | None:
    """The first of these ports that a connection to the IP address and port would reach."""
    return next((each for each in own if port in each.ports and _reaches(each, address, is_local)), None)


def addresses(host: str) -> tuple[str, ...]:
    """The IP addresses of a URL's host that are known without DNS: numeric addresses in any notation, and localhost."""
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return ("127.0.0.1", "::1")
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return ()
    return tuple(str(each[4][0]) for each in found)


def _reaches(own: OwnPort, address: str, is_local: Callable[[str], bool]) -> bool:
    if own.host is None:
        return True
    asked = _parsed(address)
    bound = next((_parsed(each) for each in addresses(own.host)), None)
    if asked.is_unspecified:  # a connection to 0.0.0.0 reaches this machine
        return True
    if bound is None or bound.is_unspecified:  # None: a name, which may resolve to any address of this machine
        return asked.is_loopback or is_local(str(asked))
    return asked == bound


def _parsed(address: str) -> IPv4Address | IPv6Address:
    found = ip_address(address.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found
