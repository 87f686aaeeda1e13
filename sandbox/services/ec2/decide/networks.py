"""What a VPC says of its instances to the outside of the API: their names in DNS, and which of them reach the internet: pure
(DNS-1 to DNS-7, NET-2).
"""

from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Network

from sandbox.core.control import Action, Decision
from sandbox.drivers.names.base import Name, Published
from sandbox.services.ec2.actions import LetOut, PublishNames

API_NAME, API_ADDRESS = "api.sandbox.internal", "169.254.169.250"  # NET-4
METADATA_NAME, METADATA_ADDRESS = "instance-data.ec2.internal", "169.254.169.254"


class WayOut(Enum):
    """Where the route table of a subnet sends packets to the internet."""

    NONE = "none"
    INTERNET_GATEWAY = "internet gateway"  # for instances with a public address
    NAT_GATEWAY = "NAT gateway"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectedInstance:
    """An instance that has its network interface."""

    private_name: str
    private_address: str
    public_name: str | None  # None: it has no public address
    way_out: WayOut


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectedVpc:
    cidr: str
    dns_support: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedNetworks:
    instances: tuple[ConnectedInstance, ...]
    vpcs: tuple[ConnectedVpc, ...]
    internet: bool  # SANDBOX_INTERNET


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworksMemory:
    names: Published
    let_out: frozenset[str]


def decide(observed: ObservedNetworks, memory: NetworksMemory | None) -> Decision[NetworksMemory]:
    now = NetworksMemory(names=published(observed), let_out=let_out(observed))
    actions: list[Action] = []
    if memory is None or memory.names != now.names:
        actions.append(PublishNames(published=now.names))
    if memory is None or memory.let_out != now.let_out:
        actions.append(LetOut(addresses=now.let_out))
    return Decision(memory=now, actions=tuple(actions))


def published(observed: ObservedNetworks) -> Published:
    """DNS-1, DNS-2: inside the VPC, the public name leads to the private address."""
    own = tuple(Name(each.private_name, (each.private_address,)) for each in observed.instances)
    public = tuple(Name(each.public_name, (each.private_address,)) for each in observed.instances if each.public_name)
    fixed = (Name(API_NAME, (API_ADDRESS,)), Name(METADATA_NAME, (METADATA_ADDRESS,)))
    return Published(
        names=tuple(sorted((*own, *public, *fixed))),
        reverse=tuple(sorted(own)),
        servers=tuple(sorted({server(vpc.cidr) for vpc in observed.vpcs if vpc.dns_support})),
        internet=observed.internet,
    )


def server(cidr: str) -> str:
    """DNS-3: the address of the resolver of a VPC with this block."""
    return str(IPv4Network(cidr)[2])


def let_out(observed: ObservedNetworks) -> frozenset[str]:
    """NET-2: the private addresses of the instances that reach the internet."""
    if not observed.internet:
        return frozenset()
    return frozenset(each.private_address for each in observed.instances if _reaches_internet(each))


def _reaches_internet(instance: ConnectedInstance) -> bool:
    match instance.way_out:
        case WayOut.NAT_GATEWAY:
            return True
        case WayOut.INTERNET_GATEWAY:
            return instance.public_name is not None
        case WayOut.NONE:
            return False
