"""TagSpecifications of a request that makes something: each object gets the tags of its kind, whichever operation made it.

moto reads them in half of the operations that have them.
"""

from collections.abc import Iterator, Mapping
from typing import Any

TYPES = {
    "ami": "image",
    "acl": "network-acl",
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
BY_THEMSELVES = ("RunInstances",)
"""Operations that also use the tags of a template: launch_options.py."""


def ids_of(backend: Any) -> set[str]:
    """The ids of all objects."""
    return {key for held in _dictionaries(backend) for key in held if isinstance(key, str)} | _further(backend)


def tag_new(backend: Any, before: set[str], operation: str, parameters: Mapping[str, Any]) -> None:
    """Tags what the operation has made: what was not there `before`."""
    specifications = parameters.get("TagSpecifications") or parameters.get("TagSpecification")
    if not specifications or operation in BY_THEMSELVES:
        return
    made = ids_of(backend) - before
    for specification in specifications:
        wanted = {tag["Key"]: tag["Value"] for tag in specification.get("Tags") or ()}
        ids = [one for one in made if wanted and resource_type(one) == specification.get("ResourceType")]
        if ids:
            backend.create_tags(ids, wanted)


def resource_type(resource_id: str) -> str:
    """ "vpc-…" → "vpc"; "" for what is no id."""
    return TYPES.get(resource_id.rpartition("-")[0], "")


def _further(backend: Any) -> set[str]:
    """Ids of what moto keeps by another name."""
    return {one.allocation_id for one in backend.addresses} | {pair.id for pair in backend.key_pairs.values()}


def _dictionaries(backend: Any) -> Iterator[Mapping[Any, Any]]:
    for name, held in vars(backend).items():
        if isinstance(held, dict) and name not in ("tags", "sandbox_answered"):
            yield held
            yield from (inner for inner in held.values() if isinstance(inner, dict))
