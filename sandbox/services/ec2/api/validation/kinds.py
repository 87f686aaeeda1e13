"""The kinds of object that requests name by id: which parameters name them, which there are, and AWS's error for one that there is not.

Data for references.py. `{}` in a text is the id.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of object. `names`: the parameters that hold an id of it, or a list of ids."""

    names: tuple[str, ...]
    ids: Callable[[Any], Collection[str]]  # those that there are, from moto's backend
    code: str
    text: str


def _of(attribute: str) -> Callable[[Any], Collection[str]]:
    """Objects that moto keeps by id."""
    return lambda backend: getattr(backend, attribute)


def _in(code: str, attribute: str, what: str, *names: str, text: str = "The {what} ID '{{}}' does not exist") -> Kind:
    return Kind(names=names, ids=_of(attribute), code=code, text=text.format(what=what))


def _groups(backend: Any) -> Iterable[Any]:
    return chain.from_iterable(groups.values() for groups in backend.groups.values())


def security_group_ids(backend: Any) -> Collection[str]:
    return {group.id for group in _groups(backend)}


def subnet_ids(backend: Any) -> Collection[str]:
    return set(chain.from_iterable(backend.subnets.values()))


DELETED = "{what} {{}} was deleted or does not exist."

SECURITY_GROUP = Kind(
    names=("SecurityGroupId", "SecurityGroupIds", "AddSecurityGroupIds", "Groups", "GroupIds"),
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
NETWORK_INTERFACE = _in("InvalidNetworkInterfaceID.NotFound", "enis", "networkInterface", "NetworkInterfaceId", "NetworkInterfaceIds")
SNAPSHOT = _in("InvalidSnapshot.NotFound", "snapshots", "", "SnapshotId", "SnapshotIds", text="The snapshot '{{}}' does not exist.")

NETWORKS = (
    SUBNET,
    NETWORK_INTERFACE,
    SECURITY_GROUP,
    Kind(
        names=("GroupNames",),
        ids=lambda backend: {group.name for group in _groups(backend)},
        code="InvalidGroup.NotFound",
        text="The security group '{}' does not exist",
    ),
    _in("InvalidVpcID.NotFound", "vpcs", "vpc", "VpcId", "VpcIds"),
    _in("InvalidRouteTableID.NotFound", "route_tables", "routeTable", "RouteTableId", "RouteTableIds", "AddRouteTableIds"),
    _in("InvalidNetworkAclID.NotFound", "network_acls", "networkAcl", "NetworkAclId", "NetworkAclIds"),
    _in("NatGatewayNotFound", "nat_gateways", "Nat Gateway", "NatGatewayId", "NatGatewayIds", text="The {what} {{}} was not found"),
    _in("InvalidInternetGatewayID.NotFound", "internet_gateways", "internetGateway", "InternetGatewayIds"),
    _in(
        "InvalidEgressOnlyInternetGatewayId.NotFound",
        "egress_only_internet_gateways",
        "egressOnlyInternetGateway",
        "EgressOnlyInternetGatewayIds",
    ),
    _in("InvalidVpnGatewayID.NotFound", "vpn_gateways", "vpnGateway", "VpnGatewayId", "VpnGatewayIds"),
    _in("InvalidCustomerGatewayID.NotFound", "customer_gateways", "customerGateway", "CustomerGatewayIds"),
    _in("InvalidVpnConnectionID.NotFound", "vpn_connections", "vpnConnection", "VpnConnectionIds"),
    _in("InvalidCarrierGatewayID.NotFound", "carrier_gateways", "carrier gateway", "CarrierGatewayId", "CarrierGatewayIds"),
    _in("InvalidDhcpOptionID.NotFound", "dhcp_options_sets", "dhcpOption", "DhcpOptionsIds"),
    _in("InvalidVpcPeeringConnectionID.NotFound", "vpc_pcxs", "vpcPeeringConnection", "VpcPeeringConnectionIds"),
    _in("InvalidVpcEndpointId.NotFound", "vpc_end_points", "Vpc Endpoint", "VpcEndpointIds"),
    _in(
        "InvalidPrefixListID.NotFound",
        "managed_prefix_lists",
        "prefix list",
        *("PrefixListId", "PrefixListIds", "DestinationPrefixListId"),
    ),
    Kind(
        names=("AllocationIds",),
        ids=lambda backend: {address.allocation_id for address in backend.addresses},
        code="InvalidAllocationID.NotFound",
        text="The allocation ID '{}' does not exist",
    ),
    Kind(
        names=("PublicIps",),
        ids=lambda backend: {address.public_ip for address in backend.addresses},
        code="InvalidAddress.NotFound",
        text="Address '{}' not found.",
    ),
    _in("InvalidFlowLogId.NotFound", "flow_logs", "flow log", "FlowLogIds"),
)

TRANSIT = (
    _in("InvalidTransitGatewayID.NotFound", "transit_gateways", "Transit Gateway", "TransitGatewayId", "TransitGatewayIds", text=DELETED),
    _in(
        "InvalidTransitGatewayAttachmentID.NotFound",
        "transit_gateway_attachments",
        "Transit Gateway Attachment",
        "TransitGatewayAttachmentIds",
        text=DELETED,
    ),
    _in(
        "InvalidRouteTableID.NotFound",
        "transit_gateways_route_tables",
        "Transit Gateway Route Table",
        *("TransitGatewayRouteTableId", "TransitGatewayRouteTableIds"),
        text=DELETED,
    ),
    _in("InvalidTrafficMirrorFilterId.NotFound", "traffic_mirror_filters", "traffic mirror filter", "TrafficMirrorFilterIds"),
    _in(
        "InvalidTrafficMirrorSessionId.NotFound",
        "traffic_mirror_sessions",
        "traffic mirror session",
        *("TrafficMirrorSessionId", "TrafficMirrorSessionIds"),
    ),
    _in("InvalidTrafficMirrorTargetId.NotFound", "traffic_mirror_targets", "traffic mirror target", "TrafficMirrorTargetIds"),
)

MACHINES = (
    SNAPSHOT,
    _in(
        "InvalidApplicationStatusCheckId.NotFound",
        "sandbox_application_checks",
        "application status check",
        *("ApplicationStatusCheckId", "ApplicationStatusCheckIds"),
    ),
    _in("InvalidVolume.NotFound", "volumes", "", "VolumeId", "VolumeIds", text="The volume '{{}}' does not exist."),
    _in("InvalidAMIID.NotFound", "amis", "", "ImageIds", text="The image id '[{{}}]' does not exist"),
    _in("InvalidKeyPair.NotFound", "key_pairs", "", "KeyNames", text="The key pair '{{}}' does not exist"),
    Kind(
        names=("KeyPairIds",),
        ids=lambda backend: {pair.id for pair in backend.key_pairs.values()},
        code="InvalidKeyPair.NotFound",
        text="The key pair ID '{}' does not exist",
    ),
    _in(
        "InvalidLaunchTemplateId.NotFound",
        "launch_templates",
        "",
        "LaunchTemplateIds",
        text="The specified launch template, with template ID {{}}, does not exist.",
    ),
    _in(
        "InvalidLaunchTemplateName.NotFoundException",
        "launch_template_name_to_ids",
        "",
        "LaunchTemplateNames",
        text="At least one of the launch templates specified in the request does not exist.",
    ),
    Kind(
        names=("AssociationIds",),
        ids=lambda backend: {one.association_id for one in backend.iam_instance_profile_associations.values()},
        code="InvalidAssociationID.NotFound",
        text="An invalid association-id of '{}' was given",
    ),
    _in("InvalidSpotInstanceRequestID.NotFound", "spot_instance_requests", "spot instance request", "SpotInstanceRequestIds"),
    _in(
        "InvalidSpotFleetRequestId.NotFound",
        "spot_fleet_requests",
        "spot fleet request",
        *("SpotFleetRequestId", "SpotFleetRequestIds"),
    ),
    _in("InvalidFleetId.NotFound", "fleets", "fleet", "FleetId", "FleetIds"),
    _in("InvalidHostID.NotFound", "hosts", "host", "HostIds"),
    Kind(
        names=("ZoneNames",),
        ids=lambda backend: {zone.name for zone in backend.describe_availability_zones()},
        code="InvalidParameterValue",
        text="Invalid availability zone: [{}]",
    ),
    Kind(
        names=("ZoneIds",),
        ids=lambda backend: {zone.zone_id for zone in backend.describe_availability_zones()},
        code="InvalidParameterValue",
        text="Invalid availability zone-id: [{}]",
    ),
    Kind(
        names=("RegionNames",),
        ids=lambda backend: {region.name for region in backend.describe_regions([])},
        code="InvalidParameterValue",
        text="Invalid region: [{}]",
    ),
)

KINDS = (*NETWORKS, *TRANSIT, *MACHINES)
