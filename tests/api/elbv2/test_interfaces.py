"""The network interfaces of load balancers in DescribeNetworkInterfaces (ALB-60)."""

from ipaddress import ip_address, ip_network
from typing import Any

from moto.ec2.models import ec2_backends

from tests.support import rule
from tests.support.elb import HERE, controllers_of, error_of

OF_ELB = [{"Name": "attachment.instance-owner-id", "Values": ["amazon-elb"]}]


def interfaces(elb: Any) -> list[dict[str, Any]]:
    found = elb.ec2.describe_network_interfaces(Filters=OF_ELB)["NetworkInterfaces"]
    return sorted(found, key=lambda each: str(each["AvailabilityZone"]))


def created(elb: Any, subnets: int = 2) -> dict[str, Any]:
    answer = elb.api.create_load_balancer(Name="web", Subnets=elb.subnet_ids(subnets))
    return dict(answer["LoadBalancers"][0])


@rule("ALB-60")
def test_each_node_has_an_interface_of_its_subnet_that_belongs_to_the_service(elb: Any) -> None:
    balancer = created(elb)
    found = interfaces(elb)
    subnets = elb.subnets(2)
    assert [each["SubnetId"] for each in found] == [subnet["SubnetId"] for subnet in subnets]
    for interface, subnet in zip(found, subnets, strict=True):
        assert ip_address(interface["PrivateIpAddress"]) in ip_network(subnet["CidrBlock"])
        assert interface["Description"] == "ELB " + balancer["LoadBalancerArn"].split("loadbalancer/")[1]
        assert (interface["RequesterManaged"], interface["RequesterId"], interface["Status"]) == (True, "amazon-elb", "in-use")
        assert interface["Attachment"]["InstanceOwnerId"] == "amazon-elb" and "InstanceId" not in interface["Attachment"]
        assert [each["GroupId"] for each in interface["Groups"]] == balancer["SecurityGroups"]


@rule("ALB-60")
def test_the_proxy_gets_the_address_of_each_node(elb: Any) -> None:
    elb.serving()
    elb.wait(1)
    nodes = elb.proxy.configuration.listeners[0].nodes
    assert [node.private_address for node in nodes] == [each["PrivateIpAddress"] for each in interfaces(elb)]


@rule("ALB-60")
def test_interfaces_follow_the_subnets_and_go_with_the_load_balancer(elb: Any) -> None:
    arn = created(elb)["LoadBalancerArn"]
    before = {each["SubnetId"]: each["PrivateIpAddress"] for each in interfaces(elb)}
    elb.api.set_subnets(LoadBalancerArn=arn, Subnets=elb.subnet_ids(3)[1:])
    after = {each["SubnetId"]: each["PrivateIpAddress"] for each in interfaces(elb)}
    kept, new = elb.subnet_ids(3)[1:]
    assert set(after) == {kept, new} and after[kept] == before[kept]
    elb.api.delete_load_balancer(LoadBalancerArn=arn)
    assert interfaces(elb) == []


@rule("ALB-60")
def test_an_interface_of_a_load_balancer_cannot_be_deleted_or_detached(elb: Any) -> None:
    created(elb)
    interface = interfaces(elb)[0]
    deleted = error_of(elb.ec2.delete_network_interface, NetworkInterfaceId=interface["NetworkInterfaceId"])
    assert deleted == ("InvalidParameterValue", f"Network interface '{interface['NetworkInterfaceId']}' is currently in use.")
    detached = error_of(elb.ec2.detach_network_interface, AttachmentId=interface["Attachment"]["AttachmentId"])
    assert detached == ("OperationNotPermitted", "You are not allowed to manage 'ela-attach' attachments.")
    assert len(interfaces(elb)) == 2


@rule("ALB-60")
def test_a_subnet_with_fewer_than_eight_free_addresses_is_refused(elb: Any) -> None:
    vpc = elb.ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    small = [
        elb.ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{n}.0/28", AvailabilityZone=f"us-east-1{'ab'[n]}")["Subnet"]["SubnetId"]
        for n in (0, 1)
    ]
    for n in range(4):  # a /28 has eleven that can be used
        elb.ec2.create_network_interface(SubnetId=small[1], PrivateIpAddress=f"10.9.1.{4 + n}")
    assert error_of(elb.api.create_load_balancer, Name="web", Subnets=small) == (
        "InvalidSubnet",
        f"Not enough IP space available in {small[1]}. ELB requires at least 8 free IP addresses in each subnet.",
    )
    assert interfaces(elb) == []


@rule("ALB-60")
def test_a_load_balancer_of_an_earlier_release_gets_its_interfaces_when_the_control_plane_starts(elb: Any) -> None:
    elb.serving()
    ec2 = ec2_backends[HERE.account][HERE.region]
    for each in interfaces(elb):
        del ec2.enis[each["NetworkInterfaceId"]]
    elb.engine.add(controllers_of(elb))  # those of the next control plane
    elb.engine.wake()
    elb.wait(1)
    assert len(interfaces(elb)) == 2
    nodes = elb.proxy.configuration.listeners[0].nodes
    assert [node.private_address for node in nodes] == [each["PrivateIpAddress"] for each in interfaces(elb)]
