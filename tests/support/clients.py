"""A sandbox for the tests with real clients (tests/clients/): one in the process runtime, on ports of its own, ten times as fast as AWS.

`ClientSandbox` has the environment that a person's shell has after `eval "$(sandbox env)"`. `inventory` lists what exists in an account,
so that a test can assert that a client left nothing. `needs` marks the tests of a client that may not be installed.
"""

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

SPEED = 10
LISTENERS = 10
REGION = "us-east-1"
BIN = Path(sys.executable).parent
ROOT = Path(__file__).resolve().parents[2]
APART = ROOT / ".venv-clients"
"""The environment of the clients that need another botocore than the sandbox: tools/clients.sh."""


@dataclass
class ClientSandbox:
    """`folder` has the saved state; `ports`: API, front port, first and last port of listeners."""

    folder: Path
    port: int
    front_port: int
    listener_ports: range
    environment: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SANDBOX_"))}
        self.environment = {
            **kept,
            "PATH": f"{BIN}{os.pathsep}{kept.get('PATH', '')}",
            "SANDBOX_NAME": "clients",
            "SANDBOX_PORT": str(self.port),
            "SANDBOX_FRONT_PORT": str(self.front_port),
            "SANDBOX_LISTENER_PORTS": f"{self.listener_ports.start}-{self.listener_ports.stop - 1}",
            "SANDBOX_STATE_DIR": str(self.folder),
            "SANDBOX_VPC_CIDR": own_network(),
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
        }

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def up(self) -> None:
        came = self.sandbox("up", "--runtime", "process", "--speed", str(SPEED), check=False)
        assert came.returncode == 0, came.stdout + came.stderr

    def down(self) -> None:
        self.sandbox("down")

    def renew(self) -> None:
        """A new one in its place, on the same ports: nothing of what was made is left."""
        self.down()
        self.up()

    def sandbox(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """The command `sandbox`, as a person types it."""
        return self.command(sys.executable, "-m", "sandbox.cli.main", *arguments, check=check)

    def command(
        self, *arguments: str, check: bool = True, cwd: Path | None = None, more: Mapping[str, str] | None = None, seconds: float = 300
    ) -> subprocess.CompletedProcess[str]:
        """Any command in the environment of a person who uses the sandbox. With `check`, a failure shows what the command printed."""
        done = subprocess.run(
            arguments,
            env={**self.environment, **(more or {})},
            cwd=cwd or ROOT,
            check=False,
            capture_output=True,
            text=True,
            timeout=seconds,
        )
        if check and done.returncode != 0:
            pytest.fail(f"{' '.join(arguments)}: exit code {done.returncode}\n{done.stdout[-6000:]}\n{done.stderr[-6000:]}")
        return done

    def aws(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.endpoint}/_sandbox/{path}", timeout=10) as answer:
            return json.loads(answer.read())


@contextmanager
def running(folder: Path, name: str) -> Iterator[ClientSandbox]:
    """One that has been started, and is removed at the end. `folder`: a new one, for its state."""
    first = free_ports(LISTENERS + 2)
    made = ClientSandbox(folder, first, first + 1, range(first + 2, first + 2 + LISTENERS))
    made.environment["SANDBOX_NAME"] = name
    made.up()
    yield made
    made.down()


def free_ports(count: int) -> int:
    """The first of `count` ports in a row that are free on loopback at this moment."""
    for first in range(21_000 + os.getpid() % 4_000, 30_000, count):
        if all(_is_free(port) for port in range(first, first + count)):
            return first
    raise AssertionError(f"no {count} free ports in a row")


def own_network() -> str:
    """A network for the default VPC that other sandboxes of this machine hardly have: in the process runtime, an instance's address
    172.31.0.4 is 127.31.0.4 of this machine, and two sandboxes cannot both listen there."""
    return f"10.{128 + os.getpid() % 100}.0.0/16"


def _is_free(port: int) -> bool:
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


LISTS: dict[str, Callable[[Any], list[str]]] = {}
"""What can be left over: kind → the ids of all that exist, by a function of `aws` (which makes a client of a service)."""


def _kind(name: str) -> Callable[[Callable[[Any], list[str]]], Callable[[Any], list[str]]]:
    def keep(function: Callable[[Any], list[str]]) -> Callable[[Any], list[str]]:
        LISTS[name] = function
        return function

    return keep


def _simple(kind: str, service: str, operation: str, key: str, name: str) -> None:
    def ids(aws: Any) -> list[str]:
        client = aws(service)
        pages = client.get_paginator(operation).paginate() if client.can_paginate(operation) else [getattr(client, operation)()]
        return [found[name] if name else found for page in pages for found in page[key]]

    LISTS[kind] = ids


_simple("VPC", "ec2", "describe_vpcs", "Vpcs", "VpcId")
_simple("subnet", "ec2", "describe_subnets", "Subnets", "SubnetId")
_simple("Internet gateway", "ec2", "describe_internet_gateways", "InternetGateways", "InternetGatewayId")
_simple("route table", "ec2", "describe_route_tables", "RouteTables", "RouteTableId")
_simple("security group", "ec2", "describe_security_groups", "SecurityGroups", "GroupId")
_simple("security group rule", "ec2", "describe_security_group_rules", "SecurityGroupRules", "SecurityGroupRuleId")
_simple("launch template", "ec2", "describe_launch_templates", "LaunchTemplates", "LaunchTemplateId")
_simple("volume", "ec2", "describe_volumes", "Volumes", "VolumeId")
_simple("network interface", "ec2", "describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId")
_simple("address", "ec2", "describe_addresses", "Addresses", "AllocationId")
_simple("key pair", "ec2", "describe_key_pairs", "KeyPairs", "KeyName")
_simple("group", "autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", "AutoScalingGroupName")
_simple("launch configuration", "autoscaling", "describe_launch_configurations", "LaunchConfigurations", "LaunchConfigurationName")
_simple("scaling policy", "autoscaling", "describe_policies", "ScalingPolicies", "PolicyARN")
_simple("scheduled action", "autoscaling", "describe_scheduled_actions", "ScheduledUpdateGroupActions", "ScheduledActionARN")
_simple("load balancer", "elbv2", "describe_load_balancers", "LoadBalancers", "LoadBalancerArn")
_simple("target group", "elbv2", "describe_target_groups", "TargetGroups", "TargetGroupArn")
_simple("alarm", "cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName")
_simple("dashboard", "cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName")
_simple("topic", "sns", "list_topics", "Topics", "TopicArn")
_simple("subscription", "sns", "list_subscriptions", "Subscriptions", "SubscriptionArn")


@_kind("composite alarm")
def _composite_alarms(aws: Any) -> list[str]:
    return [alarm["AlarmName"] for alarm in aws("cloudwatch").describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]]


@_kind("queue")
def _queues(aws: Any) -> list[str]:
    return list(aws("sqs").list_queues().get("QueueUrls", []))


@_kind("instance")
def _instances(aws: Any) -> list[str]:
    """Without the terminated ones: AWS shows them for an hour."""
    pages = aws("ec2").get_paginator("describe_instances").paginate()
    found = [instance for page in pages for reservation in page["Reservations"] for instance in reservation["Instances"]]
    return [instance["InstanceId"] for instance in found if instance["State"]["Name"] != "terminated"]


def inventory(sandbox: ClientSandbox) -> dict[str, list[str]]:
    """Everything that exists, by kind, as the API lists it."""
    return {kind: sorted(ids(sandbox.aws)) for kind, ids in LISTS.items()}


def needs(client: str, installed: bool) -> pytest.MarkDecorator:
    """A mark for the tests of a client. Where it is not installed, they are left out, and the summary of the run names the client."""
    return pytest.mark.skipif(not installed, reason=f"left out: {client} is not installed")


def program(name: str) -> str | None:
    """The path of a program that is on PATH or in this virtual environment."""
    return shutil.which(name) or shutil.which(name, path=str(BIN))


def program_apart(name: str) -> str | None:
    """The path of a program that tools/clients.sh installed."""
    return shutil.which(name, path=str(APART / "bin"))


def package(name: str) -> bool:
    return importlib.util.find_spec(name) is not None
