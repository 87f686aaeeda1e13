"""Ansible with amazon.aws and community.aws: a playbook makes the tutorial's service, changes nothing in its second run, and removes it."""

import re
from pathlib import Path

import pytest

from tests.support.clients import ClientSandbox, needs, program_apart
from tests.support.live import until
from tests.support.real_clients.examples import ansible

ANSIBLE = program_apart("ansible-playbook")
pytestmark = needs("Ansible", ANSIBLE is not None)
FOLDER = Path(__file__).with_name("ansible")


def playbook(sandbox: ClientSandbox, home: Path, file: str = "stack.yml", **variables: str) -> set[str]:
    """Runs a playbook. Returns the names of the tasks that changed something."""
    given = [argument for name, value in variables.items() for argument in ("-e", f"{name}={value}")]
    said = sandbox.command(str(ANSIBLE), file, *given, cwd=FOLDER, more=ansible(home), seconds=420).stdout
    changed, task = set(), ""
    for line in said.splitlines():
        if found := re.match(r"TASK \[(.*)\]", line):
            task = found[1]
        elif line.startswith("changed:"):
            changed.add(task)
    recap = re.search(r"changed=(\d+)", said)
    assert recap and (int(recap[1]) == 0) == (not changed)
    return changed


@pytest.mark.usefixtures("nothing_left")
def test_a_stack_is_made_run_again_changed_broken_and_removed(sandbox: ClientSandbox, tmp_path: Path) -> None:
    autoscaling, ec2 = sandbox.aws("autoscaling"), sandbox.aws("ec2")

    def members() -> set[str]:
        [found] = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=["ansible"])["AutoScalingGroups"]
        return {each["InstanceId"] for each in found["Instances"] if each["LifecycleState"] == "InService"}

    assert len(playbook(sandbox, tmp_path)) == 14
    assert len(members()) == 2
    assert playbook(sandbox, tmp_path) == set()

    changed = playbook(sandbox, tmp_path, size="3", message="second")
    assert changed == {"launch template", "rules", "Auto Scaling group", "topic", "alarm"}
    assert len(members()) == 3

    victim = min(members())
    ec2.terminate_instances(InstanceIds=[victim])
    until(lambda: len(members()) == 3 and victim not in members(), "the member is replaced", 120)
    assert playbook(sandbox, tmp_path, size="3", message="second") == set()

    assert playbook(sandbox, tmp_path, state="absent")
    assert playbook(sandbox, tmp_path, state="absent") == set()


@pytest.mark.usefixtures("nothing_left")
def test_a_stack_of_cloudformation_changes_only_when_its_parameters_change(sandbox: ClientSandbox, tmp_path: Path) -> None:
    assert playbook(sandbox, tmp_path, "cloudformation.yml") == {"made", "updated", "removed"}
