"""Terraform and its AWS provider: examples/terraform is applied, has an empty second plan, and loses a member. Then more kinds of
resources, a changed template and size with the instance refresh that this starts, and destroy."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.clients import ClientSandbox, needs
from tests.support.live import until
from tests.support.real_clients.terraform import Terraform, in_folder, installed

pytestmark = needs("Terraform with its AWS provider", installed())


@pytest.fixture
def terraform(sandbox: ClientSandbox, tmp_path: Path) -> Iterator[Terraform]:
    made = in_folder(sandbox, tmp_path)
    yield made
    if made.has_resources():
        made.run("destroy", "-auto-approve", "-input=false", check=False)


def members(sandbox: ClientSandbox, group: str) -> list[dict[str, Any]]:
    [found] = sandbox.aws("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[group])["AutoScalingGroups"]
    return [m for m in found["Instances"] if m["LifecycleState"] == "InService" and m["HealthStatus"] == "Healthy"]


def test_the_example_is_applied_planned_again_broken_and_then_more_of_it_is_changed_and_destroyed(
    terraform: Terraform, nothing_left: None
) -> None:
    sandbox = terraform.sandbox
    assert "valid" in terraform.run("validate").stdout
    made = terraform.apply()
    assert len(members(sandbox, made["group"])) == 3
    terraform.assert_unchanged()

    killed = members(sandbox, made["group"])[0]["InstanceId"]
    sandbox.aws("ec2").terminate_instances(InstanceIds=[killed])
    until(lambda: _replaced(members(sandbox, made["group"]), killed), "a replacement")
    terraform.assert_unchanged()

    terraform.add_more()
    changed = {"instance_type": "t3.small", "size": 4}
    terraform.apply(**changed)
    terraform.assert_unchanged(**changed)
    until(lambda: refreshes(sandbox, made["group"]) == ["Successful"], "the end of the instance refresh", 120)
    assert [(m["InstanceType"], m["LaunchTemplate"]["Version"]) for m in members(sandbox, made["group"])] == [("t3.small", "2")] * 4
    terraform.assert_unchanged(**changed)

    terraform.destroy()


def refreshes(sandbox: ClientSandbox, group: str) -> list[str]:
    """The statuses of the group's instance refreshes, newest first."""
    found = sandbox.aws("autoscaling").describe_instance_refreshes(AutoScalingGroupName=group)["InstanceRefreshes"]
    return [each["Status"] for each in found]


def _replaced(members: list[dict[str, Any]], killed: str) -> bool:
    return len(members) == 3 and killed not in {member["InstanceId"] for member in members}
