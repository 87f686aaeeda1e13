"""The tables of `sandbox top`, messages of `sandbox mailbox`, and output without a terminal."""

from typing import Any

import pytest

from sandbox.cli.common import show, table
from sandbox.cli.observe import top_view
from sandbox.cli.observe.mailbox import shown

ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/tg/1"


def instance(number: int, state: str = "running") -> dict[str, Any]:
    return {
        "InstanceId": f"i-{number}",
        "State": {"Name": state},
        "Placement": {"AvailabilityZone": f"us-east-1{'abc'[number - 1]}"},
        "PrivateIpAddress": f"172.31.0.{number}",
    }


def member(number: int, state: str) -> dict[str, str]:
    return {"InstanceId": f"i-{number}", "LifecycleState": state, "HealthStatus": "Healthy"}


def target(number: int, state: str) -> dict[str, Any]:
    return {"Target": {"Id": f"i-{number}"}, "TargetHealth": {"State": state}}


def rate(address: str | None, requests: float, p99: float | None) -> dict[str, Any]:
    name = f"{address}:80" if address else None
    return {"target_group": ARN, "target": name, "requests_per_second": requests, "errors_per_second": 0.5, "p50_ms": 4.0, "p99_ms": p99}


def snapshot(**changes: Any) -> dict[str, Any]:
    members = [member(1, "InService"), member(2, "InService"), member(3, "Pending")]
    targets = [target(1, "healthy"), target(2, "unhealthy"), target(3, "initial")]
    plain: dict[str, Any] = {
        "health": {"name": "sandbox", "now": "2026-05-07T12:00:31.000Z", "speed": 10.0, "runtime": "docker", "status": "ok"},
        "machines": {"i-1": {"instance_id": "i-1", "state": "running", "cores": 0.25, "memory_mib": 256}},
        "groups": [{"AutoScalingGroupName": "asg", "MinSize": 1, "DesiredCapacity": 3, "MaxSize": 5, "Instances": members}],
        "instances": [instance(2), instance(1), instance(3, "pending"), {**instance(3, "terminated"), "InstanceId": "i-gone"}],
        "target_groups": [{"TargetGroupName": "tg", "TargetGroupArn": ARN, "Targets": targets}],
        "alarms": [
            {"AlarmName": "calm", "StateValue": "OK", "StateReason": "fine"},
            {"AlarmName": "loud", "StateValue": "ALARM", "StateReason": "x" * 200},
        ],
        "rates": {
            "cpu": {"i-1": 71.24, "i-2": 0.5},
            "targets": [rate("172.31.0.1", 12.0, 210.0), rate("172.31.0.10", 99.0, 1.0), rate(None, 1.0, None)],
            "target_groups": [rate(None, 13.0, 210.0)],
        },
    }
    return {**plain, **changes}


def lines(given: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> list[str]:
    for each in top_view.tables(given):
        show(each)
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def test_everything_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    found = lines(snapshot(), capsys)
    for expected in (
        "sandbox sandbox: ok, docker runtime, 2026-05-07T12:00:31Z at speed 10",
        "asg 1 3 5 2 1 Pending",
        "i-1 us-east-1a running InService Healthy healthy 0.25 256 MiB 71.2 12.0 210 asg",
        "i-2 us-east-1b running InService Healthy unhealthy 0.5 asg",
        "i-3 us-east-1c pending Pending Healthy initial asg",
        "tg 1 1 1 initial 13.0 0.5 4.0 210",
    ):
        assert expected in found
    assert not any("i-gone" in line for line in found)


def test_alarms_in_alarm_come_first_with_a_shortened_reason(capsys: pytest.CaptureFixture[str]) -> None:
    found = lines(snapshot(), capsys)
    assert found[-2:] == [f"loud ALARM {'x' * 99}…", "calm OK fine"]


def test_an_empty_account(capsys: pytest.CaptureFixture[str]) -> None:
    nothing = {"cpu": {}, "targets": [], "target_groups": []}
    found = lines(snapshot(groups=[], instances=[], target_groups=[], alarms=[], rates=nothing), capsys)
    assert found[1:] == ["Auto Scaling groups: none", "instances: none", "target groups: none", "alarms: none"]


def test_an_email_has_a_subject_and_a_text_message_has_none() -> None:
    mail = {"from": "no-reply@sns.amazonaws.com", "to": "ops@example.com", "at": "2026-05-07T12:00:31.000Z", "subject": "S", "body": "B\n"}
    assert shown(mail).splitlines()[:6] == [
        "From: no-reply@sns.amazonaws.com", "To: ops@example.com", "Date: 2026-05-07T12:00:31.000Z", "Subject: S", "", "B",
    ]  # fmt: skip
    assert "Subject" not in shown({**mail, "subject": None})


def test_without_a_terminal_a_line_is_never_folded_or_padded(capsys: pytest.CaptureFixture[str]) -> None:
    table("seams", ("seam", "reason"), [("m.run_instances", "x" * 400), ("m.stop", "y")])
    assert capsys.readouterr().out.splitlines() == [
        "seams",
        "seam             reason",
        "m.run_instances  " + "x" * 400,
        "m.stop           y",
    ]
