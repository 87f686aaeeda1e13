"""Instances of two VPCs: they reach each other by a peering connection with routes both ways, as the API says after each call."""

from ipaddress import IPv4Address
from typing import Any

import pytest

from sandbox.drivers.firewall.policy import Connection, Verdict
from tests.support import VirtualSandbox, rule

AMI = "ami-0c047a86012500412"
BLOCKS = ("10.101.0.0/16", "10.102.0.0/16")


class Vpcs:
    """Two VPCs with a subnet and an instance each; every group admits everything."""

    def __init__(self, on: VirtualSandbox) -> None:
        self.on, self.ec2 = on, on.client("ec2")
        self.ids = [self.ec2.create_vpc(CidrBlock=block)["Vpc"]["VpcId"] for block in BLOCKS]
        self.addresses = [self._instance(vpc, block) for vpc, block in zip(self.ids, BLOCKS, strict=True)]

    def _instance(self, vpc: str, block: str) -> IPv4Address:
        subnet = self.ec2.create_subnet(VpcId=vpc, CidrBlock=block.replace("/16", "/24"))["Subnet"]["SubnetId"]
        group = self.ec2.create_security_group(GroupName="all", Description="all", VpcId=vpc)["GroupId"]
        everything: Any = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        self.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[everything])
        made = self.ec2.run_instances(ImageId=AMI, MinCount=1, MaxCount=1, SubnetId=subnet, SecurityGroupIds=[group])
        return IPv4Address(made["Instances"][0]["PrivateIpAddress"])

    def table(self, number: int) -> str:
        tables = self.ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [self.ids[number]]}])["RouteTables"]
        return str(tables[0]["RouteTableId"])

    def peered(self) -> str:
        asked = self.ec2.create_vpc_peering_connection(VpcId=self.ids[0], PeerVpcId=self.ids[1])
        peering = str(asked["VpcPeeringConnection"]["VpcPeeringConnectionId"])
        self.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
        return peering

    def route(self, number: int, peering: str) -> None:
        """From this VPC to the other one."""
        other = BLOCKS[1 - number]
        self.ec2.create_route(RouteTableId=self.table(number), DestinationCidrBlock=other, VpcPeeringConnectionId=peering)

    def verdict(self) -> Verdict:
        self.on.run(0.1)
        found = self.on.sandbox.drivers.firewall.in_force()
        assert found is not None
        return found.verdict(Connection(source=self.addresses[0], destination=self.addresses[1], port=80))


@pytest.fixture
def vpcs(virtual: VirtualSandbox) -> Vpcs:
    return Vpcs(virtual)


@rule("SG-11")
def test_another_vpc_is_out_of_reach_and_the_route_tables_that_lack_a_route_are_named(vpcs: Vpcs) -> None:
    assert [each.code for each in vpcs.verdict().explanations] == ["NO_ROUTE_TO_DESTINATION"] * 2
    assert [each.component for each in vpcs.verdict().explanations] == [vpcs.table(0), vpcs.table(1)]


@rule("SG-11")
def test_a_peering_connection_needs_routes_both_ways(vpcs: Vpcs) -> None:
    peering = vpcs.peered()
    assert not vpcs.verdict().allowed
    vpcs.route(0, peering)
    assert [each.component for each in vpcs.verdict().explanations] == [vpcs.table(1)]
    vpcs.route(1, peering)
    assert vpcs.verdict().allowed


@rule("SG-11")
def test_routes_to_a_deleted_peering_connection_lead_nowhere(vpcs: Vpcs) -> None:
    peering = vpcs.peered()
    for number in (0, 1):
        vpcs.route(number, peering)
    assert vpcs.verdict().allowed
    vpcs.ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=peering)
    assert not vpcs.verdict().allowed
