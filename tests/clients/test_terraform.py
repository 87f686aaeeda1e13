"""Terraform and its AWS provider: apply, an empty second plan, a changed template and size, a member killed under it, destroy."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.clients import ClientSandbox, needs
from tests.support.live import until
from tests.support.terraform import Terraform, in_folder, installed

pytestmark = needs("Terraform with its AWS provider", installed())


@pytest.fixture
def terraform(sandbox: ClientSandbox, tmp_path: Path) -> Iterator[Terraform]:
    made = in_folder(sandbox, tmp_path)
    yield made
    if (tmp_path / "terraform.tfstate").exists() and made.run("state", "list", check=False).stdout.strip():
        made.run("destroy", "-auto-approve", "-input=false", check=False)


def members(sandbox: ClientSandbox, group: str) -> list[dict[str, Any]]:
    [found] = sandbox.aws("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[group])["AutoScalingGroups"]
    return [m for m in found["Instances"] if m["LifecycleState"] == "InService" and m["HealthStatus"] == "Healthy"]


def test_a_stack_is_applied_planned_again_changed_broken_and_destroyed(terraform: Terraform, nothing_left: None) -> None:
    sandbox = terraform.sandbox
    made = terraform.apply()
    assert len(members(sandbox, made["group"])) == 2
    terraform.assert_unchanged()

    killed = members(sandbox, made["group"])[0]["InstanceId"]
    sandbox.aws("ec2").terminate_instances(InstanceIds=[killed])
    until(lambda: _replaced(members(sandbox, made["group"]), killed), "a replacement")
    terraform.assert_unchanged()

    changed = {"instance_type": "t3.small", "size": 3}
    terraform.apply(**changed)
    terraform.assert_unchanged(**changed)
    new = until(lambda: [m for m in members(sandbox, made["group"]) if m["InstanceType"] == "t3.small"], "a member of the new template")
    assert new[0]["LaunchTemplate"]["Version"] == "2"

    terraform.destroy()


def _replaced(members: list[dict[str, Any]], killed: str) -> bool:
    return len(members) == 2 and killed not in {member["InstanceId"] for member in members}
