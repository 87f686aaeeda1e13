"""EC2 by its API: boto3 in process, machines in virtual time. Texts and codes are AWS's."""

import base64
import itertools
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws import seams, state
from sandbox.aws.context import LOCK
from sandbox.aws.hosting import moto_time
from sandbox.aws.http.gateway import Gateway
from sandbox.aws.http.transport import Transport
from sandbox.core.clock import VirtualClock
from sandbox.core.control import Scope
from sandbox.core.journal import Journal
from sandbox.drivers.runtime.simulated import SimulatedRuntime
from sandbox.drivers.world import World
from sandbox.engine import Engine
from sandbox.services.ec2.controller import Ec2Controller
from sandbox.settings import Settings
from tests.support import rule
from tests.support.ports import FakeFaults, change_settings, use_ports
from tests.support.services.machines import Machines

AMI = "ami-0c047a86012500412"
HERE = Scope("123456789012", "us-east-1")
UNKNOWN = "i-0123456789abcdef0"


@dataclass
class Ec2:
    """An EC2 of its own: the API, the loop, and the machines under it."""

    clock: VirtualClock
    journal: Journal
    engine: Engine
    machines: Machines
    faults: FakeFaults
    transport: Transport

    @property
    def api(self) -> Any:
        return self.transport.client("ec2", HERE)

    def run(self, count: int = 1, **parameters: Any) -> list[str]:
        answer = self.api.run_instances(**{"ImageId": AMI, "InstanceType": "t3.micro", "MinCount": count, "MaxCount": count, **parameters})
        return [i["InstanceId"] for i in answer["Instances"]]

    def running(self, count: int = 1, **parameters: Any) -> list[str]:
        ids = self.run(count, **parameters)
        self.wait(3)
        return ids

    def wait(self, seconds: float) -> None:
        self.engine.wake()
        self.engine.run_until(self.clock.now() + timedelta(seconds=seconds))

    def settle(self) -> None:
        """What follows at once, woken by the machines and by nothing else."""
        self.engine.run_until(self.clock.now() + timedelta(milliseconds=10))

    def describe(self, instance_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.api.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]
        return found

    def state(self, instance_id: str) -> str:
        return str(self.describe(instance_id)["State"]["Name"])

    def states_told(self, instance_id: str) -> list[str]:
        about = self.journal.about(instance_id)
        return [e.detail["state"] for e in about if e.detail_type == "EC2 Instance State-change Notification"]

    def ids(self) -> list[str]:
        return [i["InstanceId"] for r in self.api.describe_instances()["Reservations"] for i in r["Instances"]]


@pytest.fixture(scope="module")
def transport() -> Transport:
    """Once, for making a client of EC2 takes longer than a test."""
    return Transport(Gateway())


@pytest.fixture
def ec2(transport: Transport) -> Iterator[Ec2]:
    clock = VirtualClock()
    journal = Journal(clock)
    engine = Engine(clock, journal, LOCK)
    machines = Machines(clock, engine)
    faults = FakeFaults()
    use_ports(clock, journal, engine.wake, clients=transport, machines=machines, faults=faults)
    moto_time.install(clock)
    state.reset()
    seams.install()
    controller = Ec2Controller(journal, machines)
    engine.add([controller])
    yield Ec2(clock, journal, engine, machines, faults, transport)
    state.reset()


def error_of(call: Any, *args: Any, **kwargs: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(*args, **kwargs)
    error = caught.value.response["Error"]
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return error["Code"], error["Message"]


# ---- launch ------------------------------------------------------------------------------------------------------------------------------


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


@rule("EC2-15", "EC2-16")
class TestCapacity:
    TEXT = "We currently do not have sufficient t3.micro capacity in the Availability Zone you requested (us-east-1a)."

    def crunch(self, ec2: Ec2) -> None:
        ec2.faults.capacity = lambda zone, instance_type: self.TEXT if zone == "us-east-1a" else None

    def test_no_launch_where_there_is_none(self, ec2: Ec2) -> None:
        self.crunch(ec2)
        error = error_of(ec2.run, Placement={"AvailabilityZone": "us-east-1a"})
        assert error == ("InsufficientInstanceCapacity", self.TEXT)
        assert ec2.ids() == []

    def test_without_a_zone_the_launch_goes_where_there_is(self, ec2: Ec2) -> None:
        self.crunch(ec2)
        (instance_id,) = ec2.run()
        assert ec2.describe(instance_id)["Placement"]["AvailabilityZone"] == "us-east-1b"

    def test_a_stopped_instance_cannot_start(self, ec2: Ec2) -> None:
        ids = ec2.running()
        ec2.api.stop_instances(InstanceIds=ids)
        ec2.wait(3)
        self.crunch(ec2)
        assert error_of(ec2.api.start_instances, InstanceIds=ids) == ("InsufficientInstanceCapacity", self.TEXT)
        assert ec2.state(ids[0]) == "stopped"

    def test_a_fault_sees_the_group_and_the_role_that_launch(self, ec2: Ec2) -> None:
        tags = [{"ResourceType": "instance", "Tags": [{"Key": "aws:autoscaling:groupName", "Value": "web"}]}]
        by_group = ec2.transport.client("ec2", HERE, "autoscaling")
        by_group.run_instances(ImageId=AMI, MinCount=1, MaxCount=1, TagSpecifications=tags)
        ec2.run()
        role = "arn:aws:iam::123456789012:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
        assert [(attempt.group, attempt.role) for attempt in ec2.faults.attempts] == [("web", role), (None, None)]


@pytest.mark.parametrize(
    ("instance_type", "cores", "memory_mib"),
    [("t3.nano", 0.5, 256), ("t3.micro", 0.5, 256), ("t3.medium", 0.5, 1024), ("m5.2xlarge", 2.0, 8192), ("r5.large", 0.5, 4096)],
)
def test_the_limits_of_a_machine_follow_the_type(ec2: Ec2, instance_type: str, cores: float, memory_mib: int) -> None:
    (instance_id,) = ec2.running(InstanceType=instance_type)
    spec = ec2.machines.specs[instance_id]
    assert (spec.cpu_limit, spec.memory_mib) == (cores, memory_mib)


def test_the_settings_scale_memory_and_the_machine_bounds_it(ec2: Ec2) -> None:
    change_settings(memory_scale=0.5, memory_mib=600, machine_memory_mib=3000)
    small, large, bounded = (ec2.running(InstanceType=name)[0] for name in ("t3.micro", "t3.small", "t3.micro"))
    assert [ec2.machines.specs[one].memory_mib for one in (small, large, bounded)] == [600, 1024, 600]
    code, text = error_of(ec2.run, InstanceType="m5.24xlarge")
    assert code == "InsufficientInstanceCapacity"
    assert "m5.24xlarge" in text and "3000 MiB (SANDBOX_MACHINE_MEMORY_MIB, SANDBOX_MEMORY_SCALE)" in text


@rule("EC2-15")
def test_memory_limits_together_are_at_most_the_machine_and_stopped_instances_do_not_count(ec2: Ec2) -> None:
    change_settings(machine_memory_mib=2048)
    first, _ = ec2.running(2, InstanceType="t3.medium")
    assert error_of(ec2.run)[0] == "InsufficientInstanceCapacity"
    ec2.api.stop_instances(InstanceIds=[first])
    ec2.wait(3)
    assert len(ec2.run(MinCount=1, MaxCount=100)) == 4  # of 256 MiB each
    assert error_of(ec2.api.start_instances, InstanceIds=[first])[0] == "InsufficientInstanceCapacity"
    assert ec2.state(first) == "stopped"


@rule("EC2-15")
class TestVcpuQuota:
    """t3.micro has 2 vCPUs, t3.xlarge 4, g4dn.xlarge 4 of another quota."""

    TEXT = (
        "You have requested more vCPU capacity than your current vCPU limit of {} allows for the instance bucket that the specified"
        " instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit."
    )

    def limit(self, ec2: Ec2, vcpus: int, machine: int = 1000) -> None:
        change_settings(vcpu_limit=vcpus, machine_vcpus=machine)

    def test_a_launch_over_the_quota_makes_nothing(self, ec2: Ec2) -> None:
        self.limit(ec2, 8)
        ec2.run(2)
        before = ec2.ids()
        assert error_of(ec2.run, 3) == ("VcpuLimitExceeded", self.TEXT.format(8))
        assert error_of(ec2.run, InstanceType="t3.2xlarge") == ("VcpuLimitExceeded", self.TEXT.format(8))
        ec2.wait(3)
        assert ec2.ids() == before
        assert sorted(ec2.machines.containers()) == sorted(before)
        assert len(ec2.run(2)) == 2

    def test_the_limits_of_2000_instances_is_what_the_machine_holds(self, ec2: Ec2) -> None:
        self.limit(ec2, 5000, machine=100)
        assert error_of(ec2.run, 2000) == ("VcpuLimitExceeded", self.TEXT.format(100))
        assert ec2.ids() == []

    def test_between_MinCount_and_MaxCount_as_many_as_the_quota_allows(self, ec2: Ec2) -> None:
        self.limit(ec2, 9)
        assert len(ec2.run(MinCount=2, MaxCount=2000)) == 4

    def test_other_instance_families_and_Regions_have_their_own(self, ec2: Ec2) -> None:
        self.limit(ec2, 4)
        ec2.run(2)
        assert len(ec2.run(InstanceType="g4dn.xlarge")) == 1
        elsewhere = ec2.transport.client("ec2", Scope(HERE.account, "eu-west-1"))
        image = elsewhere.describe_images()["Images"][0]["ImageId"]
        elsewhere.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=2, MaxCount=2)
        assert error_of(ec2.run)[0] == "VcpuLimitExceeded"

    def test_all_of_them_share_the_machine(self, ec2: Ec2) -> None:
        self.limit(ec2, 4, machine=6)
        ec2.run(2)
        assert error_of(ec2.run, InstanceType="g4dn.xlarge") == ("VcpuLimitExceeded", self.TEXT.format(6))

    def test_the_type_of_a_launch_template_counts(self, ec2: Ec2) -> None:
        self.limit(ec2, 4)
        data = {"ImageId": AMI, "InstanceType": "t3.2xlarge"}
        ec2.api.create_launch_template(LaunchTemplateName="large", LaunchTemplateData=data)
        launch = {"LaunchTemplate": {"LaunchTemplateName": "large"}, "MinCount": 1, "MaxCount": 1}
        assert error_of(ec2.api.run_instances, **launch) == ("VcpuLimitExceeded", self.TEXT.format(4))

    def test_stopped_and_terminated_instances_do_not_count_and_a_start_does(self, ec2: Ec2) -> None:
        self.limit(ec2, 6)
        first, second, third = ec2.running(3)
        ec2.api.stop_instances(InstanceIds=[first, second])
        ec2.api.terminate_instances(InstanceIds=[third])
        ec2.wait(3)
        ec2.running(2)
        assert error_of(ec2.api.start_instances, InstanceIds=[first, second]) == ("VcpuLimitExceeded", self.TEXT.format(6))
        assert [ec2.state(first), ec2.state(second)] == ["stopped", "stopped"]
        ec2.api.start_instances(InstanceIds=[first])
        ec2.wait(3)
        assert ec2.state(first) == "running"

    def test_instances_that_run_already_stay_when_the_limit_is_lowered(self, ec2: Ec2) -> None:
        ids = ec2.running(2)
        self.limit(ec2, 0)
        ec2.api.start_instances(InstanceIds=ids)
        assert error_of(ec2.run) == ("VcpuLimitExceeded", self.TEXT.format(0))
        assert [ec2.state(i) for i in ids] == ["running", "running"]


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


# ---- stop, start, reboot, terminate ------------------------------------------------------------------------------------------------------


@rule("EC2-5", "EC2-12", "EC2-13")
def test_stop_and_start(ec2: Ec2) -> None:
    (instance_id,) = ec2.running()
    before = ec2.describe(instance_id)
    (change,) = ec2.api.stop_instances(InstanceIds=[instance_id])["StoppingInstances"]
    assert (change["CurrentState"], change["PreviousState"]) == ({"Code": 64, "Name": "stopping"}, {"Code": 16, "Name": "running"})
    ec2.wait(3)
    stopped = ec2.describe(instance_id)
    assert stopped["State"] == {"Code": 80, "Name": "stopped"}
    reason = "Client.UserInitiatedShutdown"
    assert stopped["StateReason"] == {"Code": reason, "Message": f"{reason}: User initiated shutdown"}
    assert stopped["StateTransitionReason"] == "User initiated (2026-05-07 12:00:03 GMT)"
    assert stopped["PrivateIpAddress"] == before["PrivateIpAddress"]
    assert "PublicIpAddress" not in stopped
    (change,) = ec2.api.start_instances(InstanceIds=[instance_id])["StartingInstances"]
    assert (change["CurrentState"], change["PreviousState"]) == ({"Code": 0, "Name": "pending"}, {"Code": 80, "Name": "stopped"})
    ec2.wait(3)
    started = ec2.describe(instance_id)
    assert started["State"]["Name"] == "running"
    assert started["StateTransitionReason"] == ""
    assert "StateReason" not in started
    assert started["PrivateIpAddress"] == before["PrivateIpAddress"]
    assert started["PublicIpAddress"] != before["PublicIpAddress"]
    assert started["LaunchTime"] > before["LaunchTime"]
    assert ec2.states_told(instance_id) == ["pending", "running", "stopping", "stopped", "pending", "running"]
    assert [verb for verb, _ in ec2.machines.asked] == ["launch", "stop", "start"]


@rule("EC2-5")
def test_a_stop_can_be_forced(ec2: Ec2) -> None:
    (instance_id,) = ec2.running()
    ec2.api.stop_instances(InstanceIds=[instance_id], Force=True)
    ec2.wait(3)
    assert ("force-stop", instance_id) in ec2.machines.asked


@rule("EC2-6")
def test_reboot_leaves_state_and_addresses(ec2: Ec2) -> None:
    (instance_id,) = ec2.running()
    before = ec2.describe(instance_id)
    ec2.api.reboot_instances(InstanceIds=[instance_id])
    ec2.wait(10)
    assert ec2.describe(instance_id) == before
    assert ec2.machines.containers()[instance_id].boots == 2
    assert ec2.states_told(instance_id) == ["pending", "running"]
    assert [verb for verb, _ in ec2.machines.asked] == ["launch", "reboot"]


@rule("EC2-6")
def test_reboot_of_a_terminated_instance_is_ignored(ec2: Ec2) -> None:
    ids = ec2.running()
    ec2.api.terminate_instances(InstanceIds=ids)
    ec2.wait(3)
    ec2.api.reboot_instances(InstanceIds=ids)
    ec2.wait(3)
    assert ec2.state(ids[0]) == "terminated"


@rule("EC2-4", "EC2-7", "EC2-13")
def test_termination(ec2: Ec2) -> None:
    (instance_id,) = ec2.running()
    (change,) = ec2.api.terminate_instances(InstanceIds=[instance_id])["TerminatingInstances"]
    assert (change["CurrentState"], change["PreviousState"]) == ({"Code": 32, "Name": "shutting-down"}, {"Code": 16, "Name": "running"})
    assert ec2.describe(instance_id)["PrivateIpAddress"] == "172.31.0.4"
    ec2.wait(3)
    described = ec2.describe(instance_id)
    assert described["State"] == {"Code": 48, "Name": "terminated"}
    assert described["StateTransitionReason"] == "User initiated (2026-05-07 12:00:03 GMT)"
    assert described["StateReason"]["Code"] == "Client.UserInitiatedShutdown"
    assert not {"PrivateIpAddress", "PublicIpAddress"} & set(described)
    assert (described["NetworkInterfaces"], described["BlockDeviceMappings"], described["PrivateDnsName"]) == ([], [], "")
    assert ec2.api.describe_volumes()["Volumes"] == []
    assert ec2.api.describe_network_interfaces()["NetworkInterfaces"] == []
    assert ec2.machines.containers() == {}
    (change,) = ec2.api.terminate_instances(InstanceIds=[instance_id])["TerminatingInstances"]
    assert change["CurrentState"] == change["PreviousState"] == {"Code": 48, "Name": "terminated"}
    assert ec2.states_told(instance_id) == ["pending", "running", "shutting-down", "terminated"]


@rule("EC2-9")
def test_a_terminated_instance_disappears_after_an_hour(ec2: Ec2) -> None:
    (instance_id,) = ec2.running(TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "web"}]}])
    ec2.api.terminate_instances(InstanceIds=[instance_id])
    ec2.wait(1)
    ec2.wait(59 * 60)
    assert ec2.state(instance_id) == "terminated"
    ec2.wait(61)
    assert ec2.ids() == []
    assert error_of(ec2.api.describe_instances, InstanceIds=[instance_id])[0] == "InvalidInstanceID.NotFound"
    assert ec2.api.describe_tags()["Tags"] == []
    assert [loop.key for loop in ec2.engine.loops()] == []


@rule("EC2-8")
class TestTerminationProtection:
    def test_it_holds_for_the_zone_of_the_request(self, ec2: Ec2) -> None:
        shielded, beside = ec2.running(2, Placement={"AvailabilityZone": "us-east-1a"})
        (elsewhere,) = ec2.running(Placement={"AvailabilityZone": "us-east-1b"})
        ec2.api.modify_instance_attribute(InstanceId=shielded, DisableApiTermination={"Value": True})
        code, text = error_of(ec2.api.terminate_instances, InstanceIds=[beside, shielded, elsewhere])
        assert code == "OperationNotPermitted"
        expected = f"The instance '{shielded}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again."
        assert text == expected
        ec2.wait(3)
        assert [ec2.state(i) for i in (shielded, beside, elsewhere)] == ["running", "running", "terminated"]

    def test_it_can_be_asked_for_at_launch_and_taken_away(self, ec2: Ec2) -> None:
        ids = ec2.running(DisableApiTermination=True)
        assert error_of(ec2.api.terminate_instances, InstanceIds=ids)[0] == "OperationNotPermitted"
        ec2.api.modify_instance_attribute(InstanceId=ids[0], Attribute="disableApiTermination", Value="false")
        ec2.api.terminate_instances(InstanceIds=ids)
        assert ec2.state(ids[0]) == "shutting-down"

    def test_it_does_not_hold_against_a_shutdown_from_inside(self, ec2: Ec2) -> None:
        (instance_id,) = ec2.running(DisableApiTermination=True, InstanceInitiatedShutdownBehavior="terminate")
        ec2.machines.exit(instance_id)
        ec2.wait(3)
        assert ec2.state(instance_id) == "terminated"


NO_TEMPLATE = "lt-0123456789abcdef0"
NOT_FOUND = ("InvalidInstanceID.NotFound", f"The instance ID '{UNKNOWN}' does not exist")


@rule("EC2-7", "EC2-14")
class TestErrors:
    @pytest.mark.parametrize("operation", ["terminate_instances", "stop_instances", "start_instances", "reboot_instances"])
    def test_an_unknown_id_in_a_batch_and_nothing_happens(self, ec2: Ec2, operation: str) -> None:
        ids = ec2.running()
        assert error_of(getattr(ec2.api, operation), InstanceIds=[*ids, UNKNOWN]) == NOT_FOUND
        ec2.wait(3)
        assert ec2.state(ids[0]) == "running"
        assert [verb for verb, _ in ec2.machines.asked] == ["launch"]

    def test_two_unknown_ids(self, ec2: Ec2) -> None:
        other = UNKNOWN.replace("0123", "4567")
        error = error_of(ec2.api.describe_instances, InstanceIds=[UNKNOWN, other])
        assert error == ("InvalidInstanceID.NotFound", f"The instance IDs '{UNKNOWN}, {other}' do not exist")

    @pytest.mark.parametrize("instance_id", ["i-12", "web-1", "i-0123456789ABCDEF0", "i-0123456789abcdef01"])
    @pytest.mark.parametrize("operation", ["terminate_instances", "describe_instances", "describe_instance_status"])
    def test_a_malformed_id(self, ec2: Ec2, operation: str, instance_id: str) -> None:
        error = error_of(getattr(ec2.api, operation), InstanceIds=[instance_id])
        assert error == ("InvalidInstanceID.Malformed", f'Invalid id: "{instance_id}"')

    @pytest.mark.parametrize(
        ("path", "operation", "text"),
        [
            ([], "stop_instances", "This instance '{}' is not in a state from which it can be stopped."),
            (["terminate_instances"], "stop_instances", "This instance '{}' is not in a state from which it can be stopped."),
            (["terminate_instances"], "start_instances", "The instance '{}' is not in a state from which it can be started."),
            (["terminate_instances", "wait"], "start_instances", "The instance '{}' is not in a state from which it can be started."),
            ([], "reboot_instances", "The instance '{}' is not in a state from which it can be rebooted."),
            (["wait", "stop_instances"], "start_instances", "The instance '{}' is not in a state from which it can be started."),
        ],
    )  # fmt: skip
    def test_the_wrong_state(self, ec2: Ec2, path: list[str], operation: str, text: str) -> None:
        ids = ec2.run()
        for step in path:
            if step == "wait":
                ec2.wait(3)
            else:
                getattr(ec2.api, step)(InstanceIds=ids)
        assert error_of(getattr(ec2.api, operation), InstanceIds=ids) == ("IncorrectInstanceState", text.format(ids[0]))

    @pytest.mark.parametrize(
        ("operation", "list_name", "state"),
        [("start_instances", "StartingInstances", "running"), ("stop_instances", "StoppingInstances", "stopped")],
    )
    def test_asking_for_what_is_there_changes_nothing(self, ec2: Ec2, operation: str, list_name: str, state: str) -> None:
        ids = ec2.running()
        if state == "stopped":
            ec2.api.stop_instances(InstanceIds=ids)
            ec2.wait(3)
        told = ec2.states_told(ids[0])
        (change,) = getattr(ec2.api, operation)(InstanceIds=ids)[list_name]
        ec2.wait(3)
        assert (change["PreviousState"]["Name"], change["CurrentState"]["Name"]) == (state, state)
        assert ec2.states_told(ids[0]) == told

    @pytest.mark.parametrize(
        ("parameters", "error"),
        [
            ({"ImageId": "ami-00000000000000000"}, ("InvalidAMIID.NotFound", "The image id '[ami-00000000000000000]' does not exist")),
            ({"KeyName": "your-key-pair"}, ("InvalidKeyPair.NotFound", "The key pair 'your-key-pair' does not exist")),
            ({"ImageId": "web"}, ("InvalidAMIID.Malformed", 'Invalid id: "web" (expecting "ami-...")')),
            (
                {"LaunchTemplate": {"LaunchTemplateId": NO_TEMPLATE}},
                ("InvalidLaunchTemplateId.NotFound", f"The specified launch template, with template ID {NO_TEMPLATE}, does not exist."),
            ),
            ({"SubnetId": "subnet-12345"}, ("InvalidSubnetID.NotFound", "The subnet ID 'subnet-12345' does not exist")),
        ],
    )
    def test_a_launch_with_what_is_not_there(self, ec2: Ec2, parameters: dict[str, Any], error: tuple[str, str]) -> None:
        assert error_of(ec2.run, **parameters) == error
        assert ec2.ids() == []

    def test_a_launch_without_an_image(self, ec2: Ec2) -> None:
        error = error_of(ec2.api.run_instances, MinCount=1, MaxCount=1)
        assert error == ("MissingParameter", "The request must contain the parameter ImageId")
        assert ec2.ids() == []

    def test_a_launch_into_a_security_group_that_is_not_there(self, ec2: Ec2) -> None:
        vpc = ec2.api.describe_vpcs()["Vpcs"][0]["VpcId"]
        error = error_of(ec2.run, SecurityGroups=["web"])
        assert error == ("InvalidGroup.NotFound", f"The security group 'web' does not exist in default VPC '{vpc}'")
        assert ec2.ids() == []

    @pytest.mark.parametrize(
        ("named", "error"),
        [
            ({"LaunchTemplateName": "web"},
             ("InvalidLaunchTemplateName.NotFoundException", "The specified launch template, with template name web, does not exist.")),
            ({"LaunchTemplateId": NO_TEMPLATE},
             ("InvalidLaunchTemplateId.NotFound", f"The specified launch template, with template ID {NO_TEMPLATE}, does not exist.")),
        ],
    )  # fmt: skip
    def test_a_template_that_is_not_there_is_not_deleted(self, ec2: Ec2, named: dict[str, str], error: tuple[str, str]) -> None:
        assert error_of(ec2.api.delete_launch_template, **named) == error

    def test_pages_that_cannot_be(self, ec2: Ec2) -> None:
        assert error_of(ec2.api.describe_instances, NextToken="more") == ("InvalidNextToken", "The specified NextToken is not valid.")
        assert error_of(ec2.api.describe_instances, MaxResults=4)[0] == "InvalidParameterValue"
        assert error_of(ec2.api.describe_instances, MaxResults=1001)[0] == "InvalidParameterValue"

    def test_instances_come_in_pages(self, ec2: Ec2) -> None:
        launched = [instance_id for _ in range(7) for instance_id in ec2.run()]
        first = ec2.api.describe_instances(MaxResults=5)
        second = ec2.api.describe_instances(MaxResults=5, NextToken=first["NextToken"])
        assert [i["InstanceId"] for page in (first, second) for r in page["Reservations"] for i in r["Instances"]] == launched

    def test_a_subnet_in_use_is_not_deleted(self, ec2: Ec2) -> None:
        (instance_id,) = ec2.running()
        subnet = ec2.api.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]["SubnetId"]
        in_use = ("DependencyViolation", f"The subnet '{subnet}' has dependencies and cannot be deleted.")
        assert error_of(ec2.api.delete_subnet, SubnetId=subnet) == in_use
        ec2.api.terminate_instances(InstanceIds=[instance_id])
        ec2.wait(3)
        ec2.api.delete_subnet(SubnetId=subnet)

    def test_a_subnet_of_a_load_balancer_is_not_deleted(self, ec2: Ec2) -> None:
        subnets = [subnet["SubnetId"] for subnet in ec2.api.describe_subnets()["Subnets"]][:2]
        elbv2 = ec2.transport.client("elbv2", HERE)
        (balancer,) = elbv2.create_load_balancer(Name="web", Subnets=subnets)["LoadBalancers"]
        assert error_of(ec2.api.delete_subnet, SubnetId=subnets[0])[0] == "DependencyViolation"
        elbv2.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
        ec2.api.delete_subnet(SubnetId=subnets[0])

    @pytest.mark.parametrize(("least", "most"), [(3, 2), (0, 0), (-1, 1)])
    def test_counts_that_cannot_be(self, ec2: Ec2, least: int, most: int) -> None:
        assert error_of(ec2.run, MinCount=least, MaxCount=most)[0] == "InvalidParameterValue"

    def test_an_unknown_filter(self, ec2: Ec2) -> None:
        error = ("InvalidParameterValue", "The filter 'colour' is invalid")
        asked = [{"Name": "colour", "Values": ["red"]}]
        assert error_of(ec2.api.describe_instances, Filters=asked) == error
        assert error_of(ec2.api.describe_instance_status, Filters=asked) == error


# ---- machines that die outside the API ---------------------------------------------------------------------------------------------------


@rule("EC2-10", "EC2-11", "EC2-12")
@pytest.mark.parametrize(("behavior", "state", "told"), [("stop", "stopped", "stopping"), ("terminate", "terminated", "shutting-down")])
def test_a_machine_that_ends_by_itself(ec2: Ec2, behavior: str, state: str, told: str) -> None:
    (instance_id,) = ec2.running()
    ec2.api.modify_instance_attribute(InstanceId=instance_id, InstanceInitiatedShutdownBehavior={"Value": behavior})
    ec2.machines.exit(instance_id, exit_code=137, oom_killed=True)
    ec2.settle()
    assert ec2.states_told(instance_id)[2] == told
    ec2.wait(3)
    described = ec2.describe(instance_id)
    assert described["State"]["Name"] == state
    code = "Client.InstanceInitiatedShutdown"
    assert described["StateReason"] == {"Code": code, "Message": f"{code}: Instance initiated shutdown"}
    assert described["StateTransitionReason"] == code
    exited = next(e for e in ec2.journal.about(instance_id) if e.detail_type == "Instance Machine Exited")
    assert exited.summary == f"the machine of {instance_id} ran out of memory and was killed"
    last = ec2.journal.about(instance_id)[-1]
    assert exited in ec2.journal.chain(last)


@rule("EC2-10")
def test_an_instance_that_shut_itself_down_can_be_started(ec2: Ec2) -> None:
    (instance_id,) = ec2.running()
    ec2.machines.exit(instance_id)
    ec2.wait(3)
    ec2.api.start_instances(InstanceIds=[instance_id])
    ec2.wait(3)
    assert ec2.state(instance_id) == "running"
    assert "StateReason" not in ec2.describe(instance_id)


@pytest.mark.parametrize("stopped", [False, True])
def test_a_machine_that_was_removed_outside_the_api_ends_the_instance(ec2: Ec2, stopped: bool) -> None:
    (instance_id,) = ec2.running()
    if stopped:
        ec2.api.stop_instances(InstanceIds=[instance_id])
        ec2.wait(3)
    ec2.machines.remove(instance_id)
    ec2.settle()
    described = ec2.describe(instance_id)
    assert described["State"]["Name"] == "terminated"
    assert described["StateReason"] == {
        "Code": "Server.InternalError",
        "Message": "Server.InternalError: The machine of the instance was lost",
    }
    assert ec2.states_told(instance_id)[-2:] == ["shutting-down", "terminated"]


def test_while_docker_is_away_no_instance_is_taken_as_dead(ec2: Ec2) -> None:
    (instance_id,) = ec2.running()
    ec2.machines.away = "Docker does not answer"
    ec2.wait(600)
    assert ec2.state(instance_id) == "running"


def test_what_never_ran_can_be_terminated_while_docker_is_away(ec2: Ec2) -> None:
    ec2.machines.away = "Docker does not answer"
    ids = ec2.running()
    ec2.api.terminate_instances(InstanceIds=ids)
    ec2.wait(1)
    assert ec2.state(ids[0]) == "terminated"
    ec2.machines.away = None
    ec2.wait(10)
    assert ec2.machines.containers() == {}


def test_a_termination_is_done_when_docker_is_back(ec2: Ec2) -> None:
    (instance_id,) = ec2.running()
    ec2.machines.away = "Docker does not answer"
    ec2.api.terminate_instances(InstanceIds=[instance_id])
    ec2.wait(60)
    assert ec2.state(instance_id) == "shutting-down"
    ec2.machines.away = None
    ec2.wait(10)
    assert ec2.state(instance_id) == "terminated"
    assert ec2.machines.containers() == {}


def test_a_container_without_an_instance_is_removed(ec2: Ec2) -> None:
    ec2.machines.add(UNKNOWN)
    ec2.wait(3)
    assert ec2.machines.containers() == {}
    assert [e.detail_type for e in ec2.journal.about(UNKNOWN)] == ["Orphan Removed"]
    assert [loop.key for loop in ec2.engine.loops()] == []


def test_a_stopped_machine_that_somebody_starts_is_stopped_again(ec2: Ec2) -> None:
    (instance_id,) = ec2.running()
    ec2.api.stop_instances(InstanceIds=[instance_id])
    ec2.wait(3)
    ec2.machines.run(instance_id)
    ec2.wait(3)
    assert ec2.machines.containers()[instance_id].state.value == "exited"
    assert ec2.state(instance_id) == "stopped"


def test_the_loop_goes_on_after_its_memory_and_its_process_are_lost(ec2: Ec2, tmp_path: Path) -> None:
    """What is saved is moto's backends; the controller is new."""
    pending, running, stopping = ec2.running(3)
    ec2.api.stop_instances(InstanceIds=[pending])
    ec2.wait(3)
    ec2.api.start_instances(InstanceIds=[pending])
    ec2.api.stop_instances(InstanceIds=[stopping])
    state.save(tmp_path / "state")
    state.reset()
    state.load(tmp_path / "state")
    ec2.engine.add([Ec2Controller(ec2.journal, ec2.machines)])
    ec2.wait(5)
    assert [ec2.state(i) for i in (pending, running, stopping)] == ["running", "running", "stopped"]
    (fresh,) = ec2.run()
    assert ec2.describe(fresh)["PrivateIpAddress"] == "172.31.0.7"


def test_the_same_life_on_machines_of_the_simulated_world(ec2: Ec2) -> None:
    world = World(clock=ec2.clock, at=ec2.engine.at, random=random.Random(0))
    runtime = SimulatedRuntime(world)
    controller = Ec2Controller(ec2.journal, runtime)
    ec2.engine.add([controller])  # in the place of the first
    left, crashed, rebooted = ids = ec2.running(3)
    assert {i: world.machine(i).address for i in ids} == {i: ec2.describe(i)["PrivateIpAddress"] for i in ids}
    ec2.api.terminate_instances(InstanceIds=[left])
    runtime.crash(crashed)
    ec2.api.reboot_instances(InstanceIds=[rebooted])
    ec2.wait(120)
    assert [ec2.state(i) for i in ids] == ["terminated", "stopped", "running"]
    assert status(ec2, rebooted) == ("ok", "ok")
    assert runtime.containers()[rebooted].boots == 2
    ec2.api.start_instances(InstanceIds=[crashed])
    ec2.wait(3)
    assert ec2.state(crashed) == "running"
    world.machine(rebooted).impaired = True
    ec2.wait(60)
    assert status(ec2, rebooted) == ("ok", "impaired")


# ---- status checks, monitoring, console, attributes --------------------------------------------------------------------------------------


def status(ec2: Ec2, instance_id: str) -> tuple[str, str]:
    (found,) = ec2.api.describe_instance_status(InstanceIds=[instance_id], IncludeAllInstances=True)["InstanceStatuses"]
    return found["SystemStatus"]["Status"], found["InstanceStatus"]["Status"]


class TestStatusChecks:
    @rule("EC2-32")
    def test_initializing_then_ok_after_a_minute(self, ec2: Ec2) -> None:
        (instance_id,) = ec2.run()
        ec2.wait(1)
        assert status(ec2, instance_id) == ("not-applicable", "not-applicable")
        ec2.wait(1)
        assert status(ec2, instance_id) == ("initializing", "initializing")
        ec2.wait(59)
        assert status(ec2, instance_id) == ("initializing", "initializing")
        ec2.wait(1)
        assert status(ec2, instance_id) == ("ok", "ok")

    @rule("EC2-31")
    def test_a_machine_that_does_not_answer_is_impaired_within_a_minute(self, ec2: Ec2) -> None:
        (instance_id,) = ec2.run()
        ec2.wait(62)
        ec2.machines.unreachable.add(instance_id)
        ec2.wait(59)
        assert status(ec2, instance_id) == ("ok", "ok")
        ec2.wait(121)
        (found,) = ec2.api.describe_instance_status(InstanceIds=[instance_id])["InstanceStatuses"]
        assert found["SystemStatus"]["Status"] == found["AttachedEbsStatus"]["Status"] == "ok"
        assert found["InstanceStatus"]["Status"] == "impaired"
        (detail,) = found["InstanceStatus"]["Details"]
        assert (detail["Name"], detail["Status"]) == ("reachability", "failed")
        assert f"{detail['ImpairedSince']:%H:%M:%S}" == "12:02:02"
        ec2.machines.unreachable.clear()
        ec2.wait(60)
        assert status(ec2, instance_id) == ("ok", "ok")

    @rule("EC2-30")
    def test_a_host_that_fails_shows_in_the_system_check(self, ec2: Ec2) -> None:
        (instance_id,) = ec2.run()
        ec2.faults.unreachable.add(instance_id)
        ec2.wait(62)
        assert status(ec2, instance_id) == ("impaired", "ok")

    @rule("EC2-30")
    def test_a_machine_without_a_network_shows_in_the_instance_check(self, ec2: Ec2) -> None:
        (instance_id,) = ec2.run()
        ec2.faults.networkless.add(instance_id)
        ec2.wait(62)
        assert status(ec2, instance_id) == ("ok", "impaired")

    @rule("EC2-31")
    def test_without_the_runtime_data_is_insufficient(self, ec2: Ec2) -> None:
        (instance_id,) = ec2.run()
        ec2.wait(62)
        ec2.machines.away = "Docker does not answer"
        ec2.wait(60)
        assert status(ec2, instance_id) == ("insufficient-data", "insufficient-data")

    @rule("EC2-32")
    def test_a_start_begins_anew(self, ec2: Ec2) -> None:
        (instance_id,) = ec2.run()
        ec2.wait(62)
        ec2.api.stop_instances(InstanceIds=[instance_id])
        ec2.wait(3)
        assert status(ec2, instance_id) == ("not-applicable", "not-applicable")
        ec2.api.start_instances(InstanceIds=[instance_id])
        ec2.wait(3)
        assert status(ec2, instance_id) == ("initializing", "initializing")

    @rule("EC2-33")
    def test_only_running_ones_unless_all_are_asked_for(self, ec2: Ec2) -> None:
        running, stopped = ec2.running(2)
        ec2.api.stop_instances(InstanceIds=[stopped])
        ec2.wait(3)

        def shown(**parameters: Any) -> list[str]:
            return [s["InstanceId"] for s in ec2.api.describe_instance_status(**parameters)["InstanceStatuses"]]

        assert shown() == shown(InstanceIds=[running, stopped]) == [running]
        assert shown(IncludeAllInstances=True) == [running, stopped]
        not_running = [{"Name": "instance-status.status", "Values": ["not-applicable"]}]
        assert shown(IncludeAllInstances=True, Filters=not_running) == [stopped]


@rule("EC2-20")
def test_monitoring(ec2: Ec2) -> None:
    (detailed,) = ec2.running(Monitoring={"Enabled": True})
    (basic,) = ec2.running()
    assert [ec2.describe(i)["Monitoring"]["State"] for i in (detailed, basic)] == ["enabled", "disabled"]
    (answer,) = ec2.api.monitor_instances(InstanceIds=[basic])["InstanceMonitorings"]
    assert answer == {"InstanceId": basic, "Monitoring": {"State": "pending"}}
    (answer,) = ec2.api.unmonitor_instances(InstanceIds=[detailed])["InstanceMonitorings"]
    assert answer["Monitoring"]["State"] == "disabling"
    assert [ec2.describe(i)["Monitoring"]["State"] for i in (detailed, basic)] == ["disabled", "enabled"]


def test_console_output_is_the_machines(ec2: Ec2) -> None:
    (instance_id,) = ec2.run()
    assert "Output" not in ec2.api.get_console_output(InstanceId=instance_id)
    ec2.wait(3)
    ec2.machines.output[instance_id] = b"Cloud-init v. 22.4.2 running\nhello \xff\n"
    answer = ec2.api.get_console_output(InstanceId=instance_id)
    assert answer["InstanceId"] == instance_id
    assert answer["Output"] == "Cloud-init v. 22.4.2 running\nhello \ufffd\n"
    ec2.machines.away = "Docker does not answer: connection refused"
    assert error_of(ec2.api.get_console_output, InstanceId=instance_id) == ("Unavailable", ec2.machines.away)
    assert error_of(ec2.api.get_console_output, InstanceId=UNKNOWN) == NOT_FOUND


@rule("UD-1", "UD-11")
def test_user_data_changes_only_while_stopped(ec2: Ec2) -> None:
    (instance_id,) = ec2.running(UserData="#!/bin/sh\necho 1\n")

    def change(text: bytes) -> None:
        ec2.api.modify_instance_attribute(InstanceId=instance_id, UserData={"Value": text})

    error = error_of(change, b"#!/bin/sh\necho 2\n")
    assert error == ("IncorrectInstanceState", f"The instance '{instance_id}' is not in the 'stopped' state.")
    ec2.api.stop_instances(InstanceIds=[instance_id])
    ec2.wait(3)
    assert error_of(change, b"x" * 16385) == ("InvalidParameterValue", "User data is limited to 16384 bytes")
    change(b"#!/bin/sh\necho 2\n")
    attribute = ec2.api.describe_instance_attribute(InstanceId=instance_id, Attribute="userData")
    assert base64.b64decode(attribute["UserData"]["Value"]) == b"#!/bin/sh\necho 2\n"
    encoded = base64.b64encode(b"#!/bin/sh\necho 3\n").decode()
    ec2.api.modify_instance_attribute(InstanceId=instance_id, Attribute="userData", Value=encoded)
    attribute = ec2.api.describe_instance_attribute(InstanceId=instance_id, Attribute="userData")
    assert base64.b64decode(attribute["UserData"]["Value"]) == b"#!/bin/sh\necho 3\n"


def test_a_modification_of_nothing_leaves_the_security_groups(ec2: Ec2) -> None:
    (instance_id,) = ec2.running()
    before = ec2.describe(instance_id)["SecurityGroups"]
    assert error_of(ec2.api.modify_instance_attribute, InstanceId=instance_id)[0] == "InvalidParameterCombination"
    assert ec2.describe(instance_id)["SecurityGroups"] == before


def test_filters(ec2: Ec2) -> None:
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "web-1"}]}]
    (web,) = ec2.running(TagSpecifications=tags, Placement={"AvailabilityZone": "us-east-1b"}, InstanceType="t3.small")
    (other,) = ec2.running()
    described = ec2.describe(web)

    def found(name: str, *values: str) -> list[str]:
        answer = ec2.api.describe_instances(Filters=[{"Name": name, "Values": list(values)}])
        return [i["InstanceId"] for r in answer["Reservations"] for i in r["Instances"]]

    matching = {
        "tag:Name": "web-?",
        "tag-key": "Na?me",  # no character or one
        "tag-value": "web*",
        "availability-zone": "us-east-1b",
        "instance-type": "t3.small",
        "private-ip-address": described["PrivateIpAddress"],
        "private-dns-name": described["PrivateDnsName"],
        "network-interface.network-interface-id": described["NetworkInterfaces"][0]["NetworkInterfaceId"],
        "subnet-id": described["SubnetId"],
        "instance-id": web,
        "reservation-id": ec2.api.describe_instances(InstanceIds=[web])["Reservations"][0]["ReservationId"],
    }
    assert {name: found(name, value) for name, value in matching.items()} == {name: [web] for name in matching}
    assert found("instance-state-code", "16") == found("instance-state-name", "running", "stopped") == [web, other]
    assert found("instance-type", "t3.[sm]*") == []
    both = [{"Name": "instance-type", "Values": ["t3.*"]}, {"Name": "tag:Name", "Values": ["none"]}]
    assert ec2.api.describe_instances(Filters=both)["Reservations"] == []


def test_a_hostile_wildcard_in_a_filter_is_answered(ec2: Ec2) -> None:
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "a" * 250}]}]
    (instance_id,) = ec2.running(TagSpecifications=tags)

    def found(*patterns: str) -> list[str]:
        answer = ec2.api.describe_instances(Filters=[{"Name": "tag:Name", "Values": list(patterns)}])
        return [i["InstanceId"] for r in answer["Reservations"] for i in r["Instances"]]

    assert found("*a*a*a*a*ab", "*a" * 100 + "b", "?*a" * 80 + "b", "(a+)+b") == []
    assert found("*a" * 100) == [instance_id]


# ---- networks ----------------------------------------------------------------------------------------------------------------------------


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
