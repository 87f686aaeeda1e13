"""The output of `sandbox status`."""

from typing import Any

import pytest

from sandbox.cli.observe.snapshot import limits
from sandbox.cli.observe.status import checks, show
from sandbox.control.endpoints import SIMULATED

HEALTH = {
    "name": "sandbox",
    "status": "impaired",
    "runtime": "docker",
    "now": "2026-05-07T12:00:31.000Z",
    "speed": 10.0,
    "parts": [{"name": "proxy", "ok": False, "sentence": "Envoy has gone."}, {"name": "engine", "ok": True, "sentence": "fine"}],
}


def statuses(system: str, instance: str, application: str) -> dict[str, Any]:
    return {
        "SystemStatus": {"Status": system},
        "InstanceStatus": {"Status": instance},
        "ApplicationStatus": {"Status": application},
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
    endpoint = {"load_balancer": "web", "state": "active", "port": 80, "url": "http://127.0.0.1:8081/", "problem": None, "silent": False}
    endpoint |= {"simulated": False}
    nodes = [
        {"zone": "us-east-1a", "zone_id": "use1-az6", "url": "http://127.0.0.2:8081/", "in_dns": True},
        {"zone": "us-east-1b", "zone_id": "use1-az1", "url": None, "in_dns": False},
    ]
    plain = {
        "health": HEALTH,
        "machines": {"i-1": {"instance_id": "i-1", "state": "running", "cores": 0.5, "memory_mib": 1024}},
        "groups": [{"AutoScalingGroupName": "asg", "MinSize": 1, "DesiredCapacity": 2, "MaxSize": 3, "Instances": [member, leaving]}],
        "instances": [{**instance, "PrivateIpAddress": "172.31.0.5"}],
        "instance_statuses": [{"InstanceId": "i-1", **statuses("ok", "ok", "impaired")}],
        "target_groups": [{"TargetGroupName": "tg", "Targets": [target]}, {"TargetGroupName": "empty", "Targets": []}],
        "load_balancers": {
            "web": {"url": "http://web-1.us-east-1.elb.localhost/"},
            "mute": {"url": None},
            "closed": {"url": None},
            "of air": {"url": None},
        },
        "endpoints": [
            {**endpoint, "nodes": nodes},
            {**endpoint, "load_balancer": "closed", "port": 81, "silent": True, "nodes": []},
            {
                **endpoint,
                "load_balancer": "of air",
                "url": None,
                "problem": SIMULATED,
                "simulated": True,
                "silent": True,
                "nodes": nodes[1:],
            },
            {**endpoint, "load_balancer": "mute", "port": None, "url": None, "problem": "It has no listener.", "nodes": []},
        ],
    }
    return {**plain, **changes}


def test_everything_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    show(snapshot())
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    for expected in (
        "sandbox sandbox: impaired, docker runtime, 2026-05-07T12:00:31Z at speed 10",
        "proxy: Envoy has gone.",
        "asg 1 2 3 1 1 Terminating",
        "i-1 running application impaired us-east-1a 172.31.0.5 t3.medium 0.5 1024 MiB asg",
        "tg i-1:80 unused Target.NotInUse why",
        "empty no targets",
        "web active 80 http://127.0.0.1:8081/ http://web-1.us-east-1.elb.localhost/",
        "closed active 81 http://127.0.0.1:8081/ times out. next: sandbox explain client --to closed:81",
        "mute active It has no listener.",
        f"of air active 80 {SIMULATED}",
        "of air 80 us-east-1b (use1-az1) no simulated",
        "web 80 us-east-1a (use1-az6) yes http://127.0.0.2:8081/",
        "web 80 us-east-1b (use1-az1) no no address is left",
    ):
        assert expected in lines


@pytest.mark.parametrize(
    ("machine", "shown"),
    [
        ({"state": "running", "cores": None, "memory_mib": None}, ("no limit", "no limit")),  # the process runtime
        ({"state": "running", "cores": 0.5, "memory_mib": 256, "oom_kills": 2}, ("0.5", "256 MiB, 2 OOM")),
        ({"state": "running", "cores": 0.05, "memory_mib": None}, ("0.05", "no limit")),
        ({"state": "exited", "cores": None, "memory_mib": None}, ("", "")),
        ({}, ("", "")),
    ],
)
def test_the_limits_of_a_machine_are_those_that_hold_now(machine: dict[str, Any], shown: tuple[str, str]) -> None:
    assert limits(machine) == shown


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        (statuses("ok", "ok", "not-applicable"), "ok"),
        (statuses("ok", "initializing", "not-applicable"), "initializing"),
        (statuses("impaired", "impaired", "ok"), "system, instance impaired"),
        (statuses("ok", "ok", "insufficient-data"), "insufficient-data"),
        ({}, ""),  # it does not run
    ],
)
def test_status_checks_are_summed_up(found: dict[str, Any], shown: str) -> None:
    assert checks(found) == shown


def test_an_empty_account(capsys: pytest.CaptureFixture[str]) -> None:
    show(snapshot(groups=[], instances=[], target_groups=[], endpoints=[]))
    assert "Auto Scaling groups: none" in capsys.readouterr().out
