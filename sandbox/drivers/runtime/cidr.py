"""Address ranges that this machine uses already. Docker refuses a subnet that overlaps another of its networks, and a subnet that overlaps
a route of the host could not be reached from it. So the creation of such a VPC is refused, with both ranges in the message.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_network
from pathlib import Path

ROUTES = Path("/proc/net/route")


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    what: str  # "the Docker network bridge" | "the route of eth0": its words in the sentence
    cidr: IPv4Network


def overlap(cidr: str, taken: Iterable[Range]) -> str | None:
    """One sentence with the CIDR and the first range that it overlaps; None when it overlaps none."""
    wanted = IPv4Network(cidr)
    for other in taken:
        if wanted.overlaps(other.cidr):
            return f"{cidr} overlaps {other.what} ({other.cidr}) on this machine; choose another CIDR block."
    return None


def host_routes(table: Path = ROUTES) -> list[tuple[str, IPv4Network]]:
    """(interface, destination) of the IPv4 routes of this network namespace, without the default route. Empty without /proc (macOS)."""
    try:
        lines = table.read_text().splitlines()[1:]
    except OSError:
        return []
    found = []
    for line in lines:
        interface, destination, _gateway, _flags, _refs, _use, _metric, mask = line.split()[:8]
        prefix = _bits(mask)
        if prefix:
            address = int.from_bytes(bytes.fromhex(destination)[::-1], "big")
            found.append((interface, IPv4Network((address, prefix))))
    return found


def _bits(little_endian_mask: str) -> int:
    return int(little_endian_mask, 16).bit_count()


def ipv4(cidrs: Iterable[str]) -> list[IPv4Network]:
    """The IPv4 ones of these CIDRs."""
    return [network for network in map(ip_network, cidrs) if isinstance(network, IPv4Network)]
