"""A request with several parts, one of which cannot be: nothing of it is done (EC2-59). Each operation that takes a list."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support import VirtualSandbox, rule
from tests.support.services.ec2_calls import AMI, Readers, Things

NO = "0123456789abcdef0"
TAGS = [{"Key": "a", "Value": "b"}]


def permission(port: int, *cidrs: str) -> dict[str, Any]:
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": cidr} for cidr in cidrs]}


GOOD, OTHER, BAD = permission(80, "10.0.0.0/8"), permission(443, "10.0.0.0/8"), permission(22, "10.0.0.0/8", "10.0.0.0/64")
NO_GROUP = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "UserIdGroupPairs": [{"GroupId": f"sg-{NO}"}]}

Call = Callable[[Any, dict[str, str]], Any]

CASES: dict[str, tuple[Call, str]] = {
    "ingress with a bad CIDR": (
        lambda api, ids: api.authorize_security_group_ingress(GroupId=ids["GroupId"], IpPermissions=[GOOD, BAD]),
        "InvalidParameterValue",
    ),
    "ingress with a rule twice": (
        lambda api, ids: api.authorize_security_group_ingress(GroupId=ids["GroupId"], IpPermissions=[GOOD, OTHER, GOOD]),
        "InvalidParameterValue",
    ),
    "ingress from an unknown group": (
        lambda api, ids: api.authorize_security_group_ingress(GroupId=ids["GroupId"], IpPermissions=[GOOD, NO_GROUP]),
        "InvalidGroup.NotFound",
    ),
    "ingress without ports": (
        lambda api, ids: api.authorize_security_group_ingress(
            GroupId=ids["GroupId"], IpPermissions=[GOOD, {"IpProtocol": "tcp", "FromPort": 1, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}]
        ),
        "InvalidParameterValue",
    ),
    "a group in use": (lambda api, ids: api.delete_security_group(GroupId=ids["Used"]), "DependencyViolation"),
    "a group that another names": (lambda api, ids: api.delete_security_group(GroupId=ids["Filled"]), "DependencyViolation"),
    "a VPC with groups": (lambda api, ids: api.delete_vpc(VpcId=ids["VpcId"]), "DependencyViolation"),
    "egress with a bad CIDR": (
        lambda api, ids: api.authorize_security_group_egress(GroupId=ids["GroupId"], IpPermissions=[GOOD, BAD]),
        "InvalidParameterValue",
    ),
    "egress that is there beside one that is not": (
        lambda api, ids: api.authorize_security_group_egress(
            GroupId=ids["GroupId"], IpPermissions=[GOOD, {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        ),
        "InvalidPermission.Duplicate",
    ),
    "revoked ingress that is not there": (
        lambda api, ids: api.revoke_security_group_ingress(GroupId=ids["Filled"], IpPermissions=[GOOD, OTHER]),
        "InvalidPermission.NotFound",
    ),
    "revoked egress that is not there": (
        lambda api, ids: api.revoke_security_group_egress(
            GroupId=ids["GroupId"], IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}, OTHER]
        ),
        "InvalidPermission.NotFound",
    ),
    "tags of an unknown resource": (
        lambda api, ids: api.create_tags(Resources=[ids["VpcId"], f"vpc-{NO}"], Tags=TAGS),
        "InvalidVpcID.NotFound",
    ),
    "tags of an unknown instance": (
        lambda api, ids: api.create_tags(Resources=[ids["VpcId"], f"i-{NO}"], Tags=TAGS),
        "InvalidInstanceID.NotFound",
    ),
    "tags of an id that cannot be": (lambda api, ids: api.create_tags(Resources=[ids["VpcId"], "ami-blah"], Tags=TAGS), "InvalidID"),
    "tags of what is no id": (lambda api, ids: api.create_tags(Resources=[ids["VpcId"], "web"], Tags=TAGS), "InvalidID"),
    "too many tags": (
        lambda api, ids: api.create_tags(
            Resources=[ids["VpcId"], ids["SubnetId"]], Tags=[{"Key": f"k{number}", "Value": ""} for number in range(51)]
        ),
        "TagLimitExceeded",
    ),
    "endpoints that do not exist": (
        lambda api, ids: api.delete_vpc_endpoints(VpcEndpointIds=[ids["VpcEndpointId"], f"vpce-{NO}"]),
        "InvalidVpcEndpointId.NotFound",
    ),
    "monitoring of an unknown instance": (
        lambda api, ids: api.monitor_instances(InstanceIds=[ids["InstanceId"], f"i-{NO}"]),
        "InvalidInstanceID.NotFound",
    ),
    "a volume with tags of another kind": (
        lambda api, ids: api.create_volume(
            AvailabilityZone="us-east-1a", Size=1, TagSpecifications=[{"ResourceType": "vpc", "Tags": TAGS}]
        ),
        "InvalidParameterValue",
    ),
    "a launch with a bad second tag": (
        lambda api, ids: api.run_instances(
            ImageId=AMI,
            InstanceType="t3.micro",
            MinCount=1,
            MaxCount=1,
            TagSpecifications=[{"ResourceType": "instance", "Tags": TAGS}, {"ResourceType": "vpc", "Tags": TAGS}],
        ),
        "InvalidParameterValue",
    ),
    "a prefix list with a bad entry": (
        lambda api, ids: api.modify_managed_prefix_list(
            PrefixListId=ids["PrefixListId"], CurrentVersion=1, AddEntries=[{"Cidr": "10.0.0.0/8"}, {"Cidr": "all"}]
        ),
        "InvalidParameterValue",
    ),
    "a route table with an unknown target": (
        lambda api, ids: api.create_route(
            RouteTableId=ids["RouteTableId"], DestinationCidrBlock="10.99.0.0/16", NetworkInterfaceId=f"eni-{NO}"
        ),
        "InvalidNetworkInterfaceID.NotFound",
    ),
    "groups of an interface, one unknown": (
        lambda api, ids: api.modify_network_interface_attribute(
            NetworkInterfaceId=ids["NetworkInterfaceId"], Groups=[ids["GroupId"], f"sg-{NO}"]
        ),
        "InvalidGroup.NotFound",
    ),
    "groups of an instance, one unknown": (
        lambda api, ids: api.modify_instance_attribute(InstanceId=ids["InstanceId"], Groups=[ids["GroupId"], f"sg-{NO}"]),
        "InvalidGroup.NotFound",
    ),
}


@rule("EC2-59")
@pytest.mark.parametrize("case", CASES)
def test_one_bad_part_and_nothing_is_done(virtual: VirtualSandbox, things: Things, case: str) -> None:
    call, code = CASES[case]
    filled = things.api.create_security_group(GroupName="filled", Description="f", VpcId=things.ids["VpcId"])["GroupId"]
    things.api.authorize_security_group_ingress(GroupId=filled, IpPermissions=[GOOD])
    things.api.authorize_security_group_ingress(
        GroupId=things.ids["GroupId"], IpPermissions=[{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": filled}]}]
    )
    used = things.api.create_security_group(GroupName="used", Description="u", VpcId=things.ids["VpcId"])["GroupId"]
    things.api.modify_network_interface_attribute(NetworkInterfaceId=things.ids["NetworkInterfaceId"], Groups=[used])
    readers = Readers.of(things)
    before = readers.answers()
    with pytest.raises(ClientError) as caught:
        call(things.api, things.ids | {"Filled": filled, "Used": used})
    assert caught.value.response["Error"]["Code"] == code
    assert readers.answers() == before
    virtual.run(5)
    assert readers.answers() == before


@rule("EC2-59")
def test_several_rules_are_answered_with_all_of_them(things: Things) -> None:
    answer = things.api.authorize_security_group_ingress(GroupId=things.ids["GroupId"], IpPermissions=[GOOD, OTHER])
    assert [one["FromPort"] for one in answer["SecurityGroupRules"]] == [80, 443]


def test_the_description_of_a_rule_from_a_group_is_kept(things: Things) -> None:
    pair = {"GroupId": things.ids["GroupId"], "Description": "from its own"}
    permissions = [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [pair]}]
    (made,) = things.api.authorize_security_group_ingress(GroupId=things.ids["GroupId"], IpPermissions=permissions)["SecurityGroupRules"]
    assert made["Description"] == "from its own"
    (group,) = things.api.describe_security_groups(GroupIds=[things.ids["GroupId"]])["SecurityGroups"]
    assert group["IpPermissions"][0]["UserIdGroupPairs"][0]["Description"] == "from its own"
    pair["Description"] = "changed"
    things.api.update_security_group_rule_descriptions_ingress(GroupId=things.ids["GroupId"], IpPermissions=permissions)
    (shown,) = things.api.describe_security_group_rules(SecurityGroupRuleIds=[made["SecurityGroupRuleId"]])["SecurityGroupRules"]
    assert shown["Description"] == "changed"


@rule("EC2-62")
def test_a_deleted_network_leaves_nothing(virtual: VirtualSandbox) -> None:
    api = virtual.client("ec2")

    def tags(kind: str) -> list[dict[str, Any]]:
        return [{"ResourceType": kind, "Tags": TAGS}]

    readers = ("describe_network_acls", "describe_network_interfaces", "describe_tags", "describe_security_groups", "describe_route_tables")

    def everything() -> list[Any]:
        return [{k: v for k, v in getattr(api, name)().items() if k != "ResponseMetadata"} for name in readers]

    before = everything()
    vpc = api.create_vpc(CidrBlock="10.9.0.0/16", TagSpecifications=tags("vpc"))["Vpc"]["VpcId"]
    subnet = api.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/24", TagSpecifications=tags("subnet"))["Subnet"]["SubnetId"]
    address = api.allocate_address(Domain="vpc", TagSpecifications=tags("elastic-ip"))["AllocationId"]
    options = api.create_dhcp_options(DhcpConfigurations=[{"Key": "domain-name", "Values": ["a.b"]}])["DhcpOptions"]["DhcpOptionsId"]
    api.associate_dhcp_options(DhcpOptionsId=options, VpcId=vpc)
    gateway = api.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
    internet = api.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    api.attach_internet_gateway(InternetGatewayId=internet, VpcId=vpc)
    api.delete_nat_gateway(NatGatewayId=gateway)
    api.release_address(AllocationId=address)
    api.delete_subnet(SubnetId=subnet)
    with pytest.raises(ClientError) as caught:
        api.delete_vpc(VpcId=vpc)
    assert caught.value.response["Error"]["Message"] == f"The vpc '{vpc}' has dependencies and cannot be deleted."
    api.detach_internet_gateway(InternetGatewayId=internet, VpcId=vpc)
    api.delete_internet_gateway(InternetGatewayId=internet)
    api.delete_vpc(VpcId=vpc)
    assert everything() == before
    assert [one["DhcpOptionsId"] for one in api.describe_dhcp_options()["DhcpOptions"]] == [options]


@rule("EC2-58")
def test_the_tags_of_a_terminated_instances_volumes_are_gone(virtual: VirtualSandbox) -> None:
    api = virtual.client("ec2")
    kinds = ("volume", "network-interface")
    made = api.run_instances(
        ImageId=AMI,
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[{"ResourceType": kind, "Tags": TAGS} for kind in kinds],
    )["Instances"][0]["InstanceId"]
    virtual.run(5)
    assert {tag["ResourceType"] for tag in api.describe_tags()["Tags"]} == set(kinds)
    api.terminate_instances(InstanceIds=[made])
    virtual.run(5)
    assert api.describe_tags()["Tags"] == []


@rule("EC2-5", "EC2-62")
def test_an_elastic_address_stays_while_stopped_and_is_free_after_termination(virtual: VirtualSandbox) -> None:
    api = virtual.client("ec2")
    instance = api.run_instances(ImageId=AMI, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]
    virtual.run(5)
    address = api.allocate_address(Domain="vpc")
    api.associate_address(AllocationId=address["AllocationId"], InstanceId=instance["InstanceId"])
    second = api.create_network_interface(SubnetId=instance["SubnetId"])["NetworkInterface"]["NetworkInterfaceId"]
    api.attach_network_interface(NetworkInterfaceId=second, InstanceId=instance["InstanceId"], DeviceIndex=1)

    def public() -> str | None:
        found = api.describe_instances()["Reservations"][0]["Instances"][0].get("PublicIpAddress")
        return None if found is None else str(found)

    for operation in ("stop_instances", "start_instances"):
        assert public() == address["PublicIp"]
        getattr(api, operation)(InstanceIds=[instance["InstanceId"]])
        virtual.run(5)
        assert public() == address["PublicIp"], operation
    api.disassociate_address(AssociationId=api.describe_addresses()["Addresses"][0]["AssociationId"])
    assert public() not in (None, address["PublicIp"])  # the subnet assigns one
    api.associate_address(AllocationId=address["AllocationId"], InstanceId=instance["InstanceId"])
    api.terminate_instances(InstanceIds=[instance["InstanceId"]])
    virtual.run(5)
    (left,) = api.describe_addresses()["Addresses"]
    assert [name for name in ("AssociationId", "InstanceId", "NetworkInterfaceId") if left.get(name)] == []
    (interface,) = api.describe_network_interfaces()["NetworkInterfaces"]
    assert (interface["NetworkInterfaceId"], interface["Status"]) == (second, "available")
