"""The one way to iterate over moto's backends and to look one up. Indexing moto's dictionary creates a missing backend; reading must not,
so that an unused Region stays unused. The caller holds the lock.
"""

from collections import Counter
from collections.abc import Iterator
from ipaddress import IPv4Address, ip_address
from typing import Any
from weakref import WeakKeyDictionary

from sandbox.core.control import Scope

RESERVED_HEAD = 4  # DNS-4: .0 to .3 and the last


def walk(backends: Any) -> Iterator[tuple[Scope, Any]]:
    """`backends`: moto's BackendDict of a service. → scope and backend of each account and Region in use, in sorted order."""
    for account in sorted(backends):
        for region in sorted(backends[account]):
            yield Scope(account, region), backends[account][region]


def find(backends: Any, scope: Scope) -> Any | None:
    """The backend of an account and Region; None if it is not in use."""
    return backends.get(scope.account, {}).get(scope.region)


# ---- EC2: moto searches all instances or network interfaces for these, which takes long with thousands of them ---------------------------


def find_instance(ec2: Any, instance_id: str) -> Any | None:
    """moto's instance in this EC2 backend; None: it has none with that id."""
    places = _PLACES.setdefault(ec2, {})
    found = _instance_at(ec2, places.get(instance_id), instance_id)
    if found is None:
        places.clear()
        places.update({each.id: (r.id, n) for r in list(ec2.reservations.values()) for n, each in enumerate(r.instances)})
        found = _instance_at(ec2, places.get(instance_id), instance_id)
    return found


def reservation_id_of(ec2: Any, instance_id: str) -> str:
    """ "" when there is no such instance."""
    return "" if find_instance(ec2, instance_id) is None else _PLACES[ec2][instance_id][0]


def _instance_at(ec2: Any, place: tuple[str, int] | None, instance_id: str) -> Any | None:
    reservation = ec2.reservations.get(place[0]) if place else None
    if reservation is None or place is None or place[1] >= len(reservation.instances):
        return None
    found = reservation.instances[place[1]]
    return found if found.id == instance_id else None


def taken_addresses(ec2: Any) -> Counter[str]:
    """Subnet id → private addresses that network interfaces have in it."""
    enis = ec2.enis
    state = (len(enis), next(reversed(enis), ""))  # ids never come back: an interface more or less changes one of the two
    known = _TAKEN.get(ec2)
    if known is None or known[0] != state:
        counted = Counter[str]()
        for eni in list(enis.values()):
            counted[eni.subnet.id] += len(eni.private_ip_addresses or ())
        known = _TAKEN[ec2] = (state, counted)
    return known[1]


# ---- private addresses of a subnet, for the services that take some: EC2 for instances, ELBv2 for load balancers ------------------------


def taken(subnet: Any) -> set[str]:
    """Addresses of instances (moto keeps them on the subnet), of network interfaces, and reserved CIDRs."""
    interfaces = (eni for eni in subnet.ec2_backend.enis.values() if eni.subnet.id == subnet.id)
    held = {a["PrivateIpAddress"] for eni in interfaces for a in eni.private_ip_addresses}
    return held | set(subnet._subnet_ips) | {str(a) for a in subnet._reserved_ips}


def free_count(subnet: Any) -> int:
    usable: int = subnet.cidr.num_addresses - RESERVED_HEAD - 1
    return usable - sum(1 for address in taken(subnet) if not reserved(subnet, ip_address(address)))


def highest_free(subnet: Any) -> str | None:
    """None: the subnet has no free address."""
    used = taken(subnet)
    offsets = range(subnet.cidr.num_addresses - 2, RESERVED_HEAD - 1, -1)
    return next((address for offset in offsets if (address := str(subnet.cidr[offset])) not in used), None)


def reserved(subnet: Any, address: Any) -> bool:
    offset = int(address) - int(subnet.cidr.network_address)
    return not RESERVED_HEAD <= offset < subnet.cidr.num_addresses - 1 if isinstance(address, IPv4Address) else False


_PLACES: WeakKeyDictionary[Any, dict[str, tuple[str, int]]] = WeakKeyDictionary()
"""Backend → instance id → id of its reservation and place in it; filled again when an instance is not where it was."""

_TAKEN: WeakKeyDictionary[Any, tuple[tuple[int, str], Counter[str]]] = WeakKeyDictionary()
"""Backend → (number and last id of its network interfaces, their count of addresses by subnet)."""
