"""InstanceMaintenancePolicy of a group: what is accepted and shown, what is refused."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support import rule
from tests.support.services.autoscaling_stage import Stage, make


@pytest.fixture
def stage() -> Stage:
    return make()


def policy(low: int | None, high: int | None) -> dict[str, Any]:
    given = {"MinHealthyPercentage": low, "MaxHealthyPercentage": high}
    return {name: value for name, value in given.items() if value is not None}


@rule("ASG-105")
def test_a_policy_is_shown_changed_and_removed(stage: Stage) -> None:
    stage.group(InstanceMaintenancePolicy=policy(100, 110))
    assert stage.described()["InstanceMaintenancePolicy"] == policy(100, 110)
    stage.asg.update_auto_scaling_group(AutoScalingGroupName="web", MaxSize=9)
    assert stage.described()["InstanceMaintenancePolicy"] == policy(100, 110)
    stage.asg.update_auto_scaling_group(AutoScalingGroupName="web", InstanceMaintenancePolicy=policy(50, 150))
    assert stage.described()["InstanceMaintenancePolicy"] == policy(50, 150)
    stage.asg.update_auto_scaling_group(AutoScalingGroupName="web", InstanceMaintenancePolicy=policy(-1, -1))
    assert "InstanceMaintenancePolicy" not in stage.described()


@pytest.mark.parametrize(("low", "high"), [(90, None), (None, 110), (-1, 110), (90, -1), (101, 120), (90, 99), (100, 201), (50, 151)])
@rule("ASG-105")
def test_bad_percentages_are_refused(stage: Stage, low: int | None, high: int | None) -> None:
    stage.group()
    with pytest.raises(ClientError, match="ValidationError"):
        stage.asg.update_auto_scaling_group(AutoScalingGroupName="web", InstanceMaintenancePolicy=policy(low, high))
    assert "InstanceMaintenancePolicy" not in stage.described()


@rule("ASG-105")
def test_a_refresh_without_percentages_takes_those_of_the_policy(stage: Stage) -> None:
    stage.ready(InstanceMaintenancePolicy=policy(70, 130))
    stage.asg.start_instance_refresh(AutoScalingGroupName="web")
    [found] = stage.asg.describe_instance_refreshes(AutoScalingGroupName="web")["InstanceRefreshes"]
    assert (found["Preferences"]["MinHealthyPercentage"], found["Preferences"]["MaxHealthyPercentage"]) == (70, 130)
