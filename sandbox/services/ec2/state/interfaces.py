"""Network interfaces whose names are those of their Region: moto names every private address as in us-east-1, and the public one like a
private one. Part of the EC2 seams; instances take their interfaces from here.
"""

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
    @replaces(why="DNS-2: the public name of a public address")
    def association(self) -> dict[str, Any] | None:
        """None: there is no public address, and nothing of it in the answer."""
        if not self.public_ip:
            return None
        shown: dict[str, Any] = super().association
        return shown | {"publicDnsName": public_name(self.public_ip, self.ec2_backend.region_name)}
