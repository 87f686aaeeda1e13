"""AWS FIS on real networks: the ready template takes the network of a zone away and gives it back, also when the control plane dies."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support import rule
from tests.support.live import AMI, NAME, SETTINGS, Sandbox, docker, until
from tests.support.services.fis import make_role, state

pytestmark = pytest.mark.docker
DARK, LIGHT = "us-east-1a", "us-east-1b"
TAG = "AzImpairmentPower"
ASK = "import sys, urllib.request as u; print(u.urlopen('http://' + sys.argv[1] + '/health', timeout=2).status)"


@dataclass
class Zones:
    """Two machines in the zone that goes dark, one elsewhere, which ask each other."""

    sandbox: Sandbox
    dark: list[str]
    light: str
    addresses: dict[str, str]
    experiment: str = ""

    def answers(self, asking: str, asked: str) -> bool:
        try:
            return docker("exec", f"{NAME}-{asking}", "python3", "-c", ASK, self.addresses[asked]) == "200"
        except subprocess.CalledProcessError:  # no answer within two seconds
            return False

    def start(self) -> None:
        printed = self.sandbox.run("fis", "template", "az-power-interruption", "--az", DARK, "--duration", "30m").stdout
        fis = self.sandbox.aws("fis")
        made = fis.create_experiment_template(**json.loads(printed))["experimentTemplate"]["id"]
        self.experiment = fis.start_experiment(experimentTemplateId=made)["experiment"]["id"]

    def status(self) -> str:
        return str(state(self.sandbox.aws("fis"), self.experiment)["status"])


@pytest.fixture
def zones(sandbox: Sandbox) -> Iterator[Zones]:
    ec2 = sandbox.aws("ec2")
    role = "fis"
    make_role(sandbox.aws("iam"), role)
    found = ec2.describe_subnets(Filters=[{"Name": "availability-zone", "Values": [DARK, LIGHT]}])["Subnets"]
    subnets = {each["AvailabilityZone"]: each["SubnetId"] for each in found}
    ec2.create_tags(Resources=list(subnets.values()), Tags=[{"Key": TAG, "Value": "DisruptSubnet"}])
    made = [
        each["InstanceId"]
        for zone, count in ((DARK, 2), (LIGHT, 1))
        for each in ec2.run_instances(ImageId=AMI, InstanceType="t3.micro", MinCount=count, MaxCount=count, SubnetId=subnets[zone])[
            "Instances"
        ]
    ]
    addresses = {each: str(_described(sandbox, each)["PrivateIpAddress"]) for each in made}
    zones = Zones(sandbox, made[:2], made[2], addresses)
    until(lambda: all(_described(sandbox, each)["State"]["Name"] == "running" for each in made), "they run", 60)
    until(lambda: zones.answers(zones.light, zones.dark[0]) and zones.answers(*zones.dark), "they answer each other", 60)
    yield zones
    if zones.experiment:
        sandbox.aws("fis").stop_experiment(id=zones.experiment)
        until(lambda: zones.status() in ("stopped", "completed", "failed"), "the experiment's end")
    ec2.terminate_instances(InstanceIds=made)
    until(lambda: all(_described(sandbox, each)["State"]["Name"] == "terminated" for each in made), "they are gone", 60)
    sandbox.aws("iam").delete_role(RoleName=role)
    ec2.delete_tags(Resources=list(subnets.values()), Tags=[{"Key": TAG}])


def _described(sandbox: Sandbox, instance: str) -> dict[str, Any]:
    return dict(sandbox.aws("ec2").describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0])


@rule("FIS-26", "FIS-42")
def test_the_ready_template_cuts_a_zone_and_gives_it_back(zones: Zones) -> None:
    zones.start()
    until(lambda: not zones.answers(zones.light, zones.dark[0]), "the zone is dark")
    assert zones.answers(*zones.dark)  # inside its subnet, nothing is lost
    until(lambda: zones.answers(zones.light, zones.dark[0]), "its network is back after two minutes of sandbox time", 60)
    assert zones.status() == "running"  # the capacity of the zone is still gone
    zones.sandbox.aws("fis").stop_experiment(id=zones.experiment)
    until(lambda: zones.status() == "stopped", "the experiment is stopped")


@rule("FIS-9")
def test_a_control_plane_that_dies_leaves_the_zone_dark_and_its_successor_gives_it_back(zones: Zones) -> None:
    zones.start()
    until(lambda: not zones.answers(zones.light, zones.dark[0]), "the zone is dark")
    docker("kill", f"{NAME}_sandbox_1")
    assert not zones.answers(zones.light, zones.dark[0])
    docker("start", f"{NAME}_sandbox_1")
    until(lambda: zones.sandbox.ask(f"http://127.0.0.1:{SETTINGS['SANDBOX_PORT']}/_sandbox/clock") == 200, "the control plane is back")
    until(lambda: zones.answers(zones.light, zones.dark[0]), "the network is back", 60)
    zones.sandbox.aws("fis").stop_experiment(id=zones.experiment)
    until(lambda: zones.status() == "stopped", "the experiment is stopped")
