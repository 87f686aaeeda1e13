"""User data of launch templates in a real sandbox: a cloud-config, an archive, the tutorial's script with its caption."""

import base64
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sandbox.images import MACHINE
from tests.support import rule
from tests.support.drivers.user_data import archive
from tests.support.live import AMI, NAME, Sandbox, docker, until

pytestmark = pytest.mark.docker

CONFIG = """#cloud-config
write_files:
- path: /srv/index.html
  content: from a cloud-config
runcmd:
- cd /srv && nohup python3 -m http.server 8080 > /var/log/web.log 2>&1 &
"""
ASKED = ("curl", "-s", "--retry", "20", "--retry-connrefused", "http://127.0.0.1:8080/")  # it may still be starting
PARTS = archive(
    ("#!/bin/sh\ncat /etc/part > /root/out; env | cut -d= -f1 >> /root/out\n", "x-shellscript"),
    ('#cloud-config\nwrite_files: [{path: /etc/part, content: "written first\\n"}]\n', "cloud-config"),
)


def launched(ec2: Any, name: str, user_data: bytes) -> str:
    """An instance of a launch template with that user data."""
    data = {"ImageId": AMI, "InstanceType": "t3.micro", "UserData": base64.b64encode(user_data).decode()}
    ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
    made = ec2.run_instances(LaunchTemplate={"LaunchTemplateName": name}, MinCount=1, MaxCount=1)["Instances"][0]
    return str(made["InstanceId"])


def told(sandbox: Sandbox, instance_id: str, sentence: str) -> None:
    """Returns when `sandbox explain` tells it."""
    until(lambda: sentence in explained(sandbox, instance_id), f"{sentence!r} of {instance_id}")


def ran(sandbox: Sandbox, instance_id: str) -> None:
    """Returns when all of its user data has run."""
    told(sandbox, instance_id, f"the user data of {instance_id} has run")
    assert "something failed" not in explained(sandbox, instance_id)


def explained(sandbox: Sandbox, instance_id: str) -> str:
    found: subprocess.CompletedProcess[str] = sandbox.run("explain", instance_id, check=False)
    return " ".join(found.stdout.split())


def console(ec2: Any, instance_id: str) -> str:
    return str(ec2.get_console_output(InstanceId=instance_id, Latest=True)["Output"])


@rule("UD-9", "UD-12")
def test_a_cloud_config_writes_files_and_starts_a_service(sandbox: Sandbox) -> None:
    ec2 = sandbox.aws("ec2")
    instance_id = launched(ec2, "cloud-config", CONFIG.encode())
    ran(sandbox, instance_id)
    assert docker("exec", f"{NAME}-{instance_id}", *ASKED) == "from a cloud-config"
    assert "Cloud-init v. " in console(ec2, instance_id)
    ec2.terminate_instances(InstanceIds=[instance_id])


@rule("UD-10")
def test_an_archive_runs_its_parts_and_finds_the_api_of_the_sandbox(sandbox: Sandbox) -> None:
    ec2 = sandbox.aws("ec2")
    instance_id = launched(ec2, "archive", PARTS)
    ran(sandbox, instance_id)
    written = docker("exec", f"{NAME}-{instance_id}", "cat", "/root/out").splitlines()
    assert written[0] == "written first"
    assert "AWS_ENDPOINT_URL" in written
    ec2.terminate_instances(InstanceIds=[instance_id])


@rule("UD-4", "UD-11", "TUT-10")
def test_the_tutorials_script_with_its_caption_is_not_run_until_new_instances_have_a_new_version(sandbox: Sandbox) -> None:
    ec2 = sandbox.aws("ec2")
    script = Path(MACHINE / "deploy-as-written.sh").read_bytes()
    first = launched(ec2, "caption", script)
    words = "Unhandled non-multipart (text/x-not-multipart) userdata: 'b'# deploy.sh'...'"
    told(sandbox, first, f"the user data of {first} was not run: {words}")
    assert f"handlers[WARNING]: {words}" in console(ec2, first)

    corrected = {"UserData": base64.b64encode(script.removeprefix(b"# deploy.sh\n")).decode()}
    ec2.create_launch_template_version(LaunchTemplateName="caption", SourceVersion="1", LaunchTemplateData=corrected)
    template = {"LaunchTemplateName": "caption", "Version": "$Latest"}
    second = ec2.run_instances(LaunchTemplate=template, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    ran(sandbox, second)
    assert "has run" not in explained(sandbox, first)
    ec2.terminate_instances(InstanceIds=[first, second])
