"""TagSpecifications of a request: which kinds of object an operation tags, and tags that can be (EC2-58)."""

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

from sandbox.core.errors import ApiError
from sandbox.services.ec2 import errors
from sandbox.services.ec2.state.ids import ids_of, resource_type

MOST_TAGS = 50
LONGEST_KEY, LONGEST_VALUE = 128, 256
LAUNCHED = ("instance", "volume", "network-interface", "spot-instances-request", "elastic-gpu")
IMAGES = ("image", "snapshot")

WELL_FORMED = re.compile(r"-[0-9a-f]{8,17}$")
NOT_FOUND = {
    "elastic-ip": ("InvalidAllocationID.NotFound", "allocation"),
    "instance": ("InvalidInstanceID.NotFound", "instance"),
    "natgateway": ("NatGatewayNotFound", "natGateway"),
    "network-acl": ("InvalidNetworkAclID.NotFound", "networkAcl"),
    "network-interface": ("InvalidNetworkInterfaceID.NotFound", "networkInterface"),
    "security-group-rule": ("InvalidSecurityGroupRuleId.NotFound", "security group rule"),
    "vpc-endpoint": ("InvalidVpcEndpointId.NotFound", "Vpc Endpoint"),
}
"""Kinds of which moto takes any id for one that exists."""

TAGGABLE: Mapping[str, tuple[str, ...]] = {
    "AllocateAddress": ("elastic-ip",),
    "AllocateHosts": ("dedicated-host",),
    "AuthorizeSecurityGroupEgress": ("security-group-rule",),
    "AuthorizeSecurityGroupIngress": ("security-group-rule",),
    "CopyImage": IMAGES,
    "CopySnapshot": ("snapshot",),
    "CreateApplicationStatusCheck": ("application-status-check",),
    "CreateCarrierGateway": ("carrier-gateway",),
    "CreateCustomerGateway": ("customer-gateway",),
    "CreateDhcpOptions": ("dhcp-options",),
    "CreateEgressOnlyInternetGateway": ("egress-only-internet-gateway",),
    "CreateFleet": ("fleet", *LAUNCHED),
    "CreateFlowLogs": ("vpc-flow-log",),
    "CreateImage": IMAGES,
    "CreateInternetGateway": ("internet-gateway",),
    "CreateKeyPair": ("key-pair",),
    "CreateLaunchTemplate": ("launch-template",),
    "CreateManagedPrefixList": ("prefix-list",),
    "CreateNatGateway": ("natgateway",),
    "CreateNetworkAcl": ("network-acl",),
    "CreateNetworkInterface": ("network-interface",),
    "CreateRouteTable": ("route-table",),
    "CreateSecurityGroup": ("security-group",),
    "CreateSnapshot": ("snapshot",),
    "CreateSnapshots": ("snapshot",),
    "CreateSubnet": ("subnet",),
    "CreateSubnetCidrReservation": ("subnet-cidr-reservation",),
    "CreateTrafficMirrorFilter": ("traffic-mirror-filter",),
    "CreateTrafficMirrorSession": ("traffic-mirror-session",),
    "CreateTrafficMirrorTarget": ("traffic-mirror-target",),
    "CreateTransitGateway": ("transit-gateway",),
    "CreateTransitGatewayPeeringAttachment": ("transit-gateway-attachment",),
    "CreateTransitGatewayRouteTable": ("transit-gateway-route-table",),
    "CreateTransitGatewayVpcAttachment": ("transit-gateway-attachment",),
    "CreateVolume": ("volume",),
    "CreateVpc": ("vpc",),
    "CreateVpcEndpoint": ("vpc-endpoint",),
    "CreateVpcEndpointServiceConfiguration": ("vpc-endpoint-service",),
    "CreateVpcPeeringConnection": ("vpc-peering-connection",),
    "CreateVpnConnection": ("vpn-connection",),
    "CreateVpnGateway": ("vpn-gateway",),
    "ImportKeyPair": ("key-pair",),
    "RegisterImage": IMAGES,
    "RequestSpotInstances": ("spot-instances-request",),
    "RunInstances": LAUNCHED,
}


def check_resources(backend: Any, parameters: Mapping[str, Any]) -> None:
    """CreateTags: every resource exists. moto's own check, which follows, knows the errors of most kinds."""
    known = ids_of(backend)
    for resource in parameters.get("Resources") or ():
        kind = resource_type(resource)
        if not kind or not WELL_FORMED.search(resource):
            raise ApiError("InvalidID", f"The ID '{resource}' is not valid")
        if resource not in known:
            backend.do_resources_exist([resource])
            code, what = NOT_FOUND.get(kind, ("InvalidID", kind))
            raise ApiError(code, f"The {what} ID '{resource}' does not exist")


def complete_tags(operation: str, parameters: MutableMapping[str, Any]) -> None:
    """A tag without a value has an empty one. Raises ApiError for tags that cannot be, and for those of another kind of object."""
    specifications = [*(parameters.get("TagSpecifications") or ()), *(parameters.get("TagSpecification") or ())]
    seen: set[str] = set()
    for specification in specifications:
        kind = specification.get("ResourceType")
        if not kind:
            raise _refused("Tag specification resource type must have a value")
        if operation in TAGGABLE and kind not in TAGGABLE[operation]:
            raise _refused(f"'{kind}' is not a valid taggable resource type for this operation.")
        if kind in seen:
            raise _refused(f"The same resource type may not be specified more than once in tag specifications: {kind}")
        seen.add(kind)
        if not specification.get("Tags"):
            raise _refused("Tag specification must have at least one tag")
        _complete(specification["Tags"])
    for number, tag in enumerate(parameters.get("Tags") or (), start=1):
        if not tag.get("Key"):
            raise errors.parameter_missing(f"Tag.{number}.Key")
    if operation == "CreateTags":  # DeleteTags without a value deletes the tag with any value
        _complete(parameters.get("Tags") or [])


def _complete(tags: list[Any]) -> None:
    keys = [tag.get("Key") for tag in tags]
    if sum(1 for key in keys if key and not key.startswith("aws:")) > MOST_TAGS:
        raise ApiError("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.")
    for tag in tags:
        key, value = tag.get("Key"), tag.setdefault("Value", "")
        if not key:
            raise _refused("Tag keys must have a value")
        if len(key) > LONGEST_KEY:
            raise _refused(f"Tag key exceeds the maximum length of {LONGEST_KEY} characters")
        if len(value) > LONGEST_VALUE:
            raise _refused(f"Tag value exceeds the maximum length of {LONGEST_VALUE} characters")
    if doubled := next((key for key in keys if keys.count(key) > 1), None):
        raise _refused(f"Duplicate tag key '{doubled}' specified.")


def _refused(text: str) -> ApiError:
    return ApiError("InvalidParameterValue", text)
