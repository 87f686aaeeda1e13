"""The output of `sandbox status`."""

from typing import Any

import pytest

from sandbox.cli.observe.status import show

HEALTH = {
    "name": "sandbox",
    "status": "impaired",
    "runtime": "docker",
    "now": "2026-05-07T12:00:31.000Z",
    "speed": 10.0,
    "parts": [{"name": "proxy", "ok": False, "sentence": "Envoy has gone."}, {"name": "engine", "ok": True, "sentence": "fine"}],
}


def snapshot(**changes: Any) -> dict[str, Any]:
    member = {"InstanceId": "i-1", "LifecycleState": "InService"}
    leaving = {"InstanceId": "i-2", "LifecycleState": "Terminating"}
    instance = {
        "InstanceId": "i-1",
        "State": {"Name": "running"},
        "Placement": {"AvailabilityZone": "us-east-1a"},
        "InstanceType": "t3.medium",
    }
    target = {"Target": {"Id": "i-1", "Port": 80}, "TargetHealth": {"State": "unused", "Reason": "Target.NotInUse", "Description": "why"}}
    endpoint = {"load_balancer": "web", "state": "active", "port": 80, "url": "http://127.0.0.1:8081/", "problem": None}
    plain = {
        "health": HEALTH,
        "groups": [{"AutoScalingGroupName": "asg", "MinSize": 1, "DesiredCapacity": 2, "MaxSize": 3, "Instances": [member, leaving]}],
        "instances": [{**instance, "PrivateIpAddress": "172.31.0.5"}],
        "target_groups": [{"TargetGroupName": "tg", "Targets": [target]}, {"TargetGroupName": "empty", "Targets": []}],
        "load_balancers": {"web": {"url": "http://web-1.us-east-1.elb.localhost/"}, "mute": {"url": None}},
        "endpoints": [endpoint, {**endpoint, "load_balancer": "mute", "port": None, "url": None, "problem": "It has no listener."}],
    }
    return {**plain, **changes}


def test_everything_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    show(snapshot())
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    for expected in (
        "sandbox sandbox: impaired, docker runtime, 2026-05-07T12:00:31Z at speed 10",
        "proxy: Envoy has gone.",
        "asg 1 2 3 1 1 Terminating",
        "i-1 running us-east-1a 172.31.0.5 t3.medium asg",
        "tg i-1:80 unused Target.NotInUse why",
        "empty no targets",
        "web active 80 http://127.0.0.1:8081/ http://web-1.us-east-1.elb.localhost/",
        "mute active It has no listener.",
    ):
        assert expected in lines


def test_an_empty_account(capsys: pytest.CaptureFixture[str]) -> None:
    show(snapshot(groups=[], instances=[], target_groups=[], endpoints=[]))
    assert "Auto Scaling groups: none" in capsys.readouterr().out
