"""The AWS SDK for Python and the AWS CLI in an instance of the process runtime: they find their metadata service and the API by the
environment that the instance's programs have.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import psutil
import pytest

from tests.support.clients import ClientSandbox
from tests.support.drivers.instance_sdk import PROGRAM, said
from tests.support.live import AMI, until

ROLE = "reader"


@pytest.fixture
def instance(sandbox: ClientSandbox, nothing_left: None) -> Iterator[dict[str, Any]]:
    """A running instance with a role, which requires tokens."""
    iam, ec2 = sandbox.aws("iam"), sandbox.aws("ec2")
    trust = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]}
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", **trust}))
    iam.create_instance_profile(InstanceProfileName=ROLE)
    iam.add_role_to_instance_profile(InstanceProfileName=ROLE, RoleName=ROLE)
    given = {"ImageId": AMI, "InstanceType": "t3.micro", "MetadataOptions": {"HttpTokens": "required"}}
    [made] = ec2.run_instances(**given, IamInstanceProfile={"Name": ROLE}, MinCount=1, MaxCount=1)["Instances"]
    ec2.get_waiter("instance_running").wait(InstanceIds=[made["InstanceId"]], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    yield made
    ec2.terminate_instances(InstanceIds=[made["InstanceId"]])
    ec2.get_waiter("instance_terminated").wait(InstanceIds=[made["InstanceId"]], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    iam.remove_role_from_instance_profile(InstanceProfileName=ROLE, RoleName=ROLE)
    iam.delete_instance_profile(InstanceProfileName=ROLE)
    iam.delete_role(RoleName=ROLE)


def environment(instance_id: str) -> Mapping[str, str]:
    """That of the instance's own process."""
    for process in psutil.process_iter():
        try:
            found = process.environ()
        except psutil.Error:
            continue
        if found.get("INSTANCE_ID") == instance_id:
            return {name: value for name, value in found.items() if name.startswith("AWS_") or name == "PATH"}
    return {}


def inside(sandbox: ClientSandbox, instance_id: str, *command: str) -> str:
    """What a program prints in the instance's environment, and nothing else of this one."""
    own = until(lambda: environment(instance_id), "the process of the instance")
    told = [f"{name}={value}" for name, value in {**own, "HOME": str(sandbox.folder)}.items()]
    return sandbox.command("env", "-i", *told, *command).stdout


def test_botocore_finds_credentials_and_region_and_calls_the_api(sandbox: ClientSandbox, instance: dict[str, Any]) -> None:
    found = said(inside(sandbox, instance["InstanceId"], sys.executable, "-c", PROGRAM))
    arn = f"arn:aws:sts::123456789012:assumed-role/{ROLE}/{instance['InstanceId']}"
    assert found == {"method": "iam-role", "region": "us-east-1", "role": ROLE, "arn": arn}


def test_the_aws_cli_acts_as_the_role(sandbox: ClientSandbox, instance: dict[str, Any]) -> None:
    printed = inside(sandbox, instance["InstanceId"], "aws", "sts", "get-caller-identity", "--region", "us-east-1", "--output", "json")
    assert json.loads(printed)["Arn"].endswith(f"assumed-role/{ROLE}/{instance['InstanceId']}")


def test_the_certificate_of_the_sandbox_is_published(sandbox: ClientSandbox) -> None:
    assert sandbox.get("identity-certificate")["certificate"].startswith("-----BEGIN CERTIFICATE-----")
