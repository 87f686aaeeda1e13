"""What is checked before moto sees a request, by operation: requests that it would half carry out, or keep and then fail to describe.

`check` completes some requests, too: where AWS finds a value by itself and moto needs it. Everything else about a request is moto's to
check, and undo.py removes what it made of one that it refuses.
"""

from collections.abc import Callable, MutableMapping
from typing import Any

from sandbox.aws.http.calls import READ_ONLY
from sandbox.services.ec2.api.validation import attributes, group_limits, groups, images, interfaces, launches, networks, tags, volumes
from sandbox.services.ec2.api.validation.filters import check_filters
from sandbox.services.ec2.api.validation.references import check_references
from sandbox.services.ec2.application.api import validation as application

Parameters = MutableMapping[str, Any]

CHECKS: dict[str, Callable[[Any, Parameters], None]] = {
    "AcceptTransitGatewayPeeringAttachment": networks.check_peering,
    "AllocateHosts": networks.check_hosts,
    "AssignIpv6Addresses": interfaces.check_ipv6,
    "AssignPrivateIpAddresses": interfaces.check_assigned,
    "AssociateApplicationStatusCheck": application.check_targets,
    "AssociateVpcCidrBlock": networks.complete_vpc_cidr,
    "AuthorizeSecurityGroupEgress": group_limits.check_permissions("egress"),
    "AuthorizeSecurityGroupIngress": group_limits.check_permissions("ingress"),
    "AttachNetworkInterface": interfaces.check_attachment,
    "AttachVolume": volumes.check_attachment,
    "CopyImage": images.check_copy,
    "CopySnapshot": volumes.check_copy,
    "CreateApplicationStatusCheck": application.check_creation,
    "CreateImage": images.check_creation,
    "CreateDhcpOptions": networks.check_dhcp_options,
    "CreateManagedPrefixList": networks.check_entries,
    "CreateNetworkInterface": interfaces.complete_new,
    "CreateNetworkAclEntry": group_limits.check_acl_entries,
    "CreateSubnet": networks.complete_cidr,
    "CreateTags": tags.check_resources,
    "CreateVolume": volumes.check_new,
    "CreateVpc": networks.complete_cidr,
    "DeleteNetworkAclEntry": networks.check_acl_entry,
    "DeleteNetworkInterface": interfaces.check_unused,
    "DeleteSecurityGroup": groups.check_group_unused,
    "DeleteTransitGatewayPeeringAttachment": networks.check_peering,
    "DeleteVpc": networks.check_vpc_unused,
    "DeregisterImage": images.check_deregistration,
    "DescribeImageAttribute": attributes.check_image,
    "DescribeKeyPairs": attributes.complete_key_pairs,
    "DescribeSnapshots": attributes.complete_snapshots,
    "DetachNetworkInterface": interfaces.check_detachment,
    "DetachVolume": volumes.complete_detachment,
    "DisableApplicationStatusCheckSuppression": application.check_suppression,
    "DisableImage": images.check_change,
    "DisassociateApplicationStatusCheck": application.check_targets,
    "DisassociateTransitGatewayRouteTable": networks.check_transit_association,
    "DisableTransitGatewayRouteTablePropagation": networks.check_propagation,
    "EnableApplicationStatusCheckSuppression": application.check_suppression,
    "EnableTransitGatewayRouteTablePropagation": networks.check_propagation,
    "EnableImage": images.check_change,
    "ModifyApplicationStatusCheck": application.check_change,
    "ModifyEbsDefaultKmsKeyId": volumes.check_key,
    "ModifyImageAttribute": images.check_attribute,
    "ModifyInstanceAttribute": attributes.check_instance_attribute,
    "ModifyManagedPrefixList": networks.complete_prefix_list,
    "ModifyNetworkInterfaceAttribute": group_limits.check_groups,
    "ModifySecurityGroupRules": groups.check_group_rules,
    "ModifyVolume": volumes.check_change,
    "RegisterImage": images.check_registration,
    "RejectTransitGatewayPeeringAttachment": networks.check_peering,
    "ReplaceNetworkAclAssociation": networks.check_acl_association,
    "ReplaceNetworkAclEntry": networks.check_acl_entry,
    "RequestSpotFleet": launches.complete_spot_fleet,
    "RevokeSecurityGroupEgress": groups.check_rules,
    "RevokeSecurityGroupIngress": groups.check_rules,
    "RunInstances": lambda backend, parameters: launches.check_profile(backend, parameters.get("IamInstanceProfile")),
    "UnassignPrivateIpAddresses": interfaces.check_unassigned,
}

NOT_LOOKED_UP = ("CancelSpotFleetRequests", "DeleteFleets", "DescribeApplicationStatusChecks", "DeleteFlowLogs", "DetachInternetGateway")
"""Ids that do not exist are part of the answer, or have an error of the operation's own."""


def check(operation: str, backend: Any, parameters: Parameters) -> None:
    """Raises ApiError. Changes nothing but `parameters`, which are shaped as botocore's model of the operation."""
    if operation.startswith(READ_ONLY):
        _drop_repeated(parameters)
        check_filters(operation, parameters)
    else:
        tags.complete_tags(operation, parameters)
    if operation not in NOT_LOOKED_UP:
        check_references(backend, parameters)
    if operation in CHECKS:
        CHECKS[operation](backend, parameters)


def _drop_repeated(parameters: Parameters) -> None:
    """An id that is named twice is described once."""
    for name, value in parameters.items():
        if name.endswith("Ids") and isinstance(value, list):
            parameters[name] = list(dict.fromkeys(value))
