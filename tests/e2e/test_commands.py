"""Run Command, FIS and `sandbox ssh` on a real container."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import rule
from tests.support.live import AMI, NAME, Sandbox, docker, until
from tests.support.services.fis import ROLE_NAME, make_role, on, started, state

pytestmark = pytest.mark.docker
TAGGED = {"resourceTags": {"commands": "yes"}}


@pytest.fixture
def instance(sandbox: Sandbox) -> Iterator[str]:
    ec2 = sandbox.aws("ec2")
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "commands", "Value": "yes"}]}]
    made = ec2.run_instances(ImageId=AMI, InstanceType="t3.micro", MinCount=1, MaxCount=1, TagSpecifications=tags)
    instance_id = str(made["Instances"][0]["InstanceId"])
    until(lambda: _state(ec2, instance_id) == "running", "it runs", 60)
    yield instance_id
    ec2.terminate_instances(InstanceIds=[instance_id])
    until(lambda: _state(ec2, instance_id) == "terminated", "it is gone", 60)


def _state(ec2: Any, instance_id: str) -> str:
    return str(ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]["State"]["Name"])


def send(sandbox: Sandbox, instance_id: str, *lines: str, **parameters: list[str]) -> dict[str, Any]:
    """→ the invocation, when it has ended."""
    ssm = sandbox.aws("ssm")
    given = {"commands": list(lines), **parameters}
    sent = ssm.send_command(DocumentName="AWS-RunShellScript", InstanceIds=[instance_id], Parameters=given)["Command"]["CommandId"]

    def ended() -> dict[str, Any] | None:
        found = dict(ssm.get_command_invocation(CommandId=sent, InstanceId=instance_id))
        return None if found["Status"] in ("Pending", "InProgress") else found

    found: dict[str, Any] = until(ended, "the command's end", 60)
    return found


@rule("SSM-3", "SSM-6")
def test_a_command_changes_a_file_of_the_container_and_its_output_comes_back(sandbox: Sandbox, instance: str) -> None:
    found = send(sandbox, instance, "echo changed > /srv/note", "id -un", "echo bad >&2", "exit 3")
    assert (found["Status"], found["ResponseCode"], found["StandardOutputContent"]) == ("Failed", 3, "root\n")
    assert found["StandardErrorContent"] == "bad\nfailed to run commands: exit status 3"
    assert docker("exec", f"{NAME}-{instance}", "cat", "/srv/note") == "changed"


@rule("SSM-4")
def test_a_command_that_runs_too_long_is_killed_in_the_container(sandbox: Sandbox, instance: str) -> None:
    found = send(sandbox, instance, "sleep 91.5", executionTimeout=["2"])
    assert (found["Status"], found["StatusDetails"], found["ResponseCode"]) == ("TimedOut", "ExecutionTimedOut", 137)
    until(lambda: "sleep 91.5" not in docker("exec", f"{NAME}-{instance}", "ps", "-eo", "args"), "the kill", 10)


@rule("FIS-29")
def test_an_experiment_runs_a_script_on_its_target(sandbox: Sandbox, instance: str) -> None:
    fis, iam = sandbox.aws("fis"), sandbox.aws("iam")
    make_role(iam)
    given = json.dumps({"commands": ["echo broken > /srv/broken"]}, separators=(",", ":")).replace(" ", "\\u0020")
    wanted = {"documentArn": "arn:aws:ssm:us-east-1::document/AWS-RunShellScript", "documentParameters": given, "duration": "PT1M"}
    experiment = started(fis, on("aws:ssm:send-command", "Instances", "aws:ec2:instance", TAGGED, **wanted))
    until(lambda: docker("exec", f"{NAME}-{instance}", "sh", "-c", "cat /srv/broken || true") == "broken", "the script", 60)
    fis.stop_experiment(id=experiment)
    until(lambda: state(fis, experiment)["status"] == "stopped", "the experiment's end", 60)
    iam.delete_role(RoleName=ROLE_NAME)


def test_ssh_runs_a_command_in_the_container_and_passes_its_exit_code_on(sandbox: Sandbox, instance: str) -> None:
    done = sandbox.run("ssh", instance[:12], "--", "sh", "-c", "hostname; exit 5", check=False)
    address = sandbox.aws("ec2").describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]["PrivateIpAddress"]
    assert (done.returncode, done.stdout.strip()) == (5, f"ip-{address.replace('.', '-')}")


@rule("EIC-1")
def test_an_ssh_client_logs_in_with_the_key_that_was_sent(sandbox: Sandbox, instance: str) -> None:
    def inside(*words: str, check: bool = True) -> str:
        return sandbox.run("ssh", instance, "--", *words, check=check).stdout.strip()

    inside("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/root/key")
    options = ("-o", "StrictHostKeyChecking=no", "-o", "BatchMode=yes", "-i", "/root/key")
    assert inside("ssh", *options, "ubuntu@127.0.0.1", "id", "-un", check=False) == ""
    sent = sandbox.aws("ec2-instance-connect").send_ssh_public_key(
        InstanceId=instance, InstanceOSUser="ubuntu", SSHPublicKey=inside("cat", "/root/key.pub")
    )
    assert sent["Success"] is True
    assert inside("ssh", *options, "ubuntu@127.0.0.1", "id", "-un") == "ubuntu"
