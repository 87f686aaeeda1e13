"""Networks inside instances: names, addresses of load balancers, what leaves a VPC, and a forwarded port."""

import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator

import pytest

from tests.support import rule
from tests.support.live import NAME, Sandbox, Service, docker, until

pytestmark = pytest.mark.docker


def inside(instance_id: str, *command: str) -> str:
    """The output of a command in the instance's container."""
    return docker("exec", container(instance_id), *command)


def container(instance_id: str) -> str:
    return docker("ps", "--quiet", "--filter", f"name={instance_id}")


def status(instance_id: str, name: str) -> str:
    """curl asks no resolver for names below localhost, so it gets the name that AWS would have given."""
    on_aws = ".".join([*name.split(".")[:2], "elb.amazonaws.com"])
    return inside(instance_id, "curl", "-sS", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}", f"http://{on_aws}/")


@pytest.fixture
def well(service: Service) -> list[str]:
    """The three members of the service, once they are healthy."""
    return list(until(service.well, "three healthy members", 240))


@pytest.fixture
def pair(well: list[str]) -> tuple[str, str]:
    """Two of them."""
    return well[0], well[1]


@pytest.fixture
def name(sandbox: Sandbox, service: Service) -> str:
    return str(sandbox.aws("elbv2").describe_load_balancers(Names=["web"])["LoadBalancers"][0]["DNSName"])


@rule("DNS-6", "ALB-61")
def test_an_instance_reaches_the_load_balancer_by_its_name(sandbox: Sandbox, service: Service, pair: tuple[str, str], name: str) -> None:
    nodes = {
        each["PrivateIpAddress"]
        for each in sandbox.aws("ec2").describe_network_interfaces(
            Filters=[{"Name": "attachment.instance-owner-id", "Values": ["amazon-elb"]}]
        )["NetworkInterfaces"]
    }
    resolved = set(re.findall(r"^([\d.]+) +STREAM", inside(pair[0], "getent", "ahostsv4", name), re.MULTILINE))
    assert resolved == nodes
    assert status(pair[0], name) == "200"


@rule("DNS-1", "DNS-3", "DNS-6")
def test_instances_know_each_other_by_name_and_others_do_not_exist(sandbox: Sandbox, pair: tuple[str, str]) -> None:
    found = sandbox.aws("ec2").describe_instances(InstanceIds=[pair[1]])["Reservations"][0]["Instances"][0]
    for known in (found["PrivateDnsName"], found["PrivateDnsName"].partition(".")[0]):
        assert inside(pair[0], "getent", "ahostsv4", known).split()[0] == found["PrivateIpAddress"]
    unknown = subprocess.run(
        ["docker", "exec", container(pair[0]), "getent", "hosts", "www.example.com"], capture_output=True, text=True, check=False
    )
    assert unknown.returncode == 2


@rule("DNS-6")
def test_names_resolve_while_the_control_plane_is_down(sandbox: Sandbox, pair: tuple[str, str], name: str) -> None:
    control = docker("ps", "--quiet", "--filter", "label=sandbox.role=sandbox", "--filter", f"label=sandbox.topology={NAME}")
    docker("kill", control)
    try:
        assert inside(pair[0], "getent", "ahostsv4", name)
        assert status(pair[0], name) == "200"
    finally:
        docker("start", control)
    until(lambda: sandbox.run("status", check=False).returncode == 0, "the control plane")


LISTEN = """
import socket
s = socket.create_server(("", 8099)); s.settimeout(20)
print(s.accept()[1][0], flush=True)
"""


@rule("NET-1")
@pytest.mark.usefixtures("well")
def test_an_instance_in_another_zone_sees_the_address_of_its_caller(sandbox: Sandbox, service: Service) -> None:
    zones = {each["AvailabilityZone"]: each["InstanceId"] for each in service.members()}
    here, there = (zones[zone] for zone in sorted(zones)[:2])
    found = sandbox.aws("ec2").describe_instances(InstanceIds=[here, there])["Reservations"]
    addresses = {each["InstanceId"]: each["PrivateIpAddress"] for one in found for each in one["Instances"]}
    command = ["docker", "exec", container(there), "python3", "-c", LISTEN]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as listening:
        ask = ["curl", "-sS", "-m", "5", "--retry", "9", "--retry-delay", "1", "--retry-connrefused", f"http://{addresses[there]}:8099/"]
        subprocess.run(["docker", "exec", container(here), *ask], capture_output=True, check=False)
        assert listening.stdout is not None and listening.stdout.readline().strip() == addresses[here]


@rule("NET-2", "NET-4")
def test_nothing_leaves_the_vpc_and_the_aws_api_answers(sandbox: Sandbox, pair: tuple[str, str]) -> None:
    gateway = docker("network", "inspect", f"{NAME}-edge", "--format", "{{(index .IPAM.Config 0).Gateway}}")
    for address in (gateway, "198.51.100.1"):
        tried = subprocess.run(
            ["docker", "exec", container(pair[0]), "curl", "-sS", "-m", "2", f"http://{address}:22/"], capture_output=True, check=False
        )
        assert tried.returncode == 28, "timed out"
    answer = inside(pair[0], "curl", "-sS", "-m", "5", "http://169.254.169.250:4566/?Action=DescribeRegions&Version=2016-11-15")
    assert "DescribeRegionsResponse" in answer or "Error" in answer


@pytest.fixture
def forwarded(sandbox: Sandbox, pair: tuple[str, str]) -> Iterator[str]:
    """The URL at which port 80 of an instance answers on this machine."""
    command = [sys.executable, "-u", "-m", "sandbox.cli.main", "forward", pair[0], "0:80"]
    with subprocess.Popen(command, env=sandbox.environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[0]
        process.terminate()


def test_a_forwarded_port_leads_to_the_instance(forwarded: str) -> None:
    for _ in range(2):
        with urllib.request.urlopen(forwarded, timeout=20) as answer:
            assert answer.status == 200
