"""Ids of EC2's objects: which there are, and of which kind each is."""

from collections.abc import Iterator, Mapping
from typing import Any

TYPES = {
    "ami": "image",
    "acl": "network-acl",
    "asc": "application-status-check",
    "cagw": "carrier-gateway",
    "cgw": "customer-gateway",
    "dopt": "dhcp-options",
    "eigw": "egress-only-internet-gateway",
    "eipalloc": "elastic-ip",
    "eni": "network-interface",
    "fl": "vpc-flow-log",
    "fleet": "fleet",
    "h": "dedicated-host",
    "i": "instance",
    "igw": "internet-gateway",
    "key": "key-pair",
    "lt": "launch-template",
    "nat": "natgateway",
    "pcx": "vpc-peering-connection",
    "pl": "prefix-list",
    "rtb": "route-table",
    "scr": "subnet-cidr-reservation",
    "sfr": "spot-fleet-request",
    "sg": "security-group",
    "sgr": "security-group-rule",
    "sir": "spot-instances-request",
    "snap": "snapshot",
    "subnet": "subnet",
    "tgw": "transit-gateway",
    "tgw-attach": "transit-gateway-attachment",
    "tgw-rtb": "transit-gateway-route-table",
    "tmf": "traffic-mirror-filter",
    "tms": "traffic-mirror-session",
    "tmt": "traffic-mirror-target",
    "vgw": "vpn-gateway",
    "vol": "volume",
    "vpc": "vpc",
    "vpce": "vpc-endpoint",
    "vpce-svc": "vpc-endpoint-service",
    "vpn": "vpn-connection",
}
"""What an id begins with → the resource type, as in the enumeration ResourceType of the API."""

NO_OBJECTS = ("tags", "sandbox_answered")
"""Dictionaries of the backend whose keys may be the ids of what is no longer there."""
NESTED = ("groups", "subnets")


def resource_type(resource_id: str) -> str:
    """ "vpc-…" → "vpc"; "" for what is no id."""
    return TYPES.get(resource_id.rpartition("-")[0], "")


def ids_of(backend: Any) -> set[str]:
    """The ids of all objects."""
    kept = {key for held in dictionaries(backend) for key in held if isinstance(key, str)}
    instances = {instance.id for reservation in backend.reservations.values() for instance in reservation.instances}
    return kept | instances | set(_further(backend))


def exists(backend: Any, resource_id: str) -> bool:
    """Whether there is an object with this id, of those that moto keeps by id."""
    return any(resource_id in held for held in dictionaries(backend))


def dictionaries(backend: Any) -> Iterator[Mapping[Any, Any]]:
    """Objects by id. moto keeps subnets by zone and security groups by VPC."""
    for name, held in vars(backend).items():
        if name in NESTED:
            yield from held.values()
        elif isinstance(held, dict) and name not in NO_OBJECTS:
            yield held


def _further(backend: Any) -> Iterator[str]:
    """Ids of what moto keeps by another name."""
    yield from (one.allocation_id for one in backend.addresses if one.allocation_id)
    yield from (pair.id for pair in backend.key_pairs.values())
    groups = [group for groups in backend.groups.values() for group in groups.values()]
    yield from (rule.id for group in groups for rule in (*group.ingress_rules, *group.egress_rules))
