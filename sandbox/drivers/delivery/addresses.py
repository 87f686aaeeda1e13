"""Addresses to which notifications may be sent: this machine and private networks. The sandbox never connects to the internet."""

from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address


def is_allowed(address: str) -> bool:
    """Loopback and private addresses; not link-local ones, which clouds use for metadata services."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if found.is_link_local or found.is_multicast or found.is_unspecified:
        return False
    return found.is_loopback or found.is_private


def allowed_address(addresses: Iterable[str]) -> str | None:
    """The first address if all are allowed, else None: a name that also has an outside address is not allowed."""
    each = list(addresses)
    return each[0] if each and all(map(is_allowed, each)) else None
