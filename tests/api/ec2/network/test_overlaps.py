"""VPCs with the same block: legal on AWS, and told where it cannot work here (NET-3)."""

from collections.abc import Iterator

import pytest

from sandbox.aws import state
from sandbox.core.control import Scope
from tests.support import VirtualSandbox, rule, virtual_sandbox
from tests.support.elb import error_of

AMI = "ami-0c047a86012500412"


@pytest.fixture(params=["docker", "process"])
def real(request: pytest.FixtureRequest) -> Iterator[VirtualSandbox]:
    """With the checks of a live sandbox."""
    made = virtual_sandbox(runtime=request.param)
    state.reset(0)
    yield made


@rule("NET-3")
def test_a_subnet_that_overlaps_one_of_another_vpc_is_refused_where_it_is_made(real: VirtualSandbox) -> None:
    ec2 = real.client("ec2")
    first, second = (ec2.create_vpc(CidrBlock="10.66.0.0/16")["Vpc"]["VpcId"] for _ in range(2))
    taken = ec2.create_subnet(VpcId=first, CidrBlock="10.66.1.0/24")["Subnet"]["SubnetId"]
    assert error_of(ec2.create_subnet, VpcId=second, CidrBlock="10.66.0.0/20") == (
        "InvalidSubnet.Conflict",
        f"The CIDR '10.66.0.0/20' conflicts with subnet {taken} of {first}: instances of all VPCs share one network in this sandbox.",
    )
    ec2.create_subnet(VpcId=second, CidrBlock="10.66.2.0/24")
    ec2.delete_subnet(SubnetId=taken)
    ec2.create_subnet(VpcId=second, CidrBlock="10.66.1.0/24")


@rule("NET-3")
def test_processes_share_addresses_that_differ_in_the_first_number_only() -> None:
    real = virtual_sandbox(runtime="process")
    state.reset(0)
    ec2 = real.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.31.0.0/16")["Vpc"]["VpcId"]
    code, text = error_of(ec2.create_subnet, VpcId=vpc, CidrBlock="10.31.0.0/24")  # the default VPC has 172.31.0.0/16
    assert code == "InvalidSubnet.Conflict" and "10.31.0.0/24" in text


@rule("NET-3")
def test_default_vpcs_of_two_regions_are_both_there_and_one_of_them_has_instances() -> None:
    virtual = virtual_sandbox(runtime="docker")
    state.reset(0)
    here = virtual.client("ec2")
    there = virtual.sandbox.transport.client("ec2", Scope("123456789012", "us-west-2"))
    subnet = sorted(there.describe_subnets()["Subnets"], key=lambda each: each["CidrBlock"])[0]["SubnetId"]
    mine = sorted(here.describe_subnets()["Subnets"], key=lambda each: each["CidrBlock"])[0]["SubnetId"]
    launched = here.run_instances(ImageId=AMI, MinCount=1, MaxCount=1, SubnetId=mine)["Instances"][0]["InstanceId"]
    refused = error_of(there.run_instances, ImageId=AMI, MinCount=1, MaxCount=1, SubnetId=subnet)
    assert refused[0] == "InvalidSubnet.Conflict" and mine in refused[1]
    here.terminate_instances(InstanceIds=[launched])
    virtual.run(60)
    there.run_instances(ImageId=AMI, MinCount=1, MaxCount=1, SubnetId=subnet)
