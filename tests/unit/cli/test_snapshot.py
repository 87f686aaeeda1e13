"""What `sandbox status` and `sandbox top` read in common, from a sandbox in virtual time."""

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.cli.observe import snapshot, status, top
from sandbox.settings import Settings
from sandbox.virtual.client import VirtualClient, virtual_client

GROUPS = 51
"""One more than DescribeAutoScalingGroups returns in a page."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[VirtualClient]:
    made = virtual_client(Settings.from_environment({}))
    autoscaling, elbv2 = made.aws("autoscaling"), made.aws("elbv2")
    vpc = made.aws("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    elbv2.create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=vpc)
    autoscaling.create_launch_configuration(LaunchConfigurationName="web", ImageId="ami-0c047a86012500412", InstanceType="t3.micro")
    for number in range(GROUPS):
        autoscaling.create_auto_scaling_group(
            AutoScalingGroupName=f"group-{number:02}",
            LaunchConfigurationName="web",
            MinSize=0,
            MaxSize=1,
            AvailabilityZones=["us-east-1a"],
        )
    yield made
    made.post("reset")


def test_all_pages_are_read(sandbox: VirtualClient) -> None:
    found = snapshot.read(sandbox)
    assert [group["AutoScalingGroupName"] for group in found["groups"]] == [f"group-{number:02}" for number in range(GROUPS)]
    assert [(group["TargetGroupName"], group["Targets"]) for group in found["target_groups"]] == [("web", [])]


@pytest.mark.parametrize(
    ("read", "more"), [(status.read, {"instance_statuses", "endpoints", "load_balancers"}), (top.read, {"alarms", "rates"})]
)
def test_both_commands_show_the_same_snapshot_and_add_to_it(sandbox: VirtualClient, read: Any, more: set[str]) -> None:
    common, found = snapshot.read(sandbox), read(sandbox)
    assert found.keys() - common.keys() == more
    assert {name: found[name] for name in common} == common
