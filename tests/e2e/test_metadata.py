"""The metadata service in containers: what curl and an AWS SDK read inside an instance, and that it needs no control plane."""

import contextlib
import json
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support import rule
from tests.support.drivers.instance_sdk import MODELS, PROGRAM, said, sources
from tests.support.live import AMI, NAME, Sandbox, docker, until

pytestmark = pytest.mark.docker

IMDS = "http://169.254.169.254/latest"
API = "http://169.254.169.250:4566"
ROLE = "reader"


@dataclass
class Instance:
    id: str
    address: str

    def run(self, *command: str, **environment: str) -> str:
        variables = [part for name, value in environment.items() for part in ("--env", f"{name}={value}")]
        return docker("exec", *variables, f"{NAME}-{self.id}", *command)

    def curl(self, path: str, *options: str) -> tuple[int, str]:
        """→ the code, 0 when nothing answers, and the body."""
        command = ["curl", "-s", "-m", "10", "-w", "\n%{http_code}", *options, f"{IMDS}{path}"]
        body, _, code = self.run("sh", "-c", f"{shlex.join(command)} || true").rpartition("\n")
        return int(code), body

    def token(self) -> str:
        return self.curl("/api/token", "-X", "PUT", "-H", "X-aws-ec2-metadata-token-ttl-seconds: 60")[1]


@pytest.fixture(scope="module")
def instances(sandbox: Sandbox) -> Iterator[list[Instance]]:
    """Two with the role, one of which requires tokens."""
    iam, ec2 = sandbox.aws("iam"), sandbox.aws("ec2")
    trust = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]}
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", **trust}))
    iam.create_instance_profile(InstanceProfileName=ROLE)
    iam.add_role_to_instance_profile(InstanceProfileName=ROLE, RoleName=ROLE)
    made = [launched(ec2, HttpTokens="optional"), launched(ec2, HttpTokens="required")]
    ids = [each.id for each in made]
    until(lambda: all_run(ec2, ids), "two running instances")
    yield made
    ec2.terminate_instances(InstanceIds=ids)


def launched(ec2: Any, **options: str) -> Instance:
    given = {"ImageId": AMI, "InstanceType": "t3.micro", "IamInstanceProfile": {"Name": ROLE}, "MetadataOptions": options}
    made = ec2.run_instances(**given, MinCount=1, MaxCount=1)["Instances"][0]
    return Instance(made["InstanceId"], made["PrivateIpAddress"])


def all_run(ec2: Any, ids: list[str]) -> bool:
    found = [i for r in ec2.describe_instances(InstanceIds=ids)["Reservations"] for i in r["Instances"]]
    return all(i["State"]["Name"] == "running" and i["MetadataOptions"]["State"] == "applied" for i in found)


@rule("IMDS-1", "IMDS-3", "IMDS-4")
def test_each_instance_reads_its_own_metadata_only(instances: list[Instance]) -> None:
    optional, required = instances
    assert optional.curl("/meta-data/instance-id") == (200, optional.id)
    assert required.curl("/meta-data/instance-id")[0] == 401
    assert required.curl("/meta-data/instance-id", "-H", f"X-aws-ec2-metadata-token: {required.token()}") == (200, required.id)
    assert optional.curl("/meta-data/instance-id", "-H", f"X-aws-ec2-metadata-token: {required.token()}")[0] == 401
    for header in ("X-Forwarded-For", "X-Real-IP", "Forwarded"):
        assert optional.curl("/meta-data/instance-id", "-H", f"{header}: {required.address}") == (200, optional.id)
    mac = optional.run("cat", "/sys/class/net/eth0/address")
    assert optional.curl("/meta-data/mac") == (200, mac)


def test_botocore_finds_credentials_and_region_and_calls_the_api(instances: list[Instance], tmp_path: Path) -> None:
    required = instances[1]
    for source in sources():
        if source.name == "botocore":
            shutil.copytree(source, tmp_path / source.name, ignore=shutil.ignore_patterns("data", "__pycache__"))
            for model in MODELS:
                copy(source / "data" / model, tmp_path / "botocore" / "data" / model)
        else:
            copy(source, tmp_path / source.name)
    copy(sources()[0] / "cacert.pem", tmp_path / "botocore" / "cacert.pem")
    docker("cp", str(tmp_path), f"{NAME}-{required.id}:/tmp/sdk")
    found = said(required.run("python3", "-c", PROGRAM, PYTHONPATH="/tmp/sdk", AWS_ENDPOINT_URL=API))
    arn = f"arn:aws:sts::123456789012:assumed-role/{ROLE}/{required.id}"
    assert found == {"method": "iam-role", "region": "us-east-1", "role": ROLE, "arn": arn}


def copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


@rule("IMDS-7")
def test_options_change_while_the_instance_runs(sandbox: Sandbox, instances: list[Instance]) -> None:
    ec2, [instance, _] = sandbox.aws("ec2"), instances
    ec2.modify_instance_metadata_options(InstanceId=instance.id, HttpEndpoint="disabled")
    until(lambda: instance.curl("/meta-data/")[0] == 403, "a disabled endpoint", seconds=3)
    until(lambda: all_run(ec2, [instance.id]), "applied options", seconds=3)
    ec2.modify_instance_metadata_options(InstanceId=instance.id, HttpEndpoint="enabled")
    until(lambda: instance.curl("/meta-data/")[0] == 200, "an enabled endpoint", seconds=3)


def test_it_answers_without_a_control_plane(sandbox: Sandbox, instances: list[Instance]) -> None:
    instance = instances[0]
    docker("stop", "--time", "5", role("sandbox"))
    try:
        assert instance.curl("/meta-data/instance-id") == (200, instance.id)
        docker("restart", "--time", "1", role("metadata"))
        until(lambda: instance.curl("/meta-data/instance-id") == (200, instance.id), "an answer of the restarted service", seconds=10)
    finally:
        docker("start", role("sandbox"))
        until(lambda: answers(sandbox), "a healthy control plane")


def answers(sandbox: Sandbox) -> bool:
    with contextlib.suppress(OSError):
        return bool(sandbox.get("health")["status"] == "ok")
    return False


def role(name: str) -> str:
    """The container of a service of the project."""
    return docker("ps", "--all", "--quiet", "--filter", f"label=sandbox.role={name}", "--filter", f"label=sandbox.topology={NAME}")
