"""Network interfaces whose names are those of their Region: moto names every private address as in us-east-1, and the public one like a
private one. Part of the EC2 seams; instances take their interfaces from here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.ec2.models.elastic_network_interfaces import NetworkInterface

from sandbox.aws.seams import replaces, swap_model
from sandbox.core.persisted import persisted


def private_name(address: str, region: str) -> str:
    """DNS-1."""
    return f"ip-{address.replace('.', '-')}.{'ec2' if region == 'us-east-1' else f'{region}.compute'}.internal"


def public_name(address: str, region: str) -> str:
    """DNS-2."""
    return f"ec2-{address.replace('.', '-')}.{'compute-1' if region == 'us-east-1' else f'{region}.compute'}.amazonaws.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAttachment:
    """Of an interface that a service of AWS made for itself, such as that of a load balancer: to no instance of the account."""

    attachment_id: str  # "ela-attach-…"
    instance_owner_id: str  # "amazon-elb"
    attach_time: datetime | None
    delete_on_termination: bool = False
    device_index: int = 1
    status: str = "attached"


@persisted("ec2.NetworkInterface")
@swap_model("moto.ec2.models.elastic_network_interfaces", "NetworkInterface")
class SandboxNetworkInterface(NetworkInterface):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [address for address in self.private_ip_addresses if "PrivateDnsName" in address]
        for address in named:  # moto names them where the VPC has DNS host names
            address["PrivateDnsName"] = private_name(address["PrivateIpAddress"], self.ec2_backend.region_name)
        if named:
            self.private_dns_name = private_name(self.private_ip_address, self.ec2_backend.region_name)

    @property
    def network_interface_id(self) -> str:
        """moto's serializer makes this name of the class's own (moto/core/serialize.py, `id` of NetworkInterface)."""
        return str(self.id)

    @replaces(why="EC2-5: an Elastic IP address stays")
    def stop(self) -> None:
        if self._elastic() is None:
            super().stop()

    @replaces(why="EC2-5: an Elastic IP address stays, and no other public address takes its place")
    def check_auto_public_ip(self) -> None:
        elastic = self._elastic()
        if elastic is None:
            super().check_auto_public_ip()
        else:
            self.public_ip = elastic

    def _elastic(self) -> str | None:
        """The Elastic IP address that is associated with the interface."""
        return next((str(one.public_ip) for one in self.ec2_backend.addresses if one.eni is self), None)

    @property
    @replaces(why="SG-3: moto adds the groups that its instance was launched with to those that it has now")
    def group_set(self) -> Any:
        return self._group_set

    @property
    @replaces(why="ALB-60: the interface of a load balancer is attached to no instance")
    def attachment(self) -> Any:
        if self.requester_managed and self.instance is None and self.attachment_id:
            owner = str(self.requester_id)
            return ServiceAttachment(attachment_id=self.attachment_id, instance_owner_id=owner, attach_time=self.attach_time)
        return super().attachment

    @replaces(why="ALB-60: filters that find the interfaces of load balancers, as Terraform uses them")
    def get_filter_value(self, filter_name: str, method_name: str | None = None) -> Any:
        if filter_name in _FILTERS:
            return _FILTERS[filter_name](self)
        return super().get_filter_value(filter_name, method_name)

    @property
    @replaces(why="DNS-2: the public name of a public address")
    def association(self) -> dict[str, Any] | None:
        """None: there is no public address, and nothing of it in the answer."""
        if not self.public_ip:
            return None
        shown: dict[str, Any] = super().association
        return shown | {"publicDnsName": public_name(self.public_ip, self.ec2_backend.region_name)}


_FILTERS: dict[str, Callable[[SandboxNetworkInterface], Any]] = {
    "attachment.instance-owner-id": lambda each: each.attachment.instance_owner_id if each.attachment else None,
    "attachment.status": lambda each: each.attachment.status if each.attachment else None,
    "interface-type": lambda each: each.interface_type,
    "mac-address": lambda each: each.mac_address,
    "requester-id": lambda each: each.requester_id,
    "requester-managed": lambda each: str(bool(each.requester_managed)).lower(),
    "status": lambda each: each.status,
}
