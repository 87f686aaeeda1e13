"""The firewall's policy follows what the API says: rules, groups, interfaces, prefix lists and network ACLs, after each call."""

from ipaddress import IPv4Address
from typing import Any

import pytest

from sandbox.drivers.firewall.policy import Connection, Policy
from tests.support import VirtualSandbox, rule

AMI = "ami-0c047a86012500412"
OUTSIDE = "198.51.100.7"


class Pair:
    """Two instances in two zones: the first connects to the second, whose group is `group`."""

    def __init__(self, on: VirtualSandbox) -> None:
        self.on, self.ec2 = on, on.client("ec2")
        self.vpc = self.ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
        self.subnets = [each["SubnetId"] for each in self.ec2.describe_subnets()["Subnets"]][:2]
        self.client_group, self.group = self.new_group("client"), self.new_group("server")
        self.client = self.instance(self.subnets[0], self.client_group)
        self.server = self.instance(self.subnets[1], self.group)

    def new_group(self, name: str) -> str:
        return str(self.ec2.create_security_group(GroupName=name, Description=name, VpcId=self.vpc)["GroupId"])

    def instance(self, subnet: str, *groups: str) -> dict[str, Any]:
        given = {"SecurityGroupIds": list(groups)} if groups else {}
        made = self.ec2.run_instances(ImageId=AMI, InstanceType="t3.micro", MinCount=1, MaxCount=1, SubnetId=subnet, **given)
        return dict(made["Instances"][0])

    def admit(self, **permission: Any) -> None:
        self.ec2.authorize_security_group_ingress(GroupId=self.group, IpPermissions=[permission])

    @property
    def policy(self) -> Policy:
        self.on.run(0.1)
        found = self.on.sandbox.drivers.firewall.in_force()
        assert found is not None
        return found

    def admitted(self, port: int | None = 80, protocol: str = "tcp", source: str | None = None) -> bool:
        connection = Connection(
            source=IPv4Address(source or self.client["PrivateIpAddress"]),
            destination=IPv4Address(self.server["PrivateIpAddress"]),
            protocol=protocol,
            port=port,
        )
        return self.policy.verdict(connection).allowed


@pytest.fixture
def pair(virtual: VirtualSandbox) -> Pair:
    return Pair(virtual)


def tcp(port: int = 80, last: int | None = None, **peers: Any) -> dict[str, Any]:
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port if last is None else last, **peers}


EVERYONE = {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


@rule("SG-3")
def test_a_new_group_admits_nothing_in_and_everything_out(pair: Pair) -> None:
    assert not pair.admitted()
    pair.admit(**tcp(**EVERYONE))
    assert pair.admitted()


@rule("SG-3")
def test_members_of_the_default_group_reach_each_other_and_nobody_else_reaches_them(pair: Pair) -> None:
    pair.client, pair.server = pair.instance(pair.subnets[0]), pair.instance(pair.subnets[1])
    assert [group["GroupName"] for group in pair.server["SecurityGroups"]] == ["default"]
    assert [pair.admitted(), pair.admitted(source=OUTSIDE)] == [True, False]


@pytest.mark.parametrize(
    ("permission", "protocol", "port", "admitted"),
    [
        pytest.param(tcp(80, 90, **EVERYONE), "tcp", 90, True, id="the end of a range"),
        pytest.param(tcp(80, 90, **EVERYONE), "tcp", 91, False, id="behind a range"),
        pytest.param(tcp(80, **EVERYONE), "udp", 80, False, id="another protocol"),
        pytest.param({"IpProtocol": "17", "FromPort": 53, "ToPort": 53, **EVERYONE}, "udp", 53, True, id="a number for udp"),
        pytest.param({"IpProtocol": "icmp", "FromPort": 8, "ToPort": -1, **EVERYONE}, "icmp", 8, True, id="echo requests"),
        pytest.param({"IpProtocol": "icmp", "FromPort": 8, "ToPort": -1, **EVERYONE}, "icmp", 13, False, id="other ICMP"),
        pytest.param({"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1, **EVERYONE}, "icmp", 13, True, id="all ICMP"),
        pytest.param({"IpProtocol": "-1", **EVERYONE}, "tcp", 7, True, id="everything"),
        pytest.param({"IpProtocol": "47", **EVERYONE}, "47", None, True, id="a protocol without ports"),
    ],
)
@rule("SG-1")
def test_a_rule_admits_its_protocol_and_ports(
    pair: Pair, permission: dict[str, Any], protocol: str, port: int | None, admitted: bool
) -> None:
    pair.admit(**permission)
    assert pair.admitted(port, protocol) is admitted


@rule("SG-2")
def test_a_group_reference_follows_its_members(pair: Pair) -> None:
    pair.admit(**tcp(UserIdGroupPairs=[{"GroupId": pair.client_group}]))
    assert [pair.admitted(), pair.admitted(source=OUTSIDE)] == [True, False]
    pair.ec2.modify_instance_attribute(InstanceId=pair.client["InstanceId"], Groups=[pair.new_group("other")])
    assert not pair.admitted()
    interface = pair.client["NetworkInterfaces"][0]["NetworkInterfaceId"]
    pair.ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, Groups=[pair.client_group])
    assert pair.admitted()
    [shown] = pair.ec2.describe_instances(InstanceIds=[pair.client["InstanceId"]])["Reservations"][0]["Instances"]
    assert [group["GroupId"] for group in shown["SecurityGroups"]] == [pair.client_group]


@rule("SG-2")
def test_a_prefix_list_counts_with_the_entries_of_its_current_version(pair: Pair) -> None:
    made = pair.ec2.create_managed_prefix_list(
        PrefixListName="clients", MaxEntries=5, AddressFamily="IPv4", Entries=[{"Cidr": "198.51.100.0/25"}]
    )["PrefixList"]
    pair.admit(**tcp(PrefixListIds=[{"PrefixListId": made["PrefixListId"]}]))
    assert [pair.admitted(source=OUTSIDE), pair.admitted()] == [True, False]
    pair.ec2.modify_managed_prefix_list(
        PrefixListId=made["PrefixListId"],
        CurrentVersion=1,
        RemoveEntries=[{"Cidr": "198.51.100.0/25"}],
        AddEntries=[{"Cidr": "192.0.2.0/24"}],
    )
    assert [pair.admitted(source=OUTSIDE), pair.admitted(source="192.0.2.9")] == [False, True]


@rule("SG-1")
def test_egress_rules_count_too(pair: Pair) -> None:
    pair.admit(**tcp(**EVERYONE))
    everything = [{"IpProtocol": "-1", **EVERYONE}]
    pair.ec2.revoke_security_group_egress(GroupId=pair.client_group, IpPermissions=everything)
    assert not pair.admitted()
    pair.ec2.authorize_security_group_egress(GroupId=pair.client_group, IpPermissions=[tcp(UserIdGroupPairs=[{"GroupId": pair.group}])])
    assert [pair.admitted(), pair.admitted(443)] == [True, False]


@rule("SG-5")
def test_a_new_network_acl_denies_everything_at_the_border_of_its_subnet_until_entries_allow_both_ways(pair: Pair) -> None:
    pair.admit(**tcp(**EVERYONE))
    acl = pair.ec2.create_network_acl(VpcId=pair.vpc)["NetworkAcl"]["NetworkAclId"]
    of_subnet = [{"Name": "association.subnet-id", "Values": [pair.subnets[1]]}]
    [before] = pair.ec2.describe_network_acls(Filters=of_subnet)["NetworkAcls"]
    association = next(one["NetworkAclAssociationId"] for one in before["Associations"] if one["SubnetId"] == pair.subnets[1])
    pair.ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=acl)
    assert not pair.admitted()
    allow = {"NetworkAclId": acl, "Protocol": "6", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"}
    pair.ec2.create_network_acl_entry(RuleNumber=100, Egress=False, PortRange={"From": 80, "To": 80}, **allow)
    assert not pair.admitted()  # the answers
    pair.ec2.create_network_acl_entry(RuleNumber=100, Egress=True, PortRange={"From": 1024, "To": 65535}, **allow)
    assert pair.admitted()
    deny = {**allow, "RuleAction": "deny", "PortRange": {"From": 80, "To": 80}}
    pair.ec2.create_network_acl_entry(RuleNumber=99, Egress=False, **deny)
    assert not pair.admitted()
    pair.client = pair.instance(pair.subnets[1], pair.client_group)  # within the subnet it is not asked
    assert pair.admitted()


def test_a_terminated_instance_is_no_member_any_more(pair: Pair) -> None:
    pair.admit(**tcp(UserIdGroupPairs=[{"GroupId": pair.client_group}]))
    pair.ec2.terminate_instances(InstanceIds=[pair.client["InstanceId"]])
    pair.on.run(60)
    assert not pair.admitted()
