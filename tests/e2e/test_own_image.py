"""examples/own-image on real containers: a service that is not the tutorial's, from its image to answers behind the load balancer."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.support import rule
from tests.support.drivers import own_images
from tests.support.drivers.runtimes import MACHINE_IMAGE, unique_name
from tests.support.live import Sandbox, until

pytestmark = pytest.mark.docker
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "own-image"


def script(sandbox: Sandbox, name: str) -> None:
    command_line = f"{sys.executable} -m sandbox.cli.main"
    done = subprocess.run([EXAMPLE / name], env={**sandbox.environment, "CLI": command_line}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def healthy(elbv2: Any, target_group: str) -> int:
    found = elbv2.describe_target_health(TargetGroupArn=target_group)["TargetHealthDescriptions"]
    return sum(1 for each in found if each["TargetHealth"]["State"] == "healthy")


def test_a_service_of_ones_own_image_serves_behind_a_load_balancer(sandbox: Sandbox) -> None:
    elbv2 = sandbox.aws("elbv2")
    script(sandbox, "run.sh")
    try:
        [group] = elbv2.describe_target_groups(Names=["own-image"])["TargetGroups"]
        until(lambda: healthy(elbv2, group["TargetGroupArn"]) == 3, "three healthy targets", 120)
        url = sandbox.get("endpoints")["load_balancers"]["own-image"]["listeners"]["80"]
        hosts = {_asked(url) for _ in range(12)}
        assert len(hosts) == 3
        assert all(host.startswith("ip-") for host in hosts)
    finally:
        script(sandbox, "remove.sh")


def _asked(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return str(json.loads(answer.read())["host"])


@rule("EC2-73")
def test_an_image_that_was_never_built_fails_the_launch_in_aws_words(sandbox: Sandbox) -> None:
    ec2 = sandbox.aws("ec2")
    image_id = ec2.register_image(Name="never-built", ImageLocation="docker://sandbox-tests/never-built:1")["ImageId"]
    [instance] = ec2.run_instances(ImageId=image_id, MinCount=1, MaxCount=1, InstanceType="t3.micro")["Instances"]

    def reason() -> Any:
        [found] = ec2.describe_instances(InstanceIds=[instance["InstanceId"]])["Reservations"][0]["Instances"]
        return found.get("StateReason") if found["State"]["Name"] == "terminated" else None

    found = until(reason, "its end", 60)
    assert found["Code"] == "Client.InvalidSnapshot.NotFound"
    assert found["Message"].endswith("next: docker build --tag sandbox-tests/never-built:1 .")
    ec2.deregister_image(ImageId=image_id)


def test_user_data_of_an_own_image_finds_the_api(sandbox: Sandbox) -> None:
    ec2, tag = sandbox.aws("ec2"), f"{unique_name()}:1"
    own_images.with_command(tag, MACHINE_IMAGE, "exec sleep 600")
    image_id = ec2.register_image(Name=tag.partition(":")[0], ImageLocation=f"docker://{tag}")["ImageId"]
    script = "#!/bin/sh\necho api=$AWS_ENDPOINT_URL=\n"
    [instance] = ec2.run_instances(ImageId=image_id, MinCount=1, MaxCount=1, InstanceType="t3.micro", UserData=script)["Instances"]
    try:

        def console() -> str:
            return str(ec2.get_console_output(InstanceId=instance["InstanceId"]).get("Output", ""))

        until(lambda: "api=http://169.254.169.250:4566=" in console(), "the address of the API on the console", 60)
    finally:
        ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
        ec2.deregister_image(ImageId=image_id)
        own_images.remove(tag)
