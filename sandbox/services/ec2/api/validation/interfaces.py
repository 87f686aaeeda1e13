"""Network interfaces: which instances they attach to, and which addresses they have."""

from collections.abc import Mapping, MutableMapping
from typing import Any

from sandbox.core.errors import ApiError
from sandbox.services.ec2.api.validation.group_limits import check_interface
from sandbox.services.ec2.model import InstanceState
from sandbox.services.ec2.state import addresses

ATTACHABLE = (InstanceState.RUNNING, InstanceState.STOPPED)


def complete_new(backend: Any, parameters: MutableMapping[str, Any]) -> None:
    """CreateNetworkInterface: an address that is asked for is free; where none is, the subnet's next one and not moto's random one."""
    check_interface(parameters.get("Groups"))
    subnet = backend.get_subnet(parameters["SubnetId"])
    listed = parameters.get("PrivateIpAddresses") or []
    wanted = [parameters.get("PrivateIpAddress"), *(one.get("PrivateIpAddress") for one in listed)]
    for address in dict.fromkeys(one for one in wanted if one):
        addresses.check(subnet, address)
    if listed and not parameters.get("PrivateIpAddress") and not any(one.get("Primary") for one in listed):
        listed[0]["Primary"] = True
    if not any(wanted):
        parameters["PrivateIpAddress"] = addresses.choose(subnet)


def check_assigned(backend: Any, parameters: Mapping[str, Any]) -> None:
    """AssignPrivateIpAddresses."""
    interface = backend.enis[parameters["NetworkInterfaceId"]]
    own = {one["PrivateIpAddress"] for one in interface.private_ip_addresses}
    for address in parameters.get("PrivateIpAddresses") or ():
        if address not in own:
            addresses.check(interface.subnet, address)


def check_unassigned(backend: Any, parameters: Mapping[str, Any]) -> None:
    """UnassignPrivateIpAddresses."""
    primary = backend.enis[parameters["NetworkInterfaceId"]].private_ip_address
    if primary in (parameters.get("PrivateIpAddresses") or ()):
        raise ApiError("InvalidParameterValue", f"The primary private IP address {primary} cannot be unassigned.")


def check_ipv6(backend: Any, parameters: Mapping[str, Any]) -> None:
    """AssignIpv6Addresses."""
    subnet = backend.enis[parameters["NetworkInterfaceId"]].subnet
    if not subnet.ipv6_cidr_block_associations:
        raise ApiError("InvalidParameterValue", f"The subnet '{subnet.id}' has no IPv6 CIDR block.")


def check_attachment(backend: Any, parameters: Mapping[str, Any]) -> None:
    """AttachNetworkInterface."""
    interface, instance = backend.enis[parameters["NetworkInterfaceId"]], backend.get_instance(parameters["InstanceId"])
    if interface.instance is not None:
        raise in_use(interface.id)
    if instance.lifecycle_state not in ATTACHABLE:
        raise ApiError("IncorrectState", f"Instance '{instance.id}' is not 'running'.")
    if interface.availability_zone != instance.availability_zone:
        text = "You may not attach a network interface to an instance if they are not in the same availability zone"
        raise ApiError("InvalidParameterCombination", text)
    if (index := parameters["DeviceIndex"]) in instance.nics:
        text = f"Instance '{instance.id}' already has an interface attached at device index '{index}'."
        raise ApiError("InvalidParameterValue", text)


def in_use(interface_id: str) -> ApiError:
    return ApiError("InvalidNetworkInterface.InUse", f"Interface: [{interface_id}] in use.")


def check_detachment(backend: Any, parameters: Mapping[str, Any]) -> None:
    """DetachNetworkInterface: the primary interface stays, and that of a load balancer (ALB-60)."""
    if parameters["AttachmentId"].startswith("ela-attach-"):
        raise ApiError("OperationNotPermitted", "You are not allowed to manage 'ela-attach' attachments.")
    for interface in backend.enis.values():
        if interface.attachment_id == parameters["AttachmentId"] and interface.device_index == 0:
            text = "The network interface at device index 0 and networkCard index 0 cannot be detached."
            raise ApiError("OperationNotPermitted", text)


def check_unused(backend: Any, parameters: Mapping[str, Any]) -> None:
    """DeleteNetworkInterface."""
    interface = backend.enis[parameters["NetworkInterfaceId"]]
    if interface.instance is not None or interface.attachment_id:
        raise ApiError("InvalidParameterValue", f"Network interface '{interface.id}' is currently in use.")
