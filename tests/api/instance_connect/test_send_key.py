"""SendSSHPublicKey: whose key gets into which machine, and what is refused before anything runs there."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.ec2.models import ec2_backends

from sandbox.aws.backends import find_instance
from sandbox.core.ports import ScriptOutcome
from sandbox.services.ec2.model import InstanceEvent
from tests.support import rule
from tests.support.aws import IMAGE, SCOPE, Aws

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDGeS0ySCx+4ue2VJhCFmNPyV8iZkdIVlDUBBxWcL1hk"


@pytest.fixture
def instance(aws: Aws) -> str:
    made = aws("ec2").run_instances(ImageId=IMAGE, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]
    find_instance(ec2_backends[SCOPE.account][SCOPE.region], made["InstanceId"]).advance(InstanceEvent.BOOTED, "its machine runs")
    return str(made["InstanceId"])


def send(aws: Aws, instance_id: str, **given: Any) -> dict[str, Any]:
    wanted = {"InstanceId": instance_id, "InstanceOSUser": "ubuntu", "SSHPublicKey": f"{KEY} me@home", **given}
    return dict(aws("ec2-instance-connect").send_ssh_public_key(**wanted))


def refused(aws: Aws, instance_id: str, **given: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as failed:
        send(aws, instance_id, **given)
    return failed.value.response["Error"]["Code"], failed.value.response["Error"]["Message"]


@rule("EIC-1")
def test_a_key_is_put_into_the_machine_before_the_answer_comes_and_is_an_event(aws: Aws, instance: str) -> None:
    answer = send(aws, instance, AvailabilityZone=aws_zone(aws, instance))
    assert answer["Success"] is True and len(answer["RequestId"]) == 36
    [(where, argv)] = aws.scripts.ran
    assert (where, argv[-3:]) == (instance, ("ubuntu", KEY, "60"))
    event = aws.journal.about(instance)[-1]
    assert (event.detail_type, event.detail["user"]) == ("EC2 Instance Connect Key Sent", "ubuntu")
    cause = aws.journal.get(event.cause or "")
    assert cause is not None and cause.detail["eventName"] == "SendSSHPublicKey"


def aws_zone(aws: Aws, instance_id: str) -> str:
    [found] = aws("ec2").describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"]
    return str(found["Placement"]["AvailabilityZone"])


@rule("EIC-2")
@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"InstanceId": "i-0123456789abcdef0"}, "EC2InstanceNotFoundException"),
        ({"InstanceId": "i-NOTANINSTANCE"}, "InvalidArgsException"),
        ({"AvailabilityZone": "us-east-1f"}, "InvalidArgsException"),
        ({"InstanceOSUser": "root"}, "InvalidArgsException"),
        ({"SSHPublicKey": "ssh-ed25519 " + "A" * 80}, "InvalidArgsException"),
        ({"SSHPublicKey": f"ssh-rsa{KEY.removeprefix('ssh-ed25519')} me@home"}, "InvalidArgsException"),
        ({"SSHPublicKey": "x" * 90}, "InvalidArgsException"),
        ({"SSHPublicKey": f"{KEY}\n{KEY}"}, "InvalidArgsException"),
        ({"SSHPublicKey": f'command="id" {KEY}'}, "InvalidArgsException"),
    ],
)
def test_what_is_not_valid_is_refused_and_nothing_runs_in_the_machine(aws: Aws, instance: str, given: dict[str, str], code: str) -> None:
    assert refused(aws, given.get("InstanceId", instance), **{k: v for k, v in given.items() if k != "InstanceId"})[0] == code
    assert aws.scripts.ran == []


@rule("EIC-2")
def test_an_instance_that_does_not_run_or_answer_is_told_apart(aws: Aws, instance: str) -> None:
    aws.machines.silent.add(instance)
    assert refused(aws, instance)[0] == "EC2InstanceUnavailableException"
    aws.machines.silent.clear()
    aws("ec2").stop_instances(InstanceIds=[instance])
    assert refused(aws, instance)[0] == "EC2InstanceStateInvalidException"


@pytest.mark.parametrize(
    ("outcome", "why"),
    [
        (ScriptOutcome(code=65, told=""), "the image has no SSH server"),
        (ScriptOutcome(code=None, told="it ran longer than 20 s"), "it ran longer than 20 s"),
        (ScriptOutcome(code=1, told="no space left on device"), "no space left on device"),
    ],
)
def test_a_key_that_does_not_get_in_is_no_success(aws: Aws, instance: str, outcome: ScriptOutcome, why: str) -> None:
    aws.scripts.outcome = outcome
    code, text = refused(aws, instance)
    assert code == "EC2InstanceUnavailableException" and why in text
    assert not [each for each in aws.journal.about(instance) if each.detail_type == "EC2 Instance Connect Key Sent"]


@rule("EIC-4")
def test_instances_of_the_process_runtime_have_no_ssh_server(aws: Aws, instance: str) -> None:
    aws.machines.name = "process"
    code, text = refused(aws, instance)
    assert code == "NotImplemented" and f"sandbox ssh {instance}" in text


def test_the_serial_console_is_refused(aws: Aws, instance: str) -> None:
    with pytest.raises(ClientError) as failed:
        aws("ec2-instance-connect").send_serial_console_ssh_public_key(InstanceId=instance, SSHPublicKey=KEY)
    assert failed.value.response["Error"]["Code"] == "NotImplemented"
