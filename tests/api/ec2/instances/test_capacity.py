"""What a launch may use: capacity of a zone, limits of the machine, and the vCPU quota."""

import pytest

from sandbox.core.control import Scope
from tests.support import rule
from tests.support.api.ec2 import AMI, HERE, Ec2, error_of
from tests.support.ports import change_settings


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
