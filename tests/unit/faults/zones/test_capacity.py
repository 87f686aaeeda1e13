"""Zones without capacity: whose launches fail, how many of them, and with which text."""

import pytest

from sandbox.aws.active_faults import LaunchAttempt
from tests.support import rule
from tests.support.services.faults import FaultsInTime

ROLE = "arn:aws:iam::123456789012:role/deployer"
ARN = "arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:8a1:autoScalingGroupName/web"


@pytest.fixture
def faults() -> FaultsInTime:
    return FaultsInTime()


def attempt(zone: str = "us-east-1a", instance_type: str = "t3.micro", group: str | None = None, role: str | None = None) -> LaunchAttempt:
    return LaunchAttempt(zone=zone, instance_type=instance_type, group=group, role=role)


@rule("EC2-15", "ASG-60")
def test_the_text_is_aws_s_and_names_the_other_zones(faults: FaultsInTime) -> None:
    faults.inject("no-capacity", "us-east-1a")
    assert faults.hooks.no_capacity(attempt()) == (
        "We currently do not have sufficient t3.micro capacity in the Availability Zone you requested (us-east-1a). Our system will be "
        "working on provisioning additional capacity. You can currently get t3.micro capacity by not specifying an Availability Zone in "
        "your request or choosing us-east-1b, us-east-1c."
    )
    assert faults.hooks.no_capacity(attempt("us-east-1b")) is None


def test_it_can_be_of_one_instance_type_with_a_text_of_one_s_own(faults: FaultsInTime) -> None:
    faults.inject("no-capacity", "us-east-1a", instance_type="m5.large", text="None left.")
    assert [faults.hooks.no_capacity(attempt(instance_type=kind)) for kind in ("t3.micro", "m5.large")] == [None, "None left."]


@rule("FIS-24", "FIS-25")
def test_it_can_concern_some_groups_or_roles_only_and_both_stand_side_by_side(faults: FaultsInTime) -> None:
    faults.inject("no-capacity", "us-east-1a", groups=f"{ARN}, api", text="group")
    faults.inject("no-capacity", "us-east-1a", roles=ROLE, text="role")
    asked = [attempt(), attempt(group="web"), attempt(group="api"), attempt(group="batch"), attempt(role=ROLE), attempt(role=ROLE + "2")]
    assert [faults.hooks.no_capacity(each) for each in asked] == [None, "group", "group", None, "role", None]


@rule("FIS-24")
def test_a_percentage_of_the_launches_fails(faults: FaultsInTime) -> None:
    faults.inject("no-capacity", "us-east-1a", percent=30)
    failed = sum(faults.hooks.no_capacity(attempt()) is not None for _ in range(1000))
    assert 250 < failed < 350
