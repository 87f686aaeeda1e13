"""CloudFormation's network resource types against the API: made, looked at, changed, deleted."""

from typing import Any

import pytest

from tests.support import rule
from tests.support.services.cloudformation import Made, Workbench


@pytest.fixture
def vpc(bench: Workbench) -> Made:
    return bench.make("AWS::EC2::VPC", CidrBlock="10.20.0.0/16", EnableDnsHostnames="true", EnableDnsSupport=True)


def ec2(bench: Workbench) -> Any:
    return bench.sandbox.client("ec2")


def tags(found: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in found.get("Tags", []) if not tag["Key"].startswith("aws:")}


def test_a_vpc_has_its_attributes_its_tags_and_its_defaults(bench: Workbench, vpc: Made) -> None:
    bench.change(vpc, {"team": "web"}, EnableDnsHostnames=None, Tags=[{"Key": "Name", "Value": "shop"}])
    found = ec2(bench).describe_vpcs(VpcIds=[vpc.ref])["Vpcs"][0]
    assert tags(found) == {"Name": "shop", "team": "web"}
    assert {"Key": "aws:cloudformation:stack-name", "Value": "shop"} in found["Tags"]
    hostnames = ec2(bench).describe_vpc_attribute(VpcId=vpc.ref, Attribute="enableDnsHostnames")
    assert hostnames["EnableDnsHostnames"] == {"Value": False}
    assert vpc.attributes["CidrBlock"] == "10.20.0.0/16"
    assert vpc.attributes["DefaultSecurityGroup"].startswith("sg-")


@rule("CFN-62")
def test_a_public_subnet_is_routed_to_the_internet(bench: Workbench, vpc: Made) -> None:
    subnet = bench.make(
        "AWS::EC2::Subnet", VpcId=vpc.ref, CidrBlock="10.20.1.0/24", AvailabilityZone="us-east-1b", MapPublicIpOnLaunch=True
    )
    gateway = bench.make("AWS::EC2::InternetGateway", Tags=[{"Key": "Name", "Value": "out"}])
    bench.make("AWS::EC2::VPCGatewayAttachment", VpcId=vpc.ref, InternetGatewayId=gateway.ref)
    table = bench.make("AWS::EC2::RouteTable", VpcId=vpc.ref)
    route = bench.make("AWS::EC2::Route", RouteTableId=table.ref, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway.ref)
    other = bench.make("AWS::EC2::RouteTable", VpcId=vpc.ref)
    association = bench.make("AWS::EC2::SubnetRouteTableAssociation", SubnetId=subnet.ref, RouteTableId=table.ref)
    first = association.ref
    bench.change(association, RouteTableId=other.ref)
    assert association.ref != first
    bench.change(subnet, MapPublicIpOnLaunch=None)
    assert ec2(bench).describe_subnets(SubnetIds=[subnet.ref])["Subnets"][0]["MapPublicIpOnLaunch"] is False
    assert subnet.attributes["AvailabilityZone"] == "us-east-1b"
    assert route.attributes == {"CidrBlock": "0.0.0.0/0"}


def test_a_nat_gateway_uses_an_elastic_ip(bench: Workbench, vpc: Made) -> None:
    subnet = bench.make("AWS::EC2::Subnet", VpcId=vpc.ref, CidrBlock="10.20.1.0/24")
    address = bench.make("AWS::EC2::EIP", Domain="vpc")
    nat = bench.make("AWS::EC2::NatGateway", SubnetId=subnet.ref, AllocationId=address.attributes["AllocationId"])
    table = bench.make("AWS::EC2::RouteTable", VpcId=vpc.ref)
    route = bench.make("AWS::EC2::Route", RouteTableId=table.ref, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat.ref)
    bench.change(nat, Tags=[{"Key": "Name", "Value": "out"}])
    assert address.ref == address.attributes["PublicIp"]
    assert route.physical_id == f"{table.ref}|0.0.0.0/0"


@rule("CFN-69")
def test_a_security_group_has_the_rules_of_its_template(bench: Workbench, vpc: Made) -> None:
    web = {"IpProtocol": "tcp", "FromPort": "80", "ToPort": 80, "CidrIp": "0.0.0.0/0", "Description": "web"}
    ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "10.0.0.0/8"}
    group = bench.make("AWS::EC2::SecurityGroup", VpcId=vpc.ref, GroupDescription="web", SecurityGroupIngress=[web])
    bench.change(group, SecurityGroupIngress=[web | {"Description": "HTTP"}, ssh], SecurityGroupEgress=[ssh])
    found = ec2(bench).describe_security_groups(GroupIds=[group.ref])["SecurityGroups"][0]
    assert found["GroupName"].startswith("shop-MySecurityGroup1-")
    ingress = {p["FromPort"]: [(r["CidrIp"], r.get("Description")) for r in p["IpRanges"]] for p in found["IpPermissions"]}
    assert ingress == {80: [("0.0.0.0/0", "HTTP")], 22: [("10.0.0.0/8", None)]}
    assert [p["FromPort"] for p in found["IpPermissionsEgress"]] == [22]
    bench.change(group, SecurityGroupIngress=None, SecurityGroupEgress=None)
    found = ec2(bench).describe_security_groups(GroupIds=[group.ref])["SecurityGroups"][0]
    assert (found["IpPermissions"], [p["IpProtocol"] for p in found["IpPermissionsEgress"]]) == ([], ["-1"])


@pytest.mark.parametrize("kind", ["Ingress", "Egress"])
def test_a_rule_is_a_resource_of_its_own(bench: Workbench, vpc: Made, kind: str) -> None:
    group = bench.make("AWS::EC2::SecurityGroup", VpcId=vpc.ref, GroupDescription="web")
    given = {"GroupId": group.ref, "IpProtocol": "tcp", "FromPort": 80, "ToPort": 80}
    peer = "SourceSecurityGroupId" if kind == "Ingress" else "DestinationSecurityGroupId"
    paired = bench.make(f"AWS::EC2::SecurityGroup{kind}", **given, **{peer: group.ref})
    described = bench.make(f"AWS::EC2::SecurityGroup{kind}", **given, CidrIp="10.0.0.0/8", Description="a")
    bench.change(described, Description="b")
    rules = ec2(bench).describe_security_group_rules(SecurityGroupRuleIds=[paired.ref, described.ref])["SecurityGroupRules"]
    by_id = {rule["SecurityGroupRuleId"]: rule for rule in rules}
    assert by_id[paired.ref]["ReferencedGroupInfo"]["GroupId"] == group.ref
    assert by_id[described.ref]["Description"] == "b"
