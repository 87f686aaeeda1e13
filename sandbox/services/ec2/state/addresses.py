"""Private addresses of subnets: which one an instance gets. moto hands them out from a generator that is lost with the process and from a
set whose order differs from run to run; a container needs an address that no other has, and a replay by seed needs the same one again.

Addresses are given in rising order and come round: one that was given back is not used again before the others were.
"""

from ipaddress import IPv4Network, ip_address
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.ec2.models import ec2_backends

from sandbox.aws.backends import RESERVED_HEAD, reserved, taken, walk
from sandbox.aws.context import context
from sandbox.core.errors import ApiError
from sandbox.drivers.runtime.process.loopback import loopback_of
from sandbox.services.ec2 import errors


def cidr_blocks(vpc: Any) -> list[str]:
    """The IPv4 blocks of a VPC: its own, and those that are associated with it."""
    associations = vpc.get_cidr_block_association_set()
    return [one["cidr_block"] for one in associations if one["cidr_block_state"]["state"] == "associated"]


PREFIX = 16  # of the default VPC of a further account
REAL = ("docker", "process")  # runtimes whose instances share one network, whatever their VPC (NET-3)


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
    if reserved(subnet, wanted):
        raise errors.address_reserved(address)
    if address in taken(subnet):
        raise errors.address_in_use(address)


# ---- accounts: on AWS they are networks of their own, and here they share one ---------------------------------------------------------


def default_block(account: str) -> str:
    """The block of a new default VPC: the setting's for the sandbox's own account, and for each other account one that no other has. When
    none is left, the setting's: then launches are refused while another account has instances in it (NET-3)."""
    settings = context().settings
    if account == settings.account:
        return settings.vpc_cidr
    taken = [_on_this_machine(block) for _, ec2 in walk(ec2_backends) for vpc in ec2.vpcs.values() for block in cidr_blocks(vpc)]
    taken.append(_on_this_machine(settings.vpc_cidr))
    free = (str(each) for each in IPv4Network(settings.account_cidrs).subnets(new_prefix=PREFIX) if not _overlaps(each, taken))
    return next((block for block in free if context().machines.check_cidr(block) is None), settings.vpc_cidr)


def _overlaps(block: IPv4Network, taken: list[IPv4Network]) -> bool:
    asked = _on_this_machine(str(block))
    return any(asked.overlaps(each) for each in taken)


# ---- subnets of different VPCs that overlap: legal on AWS, and one network here (NET-3) -----------------------------------------------


def overlapping(vpc_id: str, block: str | None) -> list[Any]:
    """The subnets of other VPCs, of all accounts and Regions, whose instances could have an address of this block too. Simulated instances
    of one account may share an address."""
    if not block:
        return []
    asked, real = _on_this_machine(block), context().settings.runtime in REAL
    backends = list(walk(ec2_backends))
    own = {scope.account for scope, ec2 in backends if vpc_id in ec2.vpcs}
    searched = [ec2 for scope, ec2 in backends if real or scope.account not in own]
    others = [s for ec2 in searched for zone in ec2.subnets.values() for s in zone.values() if s.vpc_id != vpc_id]
    return [each for each in others if each.cidr_block and _on_this_machine(each.cidr_block).overlaps(asked)]


def occupied(vpc_id: str, block: str | None) -> list[Any]:
    """Those of them that have instances: default VPCs of different Regions have the same block."""
    found = overlapping(vpc_id, block)
    held = {i.subnet_id for _, ec2 in walk(ec2_backends) for r in ec2.reservations.values() for i in r.instances if i.private_ip}
    return [subnet for subnet in found if subnet.id in held]


def conflict(account: str, block: str | None, other: Any) -> ApiError:
    """With a subnet of another VPC; one of another account is not named."""
    if other.ec2_backend.account_id == account:
        return errors.overlaps_another_vpc(str(block), other.id, other.vpc_id)
    return errors.overlaps_another_account(str(block))


def _on_this_machine(block: str) -> IPv4Network:
    """The process runtime gives the instance a.b.c.d the loopback address 127.b.c.d."""
    network = IPv4Network(block)
    if context().settings.runtime != "process" or network.prefixlen < 8:
        return network
    return IPv4Network((loopback_of(str(network.network_address)), network.prefixlen))
