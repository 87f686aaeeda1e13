"""`sandbox fis template`: JSON on stdout, what it needs and lacks on stderr, and one sentence for what it cannot read."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from sandbox.cli.main import run
from tests.support import rule

AZ = "us-east-1a"
CALLER = "arn:aws:iam::123456789012:role/deployer"


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SANDBOX_")]:
        monkeypatch.delenv(name)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[dict[str, Any], str]:
    """The JSON on stdout, and stderr."""
    assert run(["fis", "template", *arguments]) == 0
    told = capsys.readouterr()
    return json.loads(told.out), told.err


@rule("FIS-40", "FIS-41")
def test_the_power_interruption_has_awss_parts_without_those_that_are_not_here(capsys: pytest.CaptureFixture[str]) -> None:
    made, told = printed(capsys, "az-power-interruption", "--az", AZ, "--caller-role", CALLER)
    assert list(made["actions"]) == [
        "Stop-Instances", "Stop-ASG-Instances", "Pause-Instance-Launches", "Pause-ASG-Scaling", "Pause-network-connectivity",
        "Wait-ARC-Zonal-Autoshift", "Start-ARC-Zonal-Autoshift",
    ]  # fmt: skip
    stop = {"completeIfInstancesTerminated": "true", "startInstancesAfterDuration": "PT30M"}
    assert made["actions"]["Stop-ASG-Instances"]["parameters"] == stop
    assert made["actions"]["Pause-network-connectivity"]["parameters"] == {"duration": "PT2M", "scope": "all"}
    assert made["actions"]["Start-ARC-Zonal-Autoshift"]["parameters"]["duration"] == "PT25M"
    assert made["targets"]["ASG"]["resourceTags"] == {"AzImpairmentPower": "IceAsg"}
    assert made["targets"]["IAM-Roles"]["resourceArns"] == [CALLER]
    assert made["experimentOptions"]["emptyTargetResolutionMode"] == "skip"
    assert made["stopConditions"] == [{"source": "none"}]
    for part in (
        "Failover-RDS",
        "Pause-ElastiCache",
        "Pause-EBS-IO",
        "No alarm stops the experiment",
        "aws iam create-role --role-name fis",
    ):
        assert part in told


@pytest.mark.parametrize(
    ("duration", "stopped", "network", "shifted"),
    [
        ("2h", "PT2H", "PT2M", "PT1H55M"),
        ("90s", "PT1M30S", "PT1M30S", None),
        ("PT6M", "PT6M", "PT2M", "PT1M"),
        ("5m", "PT5M", "PT2M", None),
    ],
)
def test_a_duration_shortens_what_is_inside_it(
    duration: str, stopped: str, network: str, shifted: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    made, told = printed(capsys, "az-power-interruption", "--az", AZ, "--duration", duration)
    actions = {name: each["parameters"] for name, each in made["actions"].items()}
    assert actions["Stop-Instances"]["startInstancesAfterDuration"] == stopped
    assert actions["Pause-network-connectivity"]["duration"] == network
    assert actions.get("Start-ARC-Zonal-Autoshift", {}).get("duration") == shifted
    assert ("Start-ARC-Zonal-Autoshift" in told) is (shifted is None)


def test_an_action_is_left_out_with_its_target(capsys: pytest.CaptureFixture[str]) -> None:
    made, _ = printed(capsys, "az-power-interruption", "--az", AZ, "--without", "Pause-network-connectivity")
    assert "Pause-network-connectivity" not in made["actions"] and "Subnets" not in made["targets"]


@rule("FIS-43")
@pytest.mark.parametrize(
    ("name", "document", "given", "tag"),
    [
        ("az-application-slowdown", "Network-Latency", {"DelayMilliseconds": "200"}, {"AZApplicationSlowdown": "LatencyForEC2"}),
        ("cross-az-traffic-slowdown", "Network-Packet-Loss", {"LossPercent": "15"}, {"CrossAZTrafficSlowdown": "PacketLossForEC2"}),
    ],
)
def test_slow_networks_are_documents(
    name: str, document: str, given: dict[str, str], tag: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    made, told = printed(capsys, name, "--az", AZ)
    [parameters] = [each["parameters"] for each in made["actions"].values()]
    assert parameters["documentArn"] == f"arn:aws:ssm:us-east-1::document/AWSFIS-Run-{document}"
    assert json.loads(parameters["documentParameters"]) == {**given, "DurationSeconds": "1800"}
    [target] = made["targets"].values()
    assert target["resourceTags"] == tag and "Lambda" in told


def test_it_is_written_to_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "template.json"
    role = "arn:aws:iam::123456789012:role/mine"
    alarm = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:burn"
    assert run(["fis", "template", "az-power-interruption", "--az", AZ, "--role", role, "--stop-alarm", alarm, "--file", str(path)]) == 0
    made, told = json.loads(path.read_text()), capsys.readouterr()
    assert (made["roleArn"], made["stopConditions"][0]["value"], told.out) == (role, alarm, "")
    assert f"file://{path}" in told.err and "create-role" not in told.err


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--az", "use1-az1"], "is not the name of an Availability Zone"),
        (["--az", AZ, "--duration", "soon"], "expected a duration"),
        (["--az", AZ, "--duration", "59s"], "from 1m to 12h"),
        (["--az", AZ, "--duration", "13h"], "from 1m to 12h"),
        (["--az", AZ, "--role", "fis"], "is not the ARN"),
        (["--az", AZ, "--without", "Pause-Everything"], "has no action 'Pause-Everything' here: it has Stop-Instances"),
    ],
)
def test_what_it_cannot_read_is_one_sentence(arguments: list[str], why: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fis", "template", "az-power-interruption", *arguments]) == 1
    told = capsys.readouterr()
    assert why in told.err and told.out == "" and "Traceback" not in told.err
