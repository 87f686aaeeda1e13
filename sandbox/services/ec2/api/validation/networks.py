"""Networks: CIDR blocks, network ACL entries, prefix lists, dedicated hosts."""

from collections.abc import Mapping, MutableMapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.elbv2.models import elbv2_backends

from sandbox.aws.context import context
from sandbox.core.errors import ApiError
from sandbox.services.ec2 import errors
from sandbox.services.ec2.state import addresses
from sandbox.services.ec2.state.addresses import cidr_blocks

LARGEST, SMALLEST = 16, 28  # prefix lengths of a VPC's block
ONLY_ON_AWS = ("Ipv4IpamPoolId", "Ipv4NetmaskLength", "Ipv6Pool", "Ipv6CidrBlock", "Ipv6IpamPoolId", "Ipv6NetmaskLength")
"""Address pools, of which moto knows none."""
DHCP_OPTIONS = (
    *("domain-name", "domain-name-servers", "ipv6-address-preferred-lease-time"),
    *("netbios-name-servers", "netbios-node-type", "ntp-servers"),
)


def complete_cidr(backend: Any, parameters: MutableMapping[str, Any]) -> None:
    """CreateVpc and CreateSubnet: the block without its host bits; an IPv6-only subnet has none."""
    if block := parameters.get("CidrBlock"):
        parameters["CidrBlock"] = str(_network(block))
    elif parameters.get("Ipv6Native"):
        _check_ipv6(parameters)
    else:
        _refuse_pools(parameters)
        raise _missing()


def _check_ipv6(parameters: Mapping[str, Any]) -> None:
    """The block of a subnet without IPv4."""
    if parameters.get("Ipv6IpamPoolId"):
        raise NotImplementedError("with Ipv6IpamPoolId")
    block = parameters.get("Ipv6CidrBlock")
    if not block:
        raise ApiError("MissingParameter", "Either 'ipv6CidrBlock' or 'ipv6IpamPoolId' should be provided.")
    try:
        IPv6Network(block)
    except ValueError:
        text = f"Value ({block}) for parameter ipv6CidrBlock is invalid. This is not a valid IPv6 CIDR block."
        raise ApiError("InvalidParameterValue", text) from None


def complete_vpc_cidr(backend: Any, parameters: MutableMapping[str, Any]) -> None:
    """AssociateVpcCidrBlock."""
    _refuse_pools(parameters)
    if parameters.get("AmazonProvidedIpv6CidrBlock"):
        return
    block = parameters.get("CidrBlock")
    if not block:
        raise _missing()
    network = _network(block)
    if not LARGEST <= network.prefixlen <= SMALLEST:
        raise ApiError("InvalidVpc.Range", f"The CIDR '{block}' is invalid.")
    for present in cidr_blocks(backend.vpcs[parameters["VpcId"]]):
        if network.overlaps(ip_network(present)):
            raise ApiError("InvalidVpc.Range", f"The CIDR '{block}' conflicts with the CIDR '{present}' of the VPC.")
    parameters["CidrBlock"] = str(network)
    check_free_on_machine(str(network), "InvalidVpc.Range")


def check_dhcp_options(backend: Any, parameters: Mapping[str, Any]) -> None:
    """CreateDhcpOptions. The text is (U)."""
    for given in parameters["DhcpConfigurations"]:
        if given["Key"] not in DHCP_OPTIONS:
            raise ApiError("InvalidParameterValue", f"Value ({given['Key']}) for parameter key is invalid. Unknown DHCP option.")


def check_free_on_machine(block: str | None, code: str) -> None:
    """Subnets are networks of containers: not in a range that this machine uses for something else."""
    if block and (sentence := context().machines.check_cidr(block)):
        raise ApiError(code, sentence)


def check_no_overlap(account: str, vpc_id: str, block: str | None) -> None:
    """CreateSubnet (NET-3)."""
    for other in addresses.overlapping(vpc_id, block):
        raise addresses.conflict(account, block, other)


def _missing() -> ApiError:
    return ApiError("MissingParameter", "Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided.")


def _refuse_pools(parameters: Mapping[str, Any]) -> None:
    if unknown := [name for name in ONLY_ON_AWS if parameters.get(name) is not None]:
        raise NotImplementedError(f"with {unknown[0]}")


def _network(block: str) -> IPv4Network:
    try:
        return IPv4Network(block, strict=False)
    except ValueError:
        raise ApiError(
            "InvalidParameterValue", f"Value ({block}) for parameter cidrBlock is invalid. This is not a valid CIDR block."
        ) from None


# ---- what is in use ---------------------------------------------------------------------------------------------------------------------


def holds_load_balancer(backend: Any, resource_id: str) -> bool:
    """A subnet or a security group. By moto's own state: a load balancer has an interface in each subnet, which moto does not make."""
    balancers = elbv2_backends[backend.account_id][backend.region_name].load_balancers.values()
    return any(resource_id in (*(subnet.id for subnet in one.subnets), *(one.security_groups or ())) for one in balancers)


def check_vpc_unused(backend: Any, parameters: Mapping[str, Any]) -> None:
    """DeleteVpc (EC2-62). Default security group, main route table and default network ACL go with it."""
    vpc_id = parameters["VpcId"]
    attached = (one.vpc.id for one in backend.internet_gateways.values() if one.vpc)
    groups = (group.vpc_id for group in backend.groups.get(vpc_id, {}).values() if group.name != "default")
    acls = (acl.vpc_id for acl in backend.network_acls.values() if not acl.default)
    if vpc_id in {*attached, *groups, *acls}:
        raise ApiError("DependencyViolation", f"The vpc '{vpc_id}' has dependencies and cannot be deleted.")


# ---- network ACLs ---------------------------------------------------------------------------------------------------------------------


def check_acl_entry(backend: Any, parameters: Mapping[str, Any]) -> None:
    """DeleteNetworkAclEntry and ReplaceNetworkAclEntry."""
    entries = backend.network_acls[parameters["NetworkAclId"]].network_acl_entries
    if all((entry.egress, entry.rule_number) != (parameters["Egress"], parameters["RuleNumber"]) for entry in entries):
        raise ApiError("InvalidNetworkAclEntry.NotFound", "The specified network ACL entry does not exist.")


def check_acl_association(backend: Any, parameters: Mapping[str, Any]) -> None:
    association = parameters["AssociationId"]
    if all(association not in acl._associations for acl in backend.network_acls.values()):
        raise ApiError("InvalidAssociationID.NotFound", f"The association ID '{association}' does not exist")


# ---- transit gateways -----------------------------------------------------------------------------------------------------------------


def check_peering(backend: Any, parameters: Mapping[str, Any]) -> None:
    """AcceptTransitGatewayPeeringAttachment, and those that reject and delete one: moto changes attachments of other kinds, then fails."""
    attachment = backend.transit_gateway_attachments.get(parameters["TransitGatewayAttachmentId"])
    if attachment is None or attachment.resource_type != "peering":
        raise _no_attachment(parameters)


def _no_attachment(parameters: Mapping[str, Any]) -> ApiError:
    text = f"Transit Gateway Attachment {parameters['TransitGatewayAttachmentId']} was deleted or does not exist."
    return ApiError("InvalidTransitGatewayAttachmentID.NotFound", text)


def check_transit_association(backend: Any, parameters: Mapping[str, Any]) -> None:
    """DisassociateTransitGatewayRouteTable."""
    if parameters["TransitGatewayAttachmentId"] not in backend.transit_gateway_attachments:
        raise _no_attachment(parameters)
    association = backend.transit_gateway_associations.get(parameters["TransitGatewayAttachmentId"])
    if association is None or association.transit_gateway_route_table_id != parameters["TransitGatewayRouteTableId"]:
        text = f"Transit Gateway Attachment {parameters['TransitGatewayAttachmentId']} is not associated with the route table."
        raise ApiError("InvalidAssociation.NotFound", text)


def check_propagation(backend: Any, parameters: Mapping[str, Any]) -> None:
    """EnableTransitGatewayRouteTablePropagation and Disable…: announcements, the other choice, are nothing that moto has."""
    if not parameters.get("TransitGatewayAttachmentId"):
        raise errors.parameter_missing("TransitGatewayAttachmentId")


# ---- prefix lists and hosts -----------------------------------------------------------------------------------------------------------


def complete_prefix_list(backend: Any, parameters: MutableMapping[str, Any]) -> None:
    """ModifyManagedPrefixList: moto clears the name of a list when the request gives none."""
    prefix_list = backend.managed_prefix_lists[parameters["PrefixListId"]]
    check_entries(backend, {"Entries": parameters.get("AddEntries")})
    if prefix_list.version is None:
        raise ApiError("UnsupportedOperation", f"The prefix list {prefix_list.id} is owned by AWS and cannot be modified.")
    parameters.setdefault("PrefixListName", prefix_list.prefix_list_name)


def check_entries(backend: Any, parameters: Mapping[str, Any]) -> None:
    """CreateManagedPrefixList, and what ModifyManagedPrefixList adds."""
    for entry in parameters.get("Entries") or ():
        try:
            ip_network(entry.get("Cidr") or "", strict=False)
        except ValueError:
            raise ApiError("InvalidParameterValue", f"The CIDR '{entry.get('Cidr')}' is invalid.") from None


def check_hosts(backend: Any, parameters: Mapping[str, Any]) -> None:
    for alternatives in (("Quantity",), ("InstanceType", "InstanceFamily"), ("AvailabilityZone", "AvailabilityZoneId")):
        if all(parameters.get(name) is None for name in alternatives):
            raise errors.parameter_missing(alternatives[0])
