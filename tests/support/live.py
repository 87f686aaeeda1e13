"""A real sandbox with its own name and ports (docker runtime, compose), and a service on it; commands are those a person types.

Every wait is for a condition, bounded in real seconds.
"""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.support.services.security_groups import admit_everything

NAME = "e2e"
SPEED = 5
SETTINGS = {
    "SANDBOX_NAME": NAME,
    "SANDBOX_PORT": "4576",
    "SANDBOX_FRONT_PORT": "8180",
    "SANDBOX_NAMES_PORT": "8179",
    "SANDBOX_LISTENER_PORTS": "8181-8184",
    "SANDBOX_NODE_PORTS": "8185-8189",
    "SANDBOX_VPC_CIDR": "10.231.0.0/16",
    "SANDBOX_SPEED": str(SPEED),
}
AMI = "ami-0c047a86012500412"
APP = Path(__file__).resolve().parents[2] / "sandbox/images/machine"


def docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True).stdout.strip()


def until(condition: Callable[[], Any], what: str, seconds: float = 60) -> Any:
    """The condition's first true value. Fails naming what did not come."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.1)
    pytest.fail(f"{what}: not within {seconds} s")


@dataclass
class Sandbox:
    environment: dict[str, str]

    def run(self, *arguments: str, check: bool = True, **settings: str) -> subprocess.CompletedProcess[str]:
        """The command `sandbox`, as a person types it."""
        command = [sys.executable, "-m", "sandbox.cli.main", *arguments]
        return subprocess.run(command, env={**self.environment, **settings}, check=check, capture_output=True, text=True)

    def aws(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=f"http://127.0.0.1:{self.environment['SANDBOX_PORT']}",
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.environment['SANDBOX_PORT']}/_sandbox/{path}", timeout=10) as answer:
            return json.loads(answer.read())

    def ask(self, url: str, timeout: float = 5) -> int:
        """The status of one request; 0 when no answer came."""
        try:
            with urllib.request.urlopen(url, timeout=timeout) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0


@dataclass
class Service:
    """A group of three behind a load balancer, as the corrected tutorial makes it."""

    sandbox: Sandbox
    name: str
    target_group: str
    url: str

    def members(self) -> list[dict[str, Any]]:
        [group] = self.sandbox.aws("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[self.name])["AutoScalingGroups"]
        return list(group["Instances"])

    def health(self) -> dict[str, str]:
        found = self.sandbox.aws("elbv2").describe_target_health(TargetGroupArn=self.target_group)["TargetHealthDescriptions"]
        return {target["Target"]["Id"]: target["TargetHealth"]["State"] for target in found}

    def well(self, without: str = "") -> list[str]:
        """The three healthy members, once there are three and `without` is none of them; else nothing."""
        serving = [m["InstanceId"] for m in self.members() if m["LifecycleState"] == "InService" and m["HealthStatus"] == "Healthy"]
        health = self.health()
        healthy = [i for i in serving if health.get(i) == "healthy" and i != without]
        return healthy if len(healthy) == len(serving) == 3 else []

    def answer_by_name(self) -> int:
        """The status of the DNS name's answer on the port of names."""
        [balancer] = self.sandbox.aws("elbv2").describe_load_balancers(Names=[self.name])["LoadBalancers"]
        url = f"http://127.0.0.1:{SETTINGS['SANDBOX_NAMES_PORT']}/"
        with urllib.request.urlopen(urllib.request.Request(url, headers={"Host": balancer["DNSName"]}), timeout=10) as answer:
            return int(answer.status)

    def activities(self) -> list[dict[str, Any]]:
        return list(self.sandbox.aws("autoscaling").describe_scaling_activities(AutoScalingGroupName=self.name)["Activities"])

    def answers(self, count: int) -> list[int]:
        return [self.sandbox.ask(self.url) for _ in range(count)]


def create(sandbox: Sandbox, name: str, health_check_type: str, user_data: str | None = None) -> Service:
    ec2, elbv2, autoscaling = sandbox.aws("ec2"), sandbox.aws("elbv2"), sandbox.aws("autoscaling")
    subnets = [
        found["SubnetId"]
        for found in ec2.describe_subnets(Filters=[{"Name": "availability-zone", "Values": ["us-east-1a", "us-east-1b"]}])["Subnets"]
    ]
    admit_everything(ec2)
    [group] = elbv2.create_target_group(
        Name=name,
        Protocol="HTTP",
        Port=80,
        VpcId=ec2.describe_vpcs()["Vpcs"][0]["VpcId"],
        HealthCheckPath="/health",
        HealthCheckIntervalSeconds=10,
        HealthCheckTimeoutSeconds=3,
        HealthyThresholdCount=2,
    )["TargetGroups"]
    arn = group["TargetGroupArn"]
    elbv2.modify_target_group_attributes(TargetGroupArn=arn, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}])
    [balancer] = elbv2.create_load_balancer(Name=name, Subnets=subnets)["LoadBalancers"]
    elbv2.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": arn}],
    )
    more = {"UserData": user_data} if user_data else {}
    autoscaling.create_launch_configuration(LaunchConfigurationName=name, ImageId=AMI, InstanceType="t3.medium", **more)
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=name,
        LaunchConfigurationName=name,
        MinSize=3,
        MaxSize=6,
        VPCZoneIdentifier=",".join(subnets),
        TargetGroupARNs=[arn],
        HealthCheckType=health_check_type,
        HealthCheckGracePeriod=30,
    )
    url = until(lambda: sandbox.get("endpoints")["load_balancers"][name]["listeners"].get("80"), f"a listener of {name}")
    return Service(sandbox, name, arn, url)


def remove(sandbox: Sandbox, service: Service) -> None:
    elbv2, autoscaling = sandbox.aws("elbv2"), sandbox.aws("autoscaling")
    autoscaling.delete_auto_scaling_group(AutoScalingGroupName=service.name, ForceDelete=True)
    until(lambda: not autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"], "the group's end")
    autoscaling.delete_launch_configuration(LaunchConfigurationName=service.name)
    for balancer in elbv2.describe_load_balancers()["LoadBalancers"]:
        elbv2.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
    elbv2.delete_target_group(TargetGroupArn=service.target_group)
