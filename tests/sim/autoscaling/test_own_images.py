"""Own images in a whole sandbox: a group of them behind a load balancer, and an image that does not exist."""

from collections.abc import Iterator

import pytest

from tests.support import Fleet, VirtualSandbox, rule, virtual_sandbox


@pytest.fixture
def on() -> Iterator[VirtualSandbox]:
    yield virtual_sandbox(seed=5)


def fleet_of(on: VirtualSandbox, location: str, **data: str) -> Fleet:
    ec2 = on.client("ec2")
    image_id = ec2.register_image(Name="own", ImageLocation=location)["ImageId"]
    template = {"ImageId": image_id, "InstanceType": "t3.micro", **data}
    ec2.create_launch_template(LaunchTemplateName="own", LaunchTemplateData=template)
    return Fleet(on).make(LaunchTemplate={"LaunchTemplateName": "own"})


@pytest.mark.parametrize("user_data", ["", "Iy9iaW4vc2gK"], ids=["without user data", "with user data"])
def test_a_group_of_an_own_image_serves_behind_its_load_balancer_also_after_a_reboot(on: VirtualSandbox, user_data: str) -> None:
    fleet = fleet_of(on, "docker://my/service:1", **({"UserData": user_data} if user_data else {}))
    assert on.until(fleet.well, 120) is not None
    [first, *_] = fleet.in_service()
    on.client("ec2").reboot_instances(InstanceIds=[first])
    on.run(30)
    assert fleet.well()
    assert first in fleet.in_service()


@rule("EC2-73")
def test_an_image_that_does_not_exist_fails_each_launch_and_the_activity_names_the_next_command(on: VirtualSandbox) -> None:
    on.world.missing_images.add("my/service:2")
    fleet = fleet_of(on, "docker://my/service:2")
    on.run(60)
    assert fleet.in_service() == []
    failed = [one for one in fleet.activities() if one["StatusCode"] == "Failed"]
    assert failed
    assert (
        "Client.InvalidSnapshot.NotFound: The image my/service:2 does not exist. next: docker build --tag my/service:2 ."
        in (failed[0]["StatusMessage"])
    )
    on.world.missing_images.clear()
    assert on.until(fleet.well, 900) is not None
