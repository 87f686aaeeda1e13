"""CreateImage in a whole sandbox: pending, then available; the reboot; what is launched from it; an instance that goes meanwhile."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support import AMI, VirtualSandbox, rule, virtual_sandbox


@pytest.fixture
def on() -> Iterator[VirtualSandbox]:
    yield virtual_sandbox(seed=5)


def launched(on: VirtualSandbox, image_id: str = AMI) -> str:
    [instance] = on.client("ec2").run_instances(ImageId=image_id, MinCount=1, MaxCount=1, InstanceType="t3.micro")["Instances"]
    on.run(5)
    return str(instance["InstanceId"])


def image(on: VirtualSandbox, image_id: str) -> dict[str, Any]:
    return dict(on.client("ec2").describe_images(ImageIds=[image_id])["Images"][0])


def created(on: VirtualSandbox, instance_id: str, **more: Any) -> str:
    return str(on.client("ec2").create_image(InstanceId=instance_id, Name="golden", **more)["ImageId"])


def refusal(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as failed:
        call(**parameters)
    return str(failed.value.response["Error"]["Code"])


@rule("EC2-74", "EC2-75")
def test_an_image_is_pending_until_it_is_made_and_then_boots_it(on: VirtualSandbox) -> None:
    instance_id = launched(on)
    image_id = created(on, instance_id, NoReboot=True)
    assert (image(on, image_id)["State"], image(on, image_id)["SourceInstanceId"]) == ("pending", instance_id)
    assert refusal(on.client("ec2").run_instances, ImageId=image_id, MinCount=1, MaxCount=1) == "InvalidAMIID.Unavailable"
    on.run(30)
    assert image(on, image_id)["State"] == "available"
    launched(on, image_id)
    assert on.runtime.containers()[instance_id].boots == 1


@rule("EC2-75")
def test_the_instance_is_rebooted_first_unless_it_is_not_to_be(on: VirtualSandbox) -> None:
    instance_id = launched(on)
    image_id = created(on, instance_id)
    on.run(40)
    assert image(on, image_id)["State"] == "available"
    assert on.runtime.containers()[instance_id].boots == 2


@rule("EC2-75")
def test_an_instance_that_is_terminated_meanwhile_fails_its_image(on: VirtualSandbox) -> None:
    instance_id = launched(on)
    image_id = created(on, instance_id)
    on.client("ec2").terminate_instances(InstanceIds=[instance_id])
    on.run(30)
    assert (image(on, image_id)["State"], image(on, image_id)["StateReason"]["Code"]) == ("failed", "Client.InstanceTerminated")


def test_a_restart_of_the_control_plane_goes_on_with_it(on: VirtualSandbox, tmp_path: Path) -> None:
    image_id = created(on, launched(on), NoReboot=True)
    after = on.restart(tmp_path / "state.bin")
    after.run(40)
    assert image(after, image_id)["State"] == "available"


@rule("EC2-71")
def test_the_runtimes_image_goes_with_the_last_snapshot_that_boots_it(on: VirtualSandbox) -> None:
    ec2 = on.client("ec2")
    image_id = created(on, launched(on), NoReboot=True)
    on.run(30)
    copy = ec2.copy_image(Name="copy", SourceImageId=image_id, SourceRegion="us-east-1")["ImageId"]
    ec2.deregister_image(ImageId=image_id, DeleteAssociatedSnapshots=True)
    on.run(70)
    assert image_id in on.world.images
    ec2.deregister_image(ImageId=copy, DeleteAssociatedSnapshots=True)
    on.run(70)
    assert on.world.images == {}


def test_names_and_instances_are_checked(on: VirtualSandbox) -> None:
    ec2, instance_id = on.client("ec2"), launched(on)
    created(on, instance_id, NoReboot=True)
    assert refusal(ec2.create_image, InstanceId=instance_id, Name="golden") == "InvalidAMIName.Duplicate"
    assert refusal(ec2.create_image, InstanceId="i-0123456789abcdef0", Name="other") == "InvalidInstanceID.NotFound"
    ec2.terminate_instances(InstanceIds=[instance_id])
    on.run(5)
    assert refusal(ec2.create_image, InstanceId=instance_id, Name="other") == "IncorrectInstanceState"
