"""One account cannot use up what the others need: vCPUs and API requests have a limit for each."""

import pytest

from sandbox.virtual.client import VirtualClient
from tests.support import VirtualSandbox, rule, virtual_sandbox
from tests.support.elb import error_of

ANN, BEN = "111122223333", "444455556666"
AMI = "ami-0c047a86012500412"


def empty(**settings: object) -> VirtualSandbox:
    made = virtual_sandbox(**settings)
    VirtualClient(made.sandbox).post("reset")
    return made


@rule("EC2-15")
def test_the_vcpu_quota_is_of_each_account() -> None:
    sandbox = empty(vcpu_limit=4)
    ann, ben = sandbox.of(ANN).client("ec2"), sandbox.of(BEN).client("ec2")
    launch = {"ImageId": AMI, "InstanceType": "t3.micro", "MinCount": 2, "MaxCount": 2}  # two vCPUs each
    ann.run_instances(**launch)
    code, text = error_of(ann.run_instances, **launch)
    assert code == "VcpuLimitExceeded" and "your current vCPU limit of 4 allows" in text
    assert len(ben.run_instances(**launch)["Instances"]) == 2


@pytest.mark.parametrize(
    ("service", "operation", "expected"),
    [
        ("ec2", "describe_vpcs", ("RequestLimitExceeded", "Request limit exceeded.")),
        ("autoscaling", "describe_auto_scaling_groups", ("Throttling", "Rate exceeded")),
        ("ssm", "list_commands", ("ThrottlingException", "Rate exceeded")),
    ],
)
def test_an_account_that_sends_too_many_requests_is_refused_and_the_others_are_not(
    service: str, operation: str, expected: tuple[str, str]
) -> None:
    sandbox = empty(api_rate=5)
    ann, ben = (getattr(sandbox.of(each).client(service), operation) for each in (ANN, BEN))
    for _ in range(10):  # the burst: twice the rate
        ann()
    assert error_of(ann) == expected
    ben()
    sandbox.run(0.2)  # one request of the five per second
    ann()
    assert error_of(ann) == expected


def test_what_services_of_the_sandbox_call_does_not_count() -> None:
    sandbox = empty(api_rate=0.1)
    ann = sandbox.of(ANN)
    zone = "us-east-1a"
    ann.client("autoscaling").create_launch_configuration(LaunchConfigurationName="web", ImageId=AMI, InstanceType="t3.micro")
    sandbox.run(20)
    group = {"AutoScalingGroupName": "web", "LaunchConfigurationName": "web", "MinSize": 3, "MaxSize": 3, "AvailabilityZones": [zone]}
    ann.client("autoscaling").create_auto_scaling_group(**group)
    sandbox.run(60)
    found = ann.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"][0]["Instances"]
    assert [each["LifecycleState"] for each in found] == ["InService"] * 3
