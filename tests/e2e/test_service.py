"""A service on real containers, broken as a person would break it: what AWS would tell, and that it heals."""

import contextlib
import http.client
import json
import subprocess
import threading
import time

import pytest

from tests.support import rule
from tests.support.live import APP, NAME, SPEED, Sandbox, Service, create, docker, remove, until

pytestmark = pytest.mark.docker


def container(instance_id: str) -> str:
    return f"{NAME}-{instance_id}"


@rule("EC2-3", "DNS-3", "ASG-25")
def test_three_containers_in_two_zones_answer_on_a_local_port_and_are_what_the_api_tells(service: Service) -> None:
    serving = until(service.well, "three healthy members")
    assert {m["AvailabilityZone"] for m in service.members()} == {"us-east-1a", "us-east-1b"}
    assert [a["StatusCode"] for a in service.activities()] == ["Successful"] * 3
    described = service.sandbox.aws("ec2").describe_instances(InstanceIds=serving)["Reservations"]
    for instance in (i for r in described for i in r["Instances"]):
        inspected = json.loads(docker("inspect", container(instance["InstanceId"])))[0]
        addresses = [network["IPAddress"] for network in inspected["NetworkSettings"]["Networks"].values()]
        assert addresses == [instance["PrivateIpAddress"]]
        assert inspected["Config"]["Hostname"] == instance["PrivateDnsName"].split(".")[0]
        assert not inspected["HostConfig"]["Privileged"] and not inspected["Mounts"]
    assert service.answers(9) == [200] * 9
    assert service.answer_by_name() == 200


@rule("ASG-41", "ASG-70")
def test_a_terminated_instance_is_replaced_and_never_called_healthy_again(service: Service) -> None:
    victim, *_ = until(service.well, "three healthy members")
    service.sandbox.aws("ec2").terminate_instances(InstanceIds=[victim])
    said: set[str] = set()

    def healed() -> list[str]:
        said.add(service.health().get(victim, "gone"))
        return service.well(without=victim)

    until(healed, "a replacement in service and healthy")
    assert "healthy" not in said
    cause = next(a["Cause"] for a in service.activities() if victim in a["Description"] and a["Description"].startswith("Terminating"))
    assert cause.endswith("in response to an EC2 health check indicating it has been terminated or stopped.")
    assert any("in response to an unhealthy instance needing to be replaced." in a["Cause"] for a in service.activities())


@rule("EC2-10", "ASG-41", "ASG-48")
def test_a_killed_container_is_noticed_at_once_and_replaced(service: Service) -> None:
    victim, *_ = until(service.well, "three healthy members")
    docker("kill", container(victim))
    until(lambda: victim not in [m["InstanceId"] for m in service.members() if m["HealthStatus"] == "Healthy"], "notice", seconds=3)
    until(lambda: service.well(without=victim), "a replacement in service and healthy")


@rule("ASG-44", "TG-12", "B1")
def test_a_dead_application_is_replaced_when_the_group_listens_to_the_load_balancer(service: Service) -> None:
    victim, *_ = until(service.well, "three healthy members")
    until(lambda: service.sandbox.get("events") and _grace_is_over(service), "the end of the grace period")
    docker("exec", container(victim), "pkill", "-f", "waitress")
    until(lambda: service.well(without=victim), "a replacement in service and healthy")
    cause = next(a["Cause"] for a in service.activities() if victim in a["Description"] and a["Description"].startswith("Terminating"))
    assert cause.endswith("in response to an ELB system health check failure.")


def _grace_is_over(service: Service) -> bool:
    """Thirty seconds of the sandbox's time after the last member came into service."""
    began = [e["time"] for e in service.sandbox.get("events")["events"] if e["detail-type"] == "EC2 Instance Launch Successful"]
    now = service.sandbox.get("clock")["now"]
    return bool(began) and _seconds(now) - _seconds(max(began)) > 31


def _seconds(moment: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(moment).timestamp()


@rule("TUT-26", "ASG-44", "TG-35")
@pytest.mark.parametrize("service", ["EC2"], indirect=True)
def test_a_dead_application_stays_when_the_group_asks_ec2_only(service: Service) -> None:
    victim, *_ = until(service.well, "three healthy members")
    docker("exec", container(victim), "pkill", "-f", "waitress")
    until(lambda: service.health()[victim] == "unhealthy", "an unhealthy target")
    began = _seconds(service.sandbox.get("clock")["now"])
    until(lambda: _seconds(service.sandbox.get("clock")["now"]) - began > 60, "a minute of the sandbox's time")
    [member] = [m for m in service.members() if m["InstanceId"] == victim]
    assert (member["LifecycleState"], member["HealthStatus"]) == ("InService", "Healthy")
    assert service.answers(6) == [200] * 6


@rule("TG-20")
def test_a_request_that_outlasts_the_deregistration_delay_gets_a_502(service: Service) -> None:
    members = until(service.well, "three healthy members")
    host = service.url.removeprefix("http://").rstrip("/")
    with contextlib.closing(http.client.HTTPConnection(host, timeout=60)) as connection:
        connection.request("GET", "/sleep?seconds=50")
        began = time.monotonic()
        service.sandbox.aws("elbv2").deregister_targets(TargetGroupArn=service.target_group, Targets=[{"Id": i} for i in members])
        assert connection.getresponse().status == 502
    assert 30 / SPEED - 1 < time.monotonic() - began < 30 / SPEED + 5  # the delay, and not the fifty seconds of the request


@rule("UD-4", "TUT-10")
def test_the_tutorials_script_serves_and_with_its_caption_it_is_not_run(sandbox: Sandbox) -> None:
    runs = create(sandbox, "script", "ELB", (APP / "deploy.sh").read_text())
    until(runs.well, "three healthy members")
    assert runs.answers(3) == [200] * 3
    remove(sandbox, runs)
    captioned = create(sandbox, "caption", "EC2", (APP / "deploy-as-written.sh").read_text())
    until(lambda: len([m for m in captioned.members() if m["LifecycleState"] == "InService"]) == 3, "three members")
    instance = captioned.members()[0]["InstanceId"]
    until(lambda: "Unhandled non-multipart" in sandbox.run("logs", instance).stdout, "cloud-init's warning on the console")
    assert set(captioned.answers(3)) == {502}
    remove(sandbox, captioned)


def test_the_data_plane_serves_on_while_the_control_plane_is_dead(service: Service) -> None:
    before = until(service.well, "three healthy members")
    control = docker("ps", "--quiet", "--filter", f"label=sandbox.topology={NAME}", "--filter", "label=sandbox.role=sandbox")
    until(lambda: _saved(service.sandbox, control), "the state on disk")  # else: tests/sim/test_restart.py
    answers: list[int] = []
    stop = threading.Event()

    def client() -> None:
        while not stop.is_set() and len(answers) < 5000:
            answers.append(service.sandbox.ask(service.url))

    asking = threading.Thread(target=client)
    asking.start()
    try:
        docker("kill", control)
        until(lambda: len(answers) > 100, "a hundred requests without a control plane")
        docker("start", control)
        until(lambda: _healthy(service.sandbox), "the control plane's return")
        seen = [service.health() for _ in range(5)]
    finally:
        stop.set()
        asking.join()
    assert set(answers) == {200}
    assert seen == [dict.fromkeys(before, "healthy")] * len(seen)


def test_a_second_control_plane_on_the_state_volume_ends_at_once(sandbox: Sandbox) -> None:
    control = docker("ps", "--quiet", "--filter", f"label=sandbox.topology={NAME}", "--filter", "label=sandbox.role=sandbox")
    second = subprocess.run(
        ["docker", "exec", control, "python3", "-m", "sandbox.cli.main", "serve"], capture_output=True, text=True, timeout=60, check=False
    )
    assert second.returncode == 1
    assert "The state folder /var/lib/sandbox is in use by another sandbox" in second.stderr
    assert _healthy(sandbox)


def _saved(sandbox: Sandbox, control: str) -> bool:
    """Whether the saved state holds what came of the newest event."""
    header = json.loads(docker("exec", control, "head", "-n", "1", "/var/lib/sandbox/state.bin"))
    return bool(header["event"] == sandbox.get("events")["events"][-1]["id"])


def test_a_killed_envoy_comes_back(service: Service) -> None:
    until(service.well, "three healthy members")
    docker("kill", docker("ps", "--quiet", "--filter", f"label=sandbox.topology={NAME}", "--filter", "label=sandbox.role=dataplane"))
    until(lambda: service.sandbox.ask(service.url) == 0, "the outage", seconds=5)
    until(lambda: service.sandbox.ask(service.url) == 200, "the load balancer's return", seconds=20)


def _healthy(sandbox: Sandbox) -> bool:
    try:
        return bool(sandbox.get("health")["status"] == "ok")
    except OSError:
        return False
