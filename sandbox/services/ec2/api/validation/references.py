"""Objects that a request names must exist. moto looks some of them up late, some never, and makes a security group that it does not know.

Pure but for the errors it raises. Only parameters at the top of a request; what a launch names deeper is in launches.py.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from sandbox.core.errors import ApiError


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of object. `names`: the parameters that hold an id of it, or a list of ids."""

    names: tuple[str, ...]
    ids: Callable[[Any], Collection[str]]  # those that there are, from moto's backend
    code: str
    text: str  # with {} for the id


def security_group_ids(backend: Any) -> Collection[str]:
    return {group.id for groups in backend.groups.values() for group in groups.values()}


def subnet_ids(backend: Any) -> Collection[str]:
    return set(chain.from_iterable(backend.subnets.values()))


SECURITY_GROUP = Kind(
    names=("SecurityGroupId", "SecurityGroupIds", "AddSecurityGroupIds", "Groups"),
    ids=security_group_ids,
    code="InvalidGroup.NotFound",
    text="The security group '{}' does not exist",
)
SUBNET = Kind(
    names=("SubnetId", "SubnetIds", "AddSubnetIds"),
    ids=subnet_ids,
    code="InvalidSubnetID.NotFound",
    text="The subnet ID '{}' does not exist",
)
NETWORK_INTERFACE = Kind(
    names=("NetworkInterfaceId",),
    ids=lambda backend: backend.enis,
    code="InvalidNetworkInterfaceID.NotFound",
    text="The networkInterface ID '{}' does not exist",
)
SNAPSHOT = Kind(
    names=("SnapshotId",),
    ids=lambda backend: backend.snapshots,
    code="InvalidSnapshot.NotFound",
    text="The snapshot '{}' does not exist.",
)
KINDS = (
    SECURITY_GROUP,
    SUBNET,
    NETWORK_INTERFACE,
    SNAPSHOT,
    Kind(names=("VpcId",), ids=lambda b: b.vpcs, code="InvalidVpcID.NotFound", text="The vpc ID '{}' does not exist"),
    Kind(names=("VolumeId",), ids=lambda b: b.volumes, code="InvalidVolume.NotFound", text="The volume '{}' does not exist."),
    Kind(
        names=("RouteTableId", "RouteTableIds", "AddRouteTableIds"),
        ids=lambda b: b.route_tables,
        code="InvalidRouteTableID.NotFound",
        text="The routeTable ID '{}' does not exist",
    ),
    Kind(
        names=("NetworkAclId",),
        ids=lambda b: b.network_acls,
        code="InvalidNetworkAclID.NotFound",
        text="The networkAcl ID '{}' does not exist",
    ),
    Kind(names=("NatGatewayId",), ids=lambda b: b.nat_gateways, code="NatGatewayNotFound", text="The Nat Gateway {} was not found"),
    Kind(
        names=("VpnGatewayId",),
        ids=lambda b: b.vpn_gateways,
        code="InvalidVpnGatewayID.NotFound",
        text="The vpnGateway ID '{}' does not exist",
    ),
    Kind(
        names=("TransitGatewayId",),
        ids=lambda b: b.transit_gateways,
        code="InvalidTransitGatewayID.NotFound",
        text="Transit Gateway {} was deleted or does not exist.",
    ),
    Kind(
        names=("CarrierGatewayId",),
        ids=lambda b: b.carrier_gateways,
        code="InvalidCarrierGatewayID.NotFound",
        text="The carrier gateway ID '{}' does not exist",
    ),
    Kind(
        names=("PrefixListId", "DestinationPrefixListId"),
        ids=lambda b: b.managed_prefix_lists,
        code="InvalidPrefixListID.NotFound",
        text="The prefix list ID '{}' does not exist",
    ),
    Kind(
        names=("SpotInstanceRequestIds",),
        ids=lambda b: b.spot_instance_requests,
        code="InvalidSpotInstanceRequestID.NotFound",
        text="The spot instance request ID '{}' does not exist",
    ),
    Kind(names=("HostIds",), ids=lambda b: b.hosts, code="InvalidHostID.NotFound", text="The host ID '{}' does not exist"),
    Kind(
        names=("TrafficMirrorSessionId",),
        ids=lambda b: b.traffic_mirror_sessions,
        code="InvalidTrafficMirrorSessionId.NotFound",
        text="The traffic mirror session ID '{}' does not exist",
    ),
)


def check_references(backend: Any, parameters: Mapping[str, Any]) -> None:
    """NotFound, in AWS's words, for the first id of the request that nothing has."""
    for kind in KINDS:
        named = tuple(_ids(parameters, kind.names))
        if named:
            check_ids(backend, kind, named)


def check_ids(backend: Any, kind: Kind, named: Collection[str]) -> None:
    known = kind.ids(backend)
    for one in named:
        if one not in known:
            raise ApiError(kind.code, kind.text.format(one))


def _ids(parameters: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        value = parameters.get(name)
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from (one for one in value if isinstance(one, str))
