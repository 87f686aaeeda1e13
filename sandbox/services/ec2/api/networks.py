"""Networks: blocks that this machine has room for, and what goes with a VPC or a NAT gateway when it is deleted."""

from ipaddress import ip_network
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.ec2.models import EC2Backend

from sandbox.aws.seams import replaces
from sandbox.services.ec2 import errors
from sandbox.services.ec2.api.validation.networks import check_free_on_machine, check_no_overlap, holds_load_balancer
from sandbox.services.ec2.model import InstanceState
from sandbox.services.ec2.state import addresses


class Networks(EC2Backend):
    """The part of our backend that has networks."""

    @replaces(why="containers cannot use a CIDR block that this machine's networks use; the default VPC's is a setting")
    def create_vpc(self, cidr_block: str, *args: Any, is_default: bool = False, **kwargs: Any) -> Any:
        if is_default:
            cidr_block = addresses.default_block(self.account_id)
        else:
            check_free_on_machine(cidr_block, "InvalidVpc.Range")
        return super().create_vpc(cidr_block, *args, is_default=is_default, **kwargs)

    @replaces(why="the default VPC's network is a setting: its subnets are a sixteenth of it, as /20 is of /16")
    def create_default_subnet(self, availability_zone: str) -> Any:
        vpc, taken = self.get_default_vpc(), self.get_default_subnets()
        if vpc is None or availability_zone in taken:
            return super().create_default_subnet(availability_zone)  # which refuses
        parts = ip_network(vpc.cidr_block).subnets(prefixlen_diff=4)
        free = next(str(part) for part in parts if not any(part.overlaps(subnet.cidr) for subnet in self._subnets_of(vpc.id)))
        return self.create_subnet(vpc_id=vpc.id, cidr_block=free, availability_zone=availability_zone)

    def _subnets_of(self, vpc_id: str) -> list[Any]:
        return [subnet for subnet in self.describe_subnets() if subnet.vpc_id == vpc_id]

    @replaces(why="containers cannot use a CIDR block that this machine's networks use")
    def create_subnet(self, vpc_id: str, cidr_block: str, *args: Any, **kwargs: Any) -> Any:
        if vpc_id in self.vpcs and not self.vpcs[vpc_id].is_default:
            check_free_on_machine(cidr_block, "InvalidSubnet.Range")
            check_no_overlap(self.account_id, vpc_id, cidr_block)
        return super().create_subnet(vpc_id, cidr_block, *args, **kwargs)

    @replaces(why="a subnet in which something has an interface stays: an instance, a load balancer")
    def delete_subnet(self, subnet_id: str) -> Any:
        used = any(nic.subnet.id == subnet_id for nic in self.enis.values() if nic.status == "in-use")
        if used or holds_load_balancer(self, subnet_id):
            raise errors.has_dependencies(subnet_id)
        return super().delete_subnet(subnet_id)

    @replaces(why="EC2-62: the VPC's network ACL goes with it, its DHCP options stay")
    def delete_vpc(self, vpc_id: str) -> Any:
        if vpc_id in self.vpcs:
            self.disassociate_dhcp_options(self.vpcs[vpc_id])
        deleted = super().delete_vpc(vpc_id)
        for acl in [acl for acl in self.network_acls.values() if acl.vpc_id == vpc_id]:
            del self.network_acls[acl.id]
        return deleted

    @replaces(why="EC2-5: the interface has its own public address again, if it had one")
    def disassociate_address(self, address: str | None = None, association_id: str | None = None) -> None:
        held = self.address_by_ip([address]) if address else self.address_by_association([association_id])
        interface = held[0].eni
        super().disassociate_address(address, association_id)
        if interface is not None:
            interface.public_ip = None
            if interface.instance is not None and interface.instance.lifecycle_state is InstanceState.RUNNING:
                interface.check_auto_public_ip()

    @replaces(why="EC2-62: an Elastic IP address of the interface is free again")
    def delete_network_interface(self, eni_id: str) -> None:
        for address in [one for one in self.addresses if one.eni is not None and one.eni.id == eni_id]:
            self.disassociate_address(association_id=address.association_id)
        super().delete_network_interface(eni_id)

    @replaces(why="EC2-62: its network interface goes with it, and its address is free")
    def delete_nat_gateway(self, nat_gateway_id: str) -> Any:
        gateway = super().delete_nat_gateway(nat_gateway_id)
        if gateway._eni.id in self.enis:
            self.delete_network_interface(gateway._eni.id)
            gateway._eni.subnet.del_subnet_ip(gateway._eni.private_ip_address)
        return gateway
