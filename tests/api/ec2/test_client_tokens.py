"""ClientToken (EC2-53): the same request again makes nothing and is answered as before, for every operation that has it."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from sandbox.services.ec2.state.tokens import MOST, Answered, Token, from_older
from tests.support import VirtualSandbox, rule
from tests.support.services.ec2_calls import AMI, Readers, Things, served

AN_INSTANCE: dict[str, Any] = {"ImageId": AMI, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
A_VOLUME: dict[str, Any] = {"AvailabilityZone": "us-east-1a", "Size": 1, "ClientToken": "one"}
MISMATCH = "Arguments on this idempotent request are inconsistent with arguments used in previous request(s)."


def code_of(call: Callable[..., Any], **parameters: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return str(caught.value.response["Error"]["Code"])


def shown(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


@rule("EC2-53")
def test_no_operation_makes_anything_twice(things: Things) -> None:
    api, readers, accepted = things.api, Readers.of(things), []
    more = {
        "CreateFleet": {"LaunchTemplateConfigs": [], "TargetCapacitySpecification": {"TotalTargetCapacity": 1}},
        "CreateFlowLogs": {"ResourceType": "VPC", "LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::b"},
        "RequestSpotInstances": {"LaunchSpecification": {"ImageId": AMI, "InstanceType": "t3.micro"}},
        "CreateLaunchTemplate": {"LaunchTemplateName": "web", "LaunchTemplateData": {"ImageId": AMI}},
        "CreateLaunchTemplateVersion": {"LaunchTemplateId": things.ids["LaunchTemplateId"], "LaunchTemplateData": {"ImageId": AMI}},
        "RunInstances": AN_INSTANCE,
        "CreateVolume": {"AvailabilityZone": "us-east-1a", "Size": 1},
    }
    for operation in served(api):
        shape = api.meta.service_model.operation_model(operation).input_shape
        if shape is None or "ClientToken" not in shape.members:
            continue
        given = things.required(operation) | more.get(operation, {}) | {"ClientToken": "one"}
        call = getattr(api, xform_name(operation))
        try:
            first = call(**given)
        except ClientError:
            continue
        accepted.append(operation)
        between = readers.answers()
        assert shown(call(**given)) == shown(first), operation
        assert readers.answers() == between, operation
    assert {"CreateLaunchTemplate", "CreateVolume", "RunInstances", "CreateRouteTable", "CreateNetworkInterface"} <= set(accepted)
    assert len(accepted) > 12


@rule("EC2-53")
@pytest.mark.parametrize(
    ("operation", "first", "other"),
    [
        ("run_instances", AN_INSTANCE, AN_INSTANCE | {"InstanceType": "t3.small"}),
        ("create_volume", A_VOLUME, A_VOLUME | {"Size": 2}),
        (
            "create_launch_template",
            {"LaunchTemplateName": "web", "LaunchTemplateData": {"ImageId": AMI}},
            {"LaunchTemplateName": "web", "LaunchTemplateData": {"ImageId": AMI, "InstanceType": "t3.micro"}},
        ),
    ],
)
def test_another_request_with_the_token_is_refused(
    virtual: VirtualSandbox, operation: str, first: dict[str, Any], other: dict[str, Any]
) -> None:
    call = getattr(virtual.client("ec2"), operation)
    call(**first | {"ClientToken": "one"})
    with pytest.raises(ClientError) as caught:
        call(**other | {"ClientToken": "one"})
    assert caught.value.response["Error"] == {"Code": "IdempotentParameterMismatch", "Message": MISMATCH}
    call(**other | {"ClientToken": "two", **({"LaunchTemplateName": "api"} if "template" in operation else {})})


def test_tokens_survive_a_restart(virtual: VirtualSandbox, tmp_path: Path) -> None:
    api = virtual.client("ec2")
    volume = api.create_volume(**A_VOLUME)["VolumeId"]
    launched = api.run_instances(**AN_INSTANCE, ClientToken="one")["Instances"][0]["InstanceId"]
    api = virtual.restart(tmp_path / "state.bin").client("ec2")
    assert api.create_volume(**A_VOLUME)["VolumeId"] == volume
    assert api.run_instances(**AN_INSTANCE, ClientToken="one")["Instances"][0]["InstanceId"] == launched
    assert code_of(api.create_volume, **A_VOLUME | {"Size": 2}) == "IdempotentParameterMismatch"


def test_a_refused_request_uses_no_token(virtual: VirtualSandbox) -> None:
    api = virtual.client("ec2")
    assert code_of(api.create_volume, **A_VOLUME | {"VolumeType": "fast"}) == "UnknownVolumeType"
    assert code_of(api.create_volume, **A_VOLUME, DryRun=True) == "DryRunOperation"
    assert api.create_volume(**A_VOLUME)["Size"] == 1


def test_what_was_deleted_since_is_made_again_and_a_token_ends_after_a_day(virtual: VirtualSandbox) -> None:
    api = virtual.client("ec2")
    first = api.create_volume(**A_VOLUME)["VolumeId"]
    api.delete_volume(VolumeId=first)
    second = api.create_volume(**A_VOLUME)["VolumeId"]
    assert second != first
    virtual.run(25 * 3600)
    assert api.create_volume(**A_VOLUME | {"Size": 2})["VolumeId"] != second


class Backend:
    """What tokens need of moto's."""

    def __init__(self) -> None:
        self.sandbox_answered: dict[str, Answered] = {}


def test_there_are_only_so_many_tokens(virtual: VirtualSandbox) -> None:
    backend, now = Backend(), virtual.now()
    for number in range(MOST + 10):
        token = Token.of("CreateVolume", {"ClientToken": str(number)})
        assert token is not None
        token.keep(backend, now + timedelta(seconds=number), "<body/>")
    assert list(backend.sandbox_answered) == [f"CreateVolume {number}" for number in range(10, MOST + 10)]


def test_the_tokens_of_an_older_release_are_known(virtual: VirtualSandbox) -> None:
    values = from_older({"vpcs": {}, "sandbox_tokens": {"one": ("fingerprint", "r-1")}})
    assert values.keys() == {"vpcs", "sandbox_answered"}
    backend = Backend()
    backend.sandbox_answered = values["sandbox_answered"]
    setattr(backend, "reservations", {"r-1": None})  # noqa: B010 - mypy
    token = Token.of("RunInstances", {"ClientToken": "one", "ImageId": AMI})
    assert token is not None
    earlier = token.earlier(backend, virtual.now())
    assert earlier is not None
    assert earlier.made == ("r-1",)
