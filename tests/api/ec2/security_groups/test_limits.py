"""Quotas of security groups and network ACLs: what is over one is refused whole, with AWS's code (SG-9)."""

from typing import Any

import pytest

from tests.support import VirtualSandbox, rule
from tests.support.elb import error_of

AMI = "ami-0c047a86012500412"
RULES = "RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached."
GROUPS = "SecurityGroupsPerInterfaceLimitExceeded", "The maximum number of security groups per interface has been reached."


@pytest.fixture
def ec2(virtual: VirtualSandbox) -> Any:
    return virtual.client("ec2")


@pytest.fixture
def group(ec2: Any) -> str:
    return str(ec2.create_security_group(GroupName="web", Description="web")["GroupId"])


def ports(first: int, count: int) -> list[dict[str, Any]]:
    everyone = [{"CidrIp": "0.0.0.0/0"}]
    return [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": everyone} for port in range(first, first + count)]


def rules_of(ec2: Any, group: str) -> int:
    return len(ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"])


@rule("SG-9")
def test_a_group_has_at_most_60_rules_of_a_direction_and_a_request_over_it_adds_none(ec2: Any, group: str) -> None:
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=ports(1, 58))
    assert error_of(ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=ports(100, 3)) == RULES
    assert rules_of(ec2, group) == 58
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=ports(100, 2))
    assert (
        error_of(ec2.authorize_security_group_ingress, GroupId=group, IpProtocol="tcp", FromPort=7, ToPort=8, CidrIp="10.0.0.0/8") == RULES
    )
    ec2.authorize_security_group_egress(GroupId=group, IpPermissions=ports(1, 59))  # and the one that it was made with


@rule("SG-9")
def test_a_prefix_list_counts_as_many_rules_as_it_may_have_entries(ec2: Any, group: str) -> None:
    made = ec2.create_managed_prefix_list(PrefixListName="wide", MaxEntries=50, AddressFamily="IPv4")["PrefixList"]["PrefixListId"]
    lists = [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "PrefixListIds": [{"PrefixListId": made}]}]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=lists)
    assert error_of(ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=ports(100, 11)) == RULES
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=ports(100, 10))


@rule("SG-9")
def test_an_interface_has_at_most_five_groups_however_it_gets_them(ec2: Any) -> None:
    groups = [str(ec2.create_security_group(GroupName=f"g{n}", Description="g")["GroupId"]) for n in range(6)]
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    launch = {"ImageId": AMI, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
    assert error_of(ec2.run_instances, SecurityGroupIds=groups, SubnetId=subnet, **launch) == GROUPS
    interface = {"DeviceIndex": 0, "SubnetId": subnet, "Groups": groups}
    assert error_of(ec2.run_instances, NetworkInterfaces=[interface], **launch) == GROUPS
    assert error_of(ec2.create_network_interface, SubnetId=subnet, Groups=groups) == GROUPS
    [instance] = ec2.run_instances(SecurityGroupIds=groups[:5], SubnetId=subnet, **launch)["Instances"]
    assert error_of(ec2.modify_instance_attribute, InstanceId=instance["InstanceId"], Groups=groups) == GROUPS
    eni = instance["NetworkInterfaces"][0]["NetworkInterfaceId"]
    assert error_of(ec2.modify_network_interface_attribute, NetworkInterfaceId=eni, Groups=groups) == GROUPS


@rule("SG-9")
def test_a_network_acl_has_at_most_20_entries_of_a_direction(ec2: Any) -> None:
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    acl = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    entry = {"NetworkAclId": acl, "Protocol": "-1", "RuleAction": "allow", "CidrBlock": "10.0.0.0/8"}
    for number in range(1, 21):
        ec2.create_network_acl_entry(RuleNumber=number, Egress=False, **entry)
    assert error_of(ec2.create_network_acl_entry, RuleNumber=21, Egress=False, **entry)[0] == "NetworkAclEntryLimitExceeded"
    ec2.create_network_acl_entry(RuleNumber=21, Egress=True, **entry)
