"""Names and ways to the internet as they follow from what the API made (DNS-1 to DNS-7, NET-2)."""

from moto.ec2.models import ec2_backends

from sandbox.services.ec2.decide.networks import WayOut
from sandbox.services.ec2.state import networks
from tests.support import VirtualSandbox, rule


def way(subnet_id: str) -> WayOut:
    backend = ec2_backends["123456789012"]["us-east-1"]
    return networks.way_out(backend, backend.get_subnet(subnet_id))


@rule("NET-2")
def test_the_way_out_follows_the_route_table_of_the_subnet(virtual: VirtualSandbox) -> None:
    ec2 = virtual.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.66.0.0/16")["Vpc"]["VpcId"]
    public, private = (ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.66.{n}.0/24")["Subnet"]["SubnetId"] for n in (1, 2))
    assert (way(public), way(private)) == (WayOut.NONE, WayOut.NONE)

    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    ec2.associate_route_table(RouteTableId=table, SubnetId=public)
    assert (way(public), way(private)) == (WayOut.INTERNET_GATEWAY, WayOut.NONE)

    allocation = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=public, AllocationId=allocation)["NatGateway"]["NatGatewayId"]
    main = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}, {"Name": "association.main", "Values": ["true"]}])
    ec2.create_route(RouteTableId=main["RouteTables"][0]["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    assert (way(public), way(private)) == (WayOut.INTERNET_GATEWAY, WayOut.NAT_GATEWAY)
    ec2.delete_nat_gateway(NatGatewayId=nat)
    assert way(private) is WayOut.NONE


@rule("NET-2")
def test_a_default_vpc_has_an_internet_gateway(virtual: VirtualSandbox) -> None:
    subnet = virtual.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    assert way(subnet) is WayOut.INTERNET_GATEWAY


@rule("DNS-1", "DNS-2")
def test_an_instance_has_its_names_from_the_launch_until_it_is_terminated(virtual: VirtualSandbox) -> None:
    launched = virtual.client("ec2").run_instances(ImageId="ami-0c047a86012500412", MinCount=1, MaxCount=1)["Instances"][0]
    (seen,) = networks.observe().instances
    assert (seen.private_name, seen.private_address) == (launched["PrivateDnsName"], launched["PrivateIpAddress"])


@rule("DNS-7")
def test_dns_support_is_an_attribute_of_the_vpc(virtual: VirtualSandbox) -> None:
    vpc = virtual.client("ec2").create_vpc(CidrBlock="10.66.0.0/16")["Vpc"]["VpcId"]
    virtual.client("ec2").modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": False})
    assert {each.cidr: each.dns_support for each in networks.observe().vpcs} == {"172.31.0.0/16": True, "10.66.0.0/16": False}
