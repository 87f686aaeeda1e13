"""DryRun (EC2-51): every operation that has it checks the request, changes nothing and says so."""

from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from tests.support import VirtualSandbox, rule
from tests.support.services.ec2_calls import AMI, Readers, Things, served

WOULD_SUCCEED = ("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)


def answer(call: Any, **parameters: Any) -> tuple[str, str, int]:
    with pytest.raises(ClientError) as caught:
        call(**parameters, DryRun=True)
    response = caught.value.response
    return response["Error"]["Code"], response["Error"]["Message"], response["ResponseMetadata"]["HTTPStatusCode"]


@rule("EC2-51")
def test_no_operation_does_anything(virtual: VirtualSandbox, things: Things) -> None:
    api, readers = things.api, Readers.of(things)
    before, events = readers.answers(), len(virtual.sandbox.journal.events())
    answers = {}
    for operation in served(api):
        shape = api.meta.service_model.operation_model(operation).input_shape
        if shape is not None and "DryRun" in shape.members:
            answers[operation] = answer(getattr(api, xform_name(operation)), **things.required(operation))
    succeeding = [operation for operation, given in answers.items() if given == WOULD_SUCCEED]
    assert {operation: given for operation, given in answers.items() if given[2] >= 500 and given[0] != "NotImplemented"} == {}
    assert {"DescribeInstanceStatus", "DescribeSecurityGroups", "DescribeVolumes", "DeleteVolume", "CreateVolume"} <= set(succeeding)
    assert len(succeeding) > 150
    assert readers.answers() == before
    virtual.run(5)
    assert readers.answers() == before
    later = virtual.sandbox.journal.events()[events:]
    changes = [event.summary for event in later if event.detail_type == "EC2 Instance State-change Notification"]
    assert changes == []


@rule("EC2-51")
@pytest.mark.parametrize(
    ("operation", "parameters", "code"),
    [
        ("describe_volumes", {"VolumeIds": ["vol-0123456789abcdef0"]}, "InvalidVolume.NotFound"),
        ("start_instances", {"InstanceIds": ["i-0123456789abcdef0"]}, "InvalidInstanceID.NotFound"),
        ("terminate_instances", {"InstanceIds": ["web"]}, "InvalidInstanceID.Malformed"),
        ("run_instances", {"ImageId": "ami-00000000000000000", "MinCount": 1, "MaxCount": 1}, "InvalidAMIID.NotFound"),
        (
            "run_instances",
            {"ImageId": AMI, "InstanceType": "t3.micro", "KeyName": "none", "MinCount": 1, "MaxCount": 1},
            "InvalidKeyPair.NotFound",
        ),
        ("create_volume", {"AvailabilityZone": "us-east-1z", "Size": 1}, "InvalidZone.NotFound"),
        ("create_subnet", {"VpcId": "vpc-0123456789abcdef0", "CidrBlock": "10.0.0.0/24"}, "InvalidVpcID.NotFound"),
    ],
)
def test_what_would_fail_has_its_own_error(virtual: VirtualSandbox, operation: str, parameters: dict[str, Any], code: str) -> None:
    assert answer(getattr(virtual.client("ec2"), operation), **parameters)[0] == code


def test_a_protected_instance_would_not_be_terminated(virtual: VirtualSandbox) -> None:
    api = virtual.client("ec2")
    launch = {"ImageId": AMI, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
    assert answer(api.run_instances, **launch) == WOULD_SUCCEED
    ids = [api.run_instances(**launch, DisableApiTermination=True)["Instances"][0]["InstanceId"]]
    assert answer(api.terminate_instances, InstanceIds=ids)[0] == "OperationNotPermitted"
    assert answer(api.stop_instances, InstanceIds=ids)[0] == "IncorrectInstanceState"
    virtual.run(5)
    assert answer(api.stop_instances, InstanceIds=ids) == WOULD_SUCCEED
    assert answer(api.reboot_instances, InstanceIds=ids) == WOULD_SUCCEED
    assert [r["Instances"][0]["State"]["Name"] for r in api.describe_instances()["Reservations"]] == ["running"]
