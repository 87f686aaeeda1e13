"""Where a notification may go: this machine and private networks. The sandbox never speaks to anybody outside."""

from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address


def inside(address: str) -> bool:
    """Loopback and private addresses; not link-local ones, where clouds keep their metadata services."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if found.is_link_local or found.is_multicast or found.is_unspecified:
        return False
    return found.is_loopback or found.is_private


def usable(addresses: Iterable[str]) -> str | None:
    """The first address when all are inside; None: at least one is not. A name with one foot outside is not trusted."""
    each = list(addresses)
    return each[0] if each and all(map(inside, each)) else None
