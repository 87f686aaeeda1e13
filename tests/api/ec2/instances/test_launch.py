"""RunInstances: states, ids, names, addresses, limits and templates. Texts and codes are AWS's."""

import base64
import itertools
import re
from typing import Any

import pytest

from sandbox.core.control import Scope
from sandbox.settings import Settings
from tests.support import rule
from tests.support.api.ec2 import AMI, HERE, Ec2, error_of
from tests.support.ports import use_ports


@rule("EC2-1", "EC2-3", "EC2-19")
def test_an_instance_is_pending_until_its_machine_runs(ec2: Ec2) -> None:
    answer = ec2.api.run_instances(ImageId=AMI, InstanceType="t3.micro", MinCount=1, MaxCount=1)
    (launched,) = answer["Instances"]
    instance_id = launched["InstanceId"]
    assert launched["State"] == {"Code": 0, "Name": "pending"}
    assert launched["StateTransitionReason"] == ""
    assert "StateReason" not in launched
    assert (launched["PrivateIpAddress"], launched["PrivateDnsName"]) == ("172.31.0.4", "ip-172-31-0-4.ec2.internal")
    assert answer["ReservationId"].startswith("r-")
    ec2.wait(1.9)
    assert ec2.state(instance_id) == "pending"
    ec2.wait(0.1)
    assert ec2.describe(instance_id)["State"] == {"Code": 16, "Name": "running"}
    assert ec2.states_told(instance_id) == ["pending", "running"]


@rule("DNS-5")
def test_ids_have_seventeen_hexadecimal_digits(ec2: Ec2) -> None:
    answer = ec2.api.run_instances(ImageId=AMI, InstanceType="t3.micro", MinCount=1, MaxCount=1)
    (launched,) = answer["Instances"]
    (interface,) = launched["NetworkInterfaces"]
    ids = {
        "r": answer["ReservationId"],
        "i": launched["InstanceId"],
        "eni": interface["NetworkInterfaceId"],
        "subnet": launched["SubnetId"],
        "vpc": launched["VpcId"],
        "sg": ec2.api.describe_security_groups()["SecurityGroups"][0]["GroupId"],
    }
    assert [each for kind, each in ids.items() if not re.fullmatch(kind + "-[0-9a-f]{17}", each)] == []


@rule("DNS-4", "UD-2")
def test_the_machine_is_what_the_api_describes(ec2: Ec2) -> None:
    (instance_id,) = ec2.running(UserData="#!/bin/bash\necho hello\n")
    described, spec = ec2.describe(instance_id), ec2.machines.specs[instance_id]
    assert spec.private_ip_address == described["PrivateIpAddress"]
    assert spec.private_dns_name == described["PrivateDnsName"]
    assert (spec.subnet_id, spec.vpc_id) == (described["SubnetId"], described["VpcId"])
    assert spec.availability_zone == described["Placement"]["AvailabilityZone"] == "us-east-1a"
    assert spec.user_data == b"#!/bin/bash\necho hello\n"
    assert (spec.subnet_cidr, spec.cpu_limit, spec.memory_mib) == ("172.31.0.0/20", 0.5, 256)
    assert described["PublicIpAddress"]


@rule("DNS-1")
def test_private_names_of_other_regions_carry_the_region(ec2: Ec2) -> None:
    api = ec2.transport.client("ec2", Scope(HERE.account, "eu-west-1"))
    (launched,) = api.run_instances(ImageId=AMI, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"]
    ec2.wait(3)
    assert launched["PrivateDnsName"] == "ip-172-31-0-4.eu-west-1.compute.internal"
    found = api.describe_instances(InstanceIds=[launched["InstanceId"]])["Reservations"][0]["Instances"][0]
    assert found["State"]["Name"] == "running"


@rule("DNS-1", "DNS-2")
@pytest.mark.parametrize(
    ("region", "private", "public"),
    [
        ("us-east-1", "ec2.internal", "compute-1.amazonaws.com"),
        ("eu-west-1", "eu-west-1.compute.internal", "eu-west-1.compute.amazonaws.com"),
    ],
)
def test_names_follow_the_addresses_and_there_is_no_public_name_without_a_public_address(
    ec2: Ec2, region: str, private: str, public: str
) -> None:
    api = ec2.transport.client("ec2", Scope(HERE.account, region))
    (launched,) = api.run_instances(ImageId=AMI, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"]

    def shown() -> dict[str, Any]:
        ec2.wait(3)
        found: dict[str, Any] = api.describe_instances(InstanceIds=[launched["InstanceId"]])["Reservations"][0]["Instances"][0]
        return found

    running = shown()
    inside, outside = (running[name].replace(".", "-") for name in ("PrivateIpAddress", "PublicIpAddress"))
    assert (running["PrivateDnsName"], running["PublicDnsName"]) == (f"ip-{inside}.{private}", f"ec2-{outside}.{public}")
    (interface,) = running["NetworkInterfaces"]
    assert interface["PrivateDnsName"] == running["PrivateDnsName"]
    assert interface["Association"]["PublicDnsName"] == running["PublicDnsName"]
    api.stop_instances(InstanceIds=[launched["InstanceId"]])
    stopped = shown()
    assert (stopped["State"]["Name"], stopped.get("PublicDnsName", "")) == ("stopped", "")
    assert "Association" not in stopped["NetworkInterfaces"][0]


@rule("EC2-3")
@pytest.mark.parametrize(("minimum", "maximum", "launched"), [(1, 1, 1), (1, 3, 3), (2, 5, 5)])
def test_max_count_is_launched_when_there_is_room(ec2: Ec2, minimum: int, maximum: int, launched: int) -> None:
    assert len(ec2.run(MinCount=minimum, MaxCount=maximum)) == launched


def small_subnet(ec2: Ec2) -> str:
    """A /28 has 11 addresses for instances (DNS-4)."""
    vpc = ec2.api.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    return str(ec2.api.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/28", AvailabilityZone="us-east-1b")["Subnet"]["SubnetId"])


@rule("DNS-4")
class TestAddresses:
    def test_as_many_as_the_subnet_has_room_for(self, ec2: Ec2) -> None:
        subnet = small_subnet(ec2)
        assert len(ec2.run(SubnetId=subnet, MinCount=1, MaxCount=20)) == 11
        addresses = {i["PrivateIpAddress"] for r in ec2.api.describe_instances()["Reservations"] for i in r["Instances"]}
        assert addresses == {f"10.9.0.{n}" for n in range(4, 15)}
        (described,) = ec2.api.describe_subnets(SubnetIds=[subnet])["Subnets"]
        assert described["AvailableIpAddressCount"] == 0

    def test_less_than_min_count_launches_nothing(self, ec2: Ec2) -> None:
        subnet = small_subnet(ec2)
        code, text = error_of(ec2.run, 12, SubnetId=subnet)
        assert code == "InsufficientFreeAddressesInSubnet"
        assert text == f"There are not enough free addresses in subnet '{subnet}' to satisfy the requested number of instances."
        assert ec2.ids() == []

    def test_an_address_is_free_again_when_the_machine_is_gone_and_comes_last(self, ec2: Ec2) -> None:
        subnet = small_subnet(ec2)
        first, *_ = ec2.running(10, SubnetId=subnet)
        ec2.api.terminate_instances(InstanceIds=[first])
        next_one, *none = ec2.run(MinCount=1, MaxCount=5, SubnetId=subnet)
        assert none == []  # the machine of the first is not gone yet
        ec2.wait(3)
        (reused,) = ec2.run(SubnetId=subnet)
        assert (ec2.describe(next_one)["PrivateIpAddress"], ec2.describe(reused)["PrivateIpAddress"]) == ("10.9.0.14", "10.9.0.4")

    @pytest.mark.parametrize(
        ("address", "error"),
        [
            ("10.9.0.3", ("InvalidParameterValue", "Address 10.9.0.3 is in subnet's reserved address range")),
            ("10.9.0.15", ("InvalidParameterValue", "Address 10.9.0.15 is in subnet's reserved address range")),
            ("10.9.1.4", ("InvalidParameterValue", "Address 10.9.1.4 does not fall within the subnet's address range")),
            ("10.9.0.7", ("InvalidIPAddress.InUse", "Address 10.9.0.7 is in use.")),
        ],
    )
    def test_an_address_of_ones_own(self, ec2: Ec2, address: str, error: tuple[str, str]) -> None:
        subnet = small_subnet(ec2)
        (first,) = ec2.run(SubnetId=subnet, PrivateIpAddress="10.9.0.7")
        assert ec2.describe(first)["PrivateIpAddress"] == "10.9.0.7"
        assert error_of(ec2.run, SubnetId=subnet, PrivateIpAddress=address) == error
        assert ec2.ids() == [first]


@rule("UD-1")
def test_user_data_is_limited_to_16_kb(ec2: Ec2) -> None:
    assert len(ec2.run(UserData="x" * 16384)) == 1
    assert error_of(ec2.run, UserData="x" * 16385) == ("InvalidParameterValue", "User data is limited to 16384 bytes")


@rule("UD-1")
def test_user_data_of_a_template_is_limited_too(ec2: Ec2) -> None:
    def template(call: str, size: int, **more: Any) -> Any:
        data = {"ImageId": AMI, "UserData": base64.b64encode(b"x" * size).decode()}
        return getattr(ec2.api, call)(LaunchTemplateName="web", LaunchTemplateData=data, **more)

    too_long = ("InvalidUserData.Malformed", "User data is limited to 16384 bytes")
    assert error_of(template, "create_launch_template", 16385) == too_long
    template("create_launch_template", 16384)
    assert error_of(template, "create_launch_template_version", 16385) == too_long


def test_what_a_template_says_holds_for_its_instances(ec2: Ec2) -> None:
    data = {
        "ImageId": AMI,
        "InstanceType": "t3.small",
        "UserData": base64.b64encode(b"#!/bin/sh\n").decode(),
        "Monitoring": {"Enabled": True},
        "InstanceInitiatedShutdownBehavior": "terminate",
        "DisableApiTermination": True,
        "MetadataOptions": {"HttpTokens": "required"},
    }
    ec2.api.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)
    later = {"UserData": base64.b64encode(b"#!/bin/sh\n# 2\n").decode()}
    ec2.api.create_launch_template_version(LaunchTemplateName="web", SourceVersion="1", LaunchTemplateData=later)
    launched = ec2.api.run_instances(LaunchTemplate={"LaunchTemplateName": "web", "Version": "2"}, MinCount=1, MaxCount=1)["Instances"][0]
    ec2.wait(3)
    spec = ec2.machines.specs[launched["InstanceId"]]
    assert (spec.instance_type, spec.user_data) == ("t3.small", b"#!/bin/sh\n# 2\n")
    assert launched["Monitoring"]["State"] == "enabled"
    assert launched["MetadataOptions"]["HttpTokens"] == "required"
    assert error_of(ec2.api.terminate_instances, InstanceIds=[launched["InstanceId"]])[0] == "OperationNotPermitted"
    ec2.machines.exit(launched["InstanceId"])
    ec2.wait(3)
    assert ec2.state(launched["InstanceId"]) == "terminated"


class TestClientToken:
    def test_the_same_request_twice_launches_once(self, ec2: Ec2) -> None:
        assert ec2.run(ClientToken="one") == ec2.run(ClientToken="one")
        assert len(ec2.ids()) == 1

    def test_another_request_with_the_token_is_refused(self, ec2: Ec2) -> None:
        ec2.run(ClientToken="one")
        code, text = error_of(ec2.run, 2, ClientToken="one")
        assert code == "IdempotentParameterMismatch"
        assert text == "Arguments on this idempotent request are inconsistent with arguments used in previous request(s)."

    def test_the_token_of_a_terminated_instance_is_refused(self, ec2: Ec2) -> None:
        ids = ec2.running(ClientToken="one")
        ec2.api.terminate_instances(InstanceIds=ids)
        assert error_of(ec2.run, ClientToken="one")[0] == "IdempotentInstanceTerminated"


@rule("EC2-2", "EC2-11", "EC2-12")
def test_a_launch_that_fails_ends_terminated_with_its_reason(ec2: Ec2) -> None:
    ec2.machines.launch_error = "the image sandbox/machine is not there"
    (instance_id,) = ec2.running()
    ec2.wait(3)
    described = ec2.describe(instance_id)
    assert described["State"]["Name"] == "terminated"
    assert described["StateReason"] == {"Code": "Server.InternalError", "Message": "Server.InternalError: Internal error on launch"}
    assert ec2.states_told(instance_id) == ["pending", "shutting-down", "terminated"]
    assert ec2.machines.containers() == {}
    told = [e.summary for e in ec2.journal.about(instance_id)]
    assert f"{instance_id} could not be launched: the image sandbox/machine is not there" in told


def test_a_launch_waits_while_docker_is_away_and_is_not_lost(ec2: Ec2) -> None:
    ec2.machines.away = "Docker does not answer: connection refused"
    (instance_id,) = ec2.running()
    ec2.wait(600)
    assert ec2.state(instance_id) == "pending"
    assert [e.detail_type for e in ec2.journal.about(instance_id)].count("Launch Waiting") == 1
    ec2.machines.away = None
    ec2.wait(10)
    assert ec2.state(instance_id) == "running"


def test_each_state_is_explained_down_to_the_call(ec2: Ec2) -> None:
    (instance_id,) = ec2.running()
    ec2.api.terminate_instances(InstanceIds=[instance_id])
    ec2.wait(3)

    def chain(state: str) -> list[str]:
        reached = next(e for e in ec2.journal.about(instance_id) if e.detail.get("state") == state)
        return [e.detail.get("state") or e.detail["eventName"] for e in ec2.journal.chain(reached)]

    assert chain("running") == ["RunInstances", "pending", "running"]
    assert chain("terminated") == ["TerminateInstances", "shutting-down", "terminated"]


def test_a_network_that_this_machine_uses_is_refused(ec2: Ec2) -> None:
    sentence = "10.8.0.0/16 overlaps the Docker network bridge (10.8.0.0/24)"
    ec2.machines.overlaps = lambda cidr: sentence if cidr.startswith("10.8.") else None
    assert error_of(ec2.api.create_vpc, CidrBlock="10.8.0.0/16") == ("InvalidVpc.Range", sentence)
    vpc = ec2.api.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    ec2.machines.overlaps = lambda cidr: sentence
    error = error_of(ec2.api.create_subnet, VpcId=vpc, CidrBlock="10.9.1.0/24", AvailabilityZone="us-east-1a")
    assert error == ("InvalidSubnet.Range", sentence)


@pytest.mark.parametrize(("vpc", "subnet"), [("172.31.0.0/16", "172.31.0.0/20"), ("10.77.16.0/20", "10.77.16.0/24")])
def test_the_default_vpc_is_where_the_setting_says(ec2: Ec2, vpc: str, subnet: str) -> None:
    use_ports(ec2.clock, ec2.journal, ec2.engine.wake, settings=Settings.from_environment({}, vpc_cidr=vpc), machines=ec2.machines)
    (described,) = ec2.api.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    assert described["CidrBlock"] == vpc
    subnets = ec2.api.describe_subnets()["Subnets"]
    assert len(subnets) == 6
    assert subnet in {s["CidrBlock"] for s in subnets}
    assert all(s["DefaultForAz"] and s["MapPublicIpOnLaunch"] for s in subnets)


def test_the_same_seed_gives_the_same_story(ec2: Ec2) -> None:
    """Addresses come from no set and no hash: two groups of launches and ends give the same addresses again."""

    def story(subnet: str) -> list[str]:
        ids = ec2.running(6, SubnetId=subnet)
        ec2.api.terminate_instances(InstanceIds=ids[1:4])
        ec2.wait(3)
        more = ec2.running(8, SubnetId=subnet)
        return [ec2.describe(i)["PrivateIpAddress"].rpartition(".")[2] for i in more]

    vpc = ec2.api.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.api.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{n}.0/28", AvailabilityZone="us-east-1a")["Subnet"]["SubnetId"] for n in range(2)
    ]
    first, second = (story(subnet) for subnet in subnets)
    assert first == second == ["10", "11", "12", "13", "14", "5", "6", "7"]
    assert len(set(itertools.chain(first))) == 8
