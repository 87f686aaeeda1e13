"""Private addresses of subnets: which one an instance gets. moto hands them out from a generator that is lost with the process and from a
set whose order differs from run to run; a container needs an address that no other has, and a replay by seed needs the same one again.

Addresses are given in rising order and come round: one that was given back is not used again before the others were.
"""

from ipaddress import IPv4Address, ip_address
from typing import Any

from sandbox.services.ec2 import errors

RESERVED_HEAD = 4  # DNS-4: .0 to .3 and the last


def cidr_blocks(vpc: Any) -> list[str]:
    """The IPv4 blocks of a VPC: its own, and those that are associated with it."""
    associations = vpc.get_cidr_block_association_set()
    return [one["cidr_block"] for one in associations if one["cidr_block_state"]["state"] == "associated"]


def taken(subnet: Any) -> set[str]:
    """Addresses of instances (moto keeps them on the subnet), of network interfaces, and reserved CIDRs."""
    interfaces = (eni for eni in subnet.ec2_backend.enis.values() if eni.subnet.id == subnet.id)
    held = {a["PrivateIpAddress"] for eni in interfaces for a in eni.private_ip_addresses}
    return held | set(subnet._subnet_ips) | {str(a) for a in subnet._reserved_ips}


def free_count(subnet: Any) -> int:
    usable: int = subnet.cidr.num_addresses - RESERVED_HEAD - 1
    return usable - sum(1 for address in taken(subnet) if not _reserved(subnet, ip_address(address)))


def choose(subnet: Any) -> str:
    """The next free address of the subnet. InsufficientFreeAddressesInSubnet when there is none."""
    first, last = RESERVED_HEAD, subnet.cidr.num_addresses - 2
    start = getattr(subnet, "sandbox_next_address", first)
    used = taken(subnet)
    for offset in (*range(start, last + 1), *range(first, start)):
        address = str(subnet.cidr[offset])
        if address not in used:
            subnet.sandbox_next_address = offset + 1
            return address
    raise errors.no_free_address(subnet.id)


def check(subnet: Any, address: str) -> None:
    """Raises what AWS answers when a request names an address that it cannot have."""
    try:
        wanted = ip_address(address)
    except ValueError:
        raise errors.malformed_address(address) from None
    if wanted not in subnet.cidr:
        raise errors.address_outside(address)
    if _reserved(subnet, wanted):
        raise errors.address_reserved(address)
    if address in taken(subnet):
        raise errors.address_in_use(address)


def _reserved(subnet: Any, address: Any) -> bool:
    offset = int(address) - int(subnet.cidr.network_address)
    return not RESERVED_HEAD <= offset < subnet.cidr.num_addresses - 1 if isinstance(address, IPv4Address) else False
