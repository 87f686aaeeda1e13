"""Descriptions against those of stock moto_server in the same run: DescribeInstances, DescribeAutoScalingGroups and DescribeTargetHealth.

Both servers hold the same number of instances, in one group behind one target group. The requests are sent without an SDK, so that no
client's parsing is in the figures, over a connection that is kept open where the server keeps it open, as SDKs do. Rounds of the two
servers alternate.
"""

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import boto3

from bench.cold_start import end
from bench.kit.figure import Figure, ratio
from bench.kit.sandboxes import IMAGE, PORT, sandbox, until

STOCK_PORT = PORT + 1
SMALL, LARGE = 10, 500
ROUNDS = {SMALL: 40, LARGE: 7}
GOALS = {
    "DescribeInstances": {SMALL: 0.4, LARGE: 0.15},
    "DescribeAutoScalingGroups": {SMALL: 0.5, LARGE: 0.5},
    "DescribeTargetHealth": {SMALL: 0.5, LARGE: 0.5},
}
VERSIONS = {"ec2": "2016-11-15", "autoscaling": "2011-01-01", "elasticloadbalancing": "2015-12-01"}
_CONNECTIONS: dict[int, http.client.HTTPConnection] = {}
STOCK = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(STOCK_PORT)]


def measure() -> list[Figure]:
    figures = []
    for count in (SMALL, LARGE):
        limits = {"vcpu_limit": 4 * LARGE, "machine_vcpus": 4 * LARGE}
        _CONNECTIONS.clear()
        with sandbox("simulated", **limits), _stock():
            ours, stock = _fleet(PORT, count), _fleet(STOCK_PORT, count)
            for operation, goals in GOALS.items():
                figures.append(_compare(operation, count, goals[count], ours, stock))
    return figures


@contextmanager
def _stock() -> Iterator[None]:
    process = subprocess.Popen(STOCK, env=os.environ.copy(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        until("moto_server answers", lambda: _answers(STOCK_PORT), 60)
        yield
    finally:
        end(process)


def _answers(port: int) -> bool:
    try:
        return bool(_call(port, "ec2", Action="DescribeVpcs"))
    except OSError:
        _CONNECTIONS.clear()
        return False


def _fleet(port: int, count: int) -> str:
    """A group of so many instances behind a target group. → the target group's ARN."""
    ec2, elbv2, autoscaling = (_client(service, port) for service in ("ec2", "elbv2", "autoscaling"))
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    subnet = sorted(found["SubnetId"] for found in ec2.describe_subnets()["Subnets"])[0]
    image = IMAGE if port == PORT else ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    arn = str(elbv2.create_target_group(Name="bench", Protocol="HTTP", Port=80, VpcId=vpc)["TargetGroups"][0]["TargetGroupArn"])
    autoscaling.create_launch_configuration(LaunchConfigurationName="bench", ImageId=image, InstanceType="t3.micro")
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="bench",
        LaunchConfigurationName="bench",
        MinSize=0,
        MaxSize=count,
        DesiredCapacity=count,
        VPCZoneIdentifier=subnet,
        TargetGroupARNs=[arn],
    )
    until(f"{count} instances run", lambda: _running(autoscaling) == count or None, 120)
    return arn


def _running(autoscaling: Any) -> int:
    [group] = autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    return sum(member["LifecycleState"] == "InService" for member in group["Instances"])


def _client(service: str, port: int) -> Any:
    made = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
    return boto3.client(service, endpoint_url=f"http://127.0.0.1:{port}", **made)


def _compare(operation: str, count: int, goal: float, ours: str, stock: str) -> Figure:
    call = {
        "DescribeInstances": lambda port, _: _call(port, "ec2", Action=operation),
        "DescribeAutoScalingGroups": lambda port, _: _call(port, "autoscaling", Action=operation),
        "DescribeTargetHealth": lambda port, arn: _call(port, "elasticloadbalancing", Action=operation, TargetGroupArn=arn),
    }[operation]
    mine, theirs = list[float](), list[float]()
    for _ in range(ROUNDS[count]):
        theirs.append(_seconds(lambda: call(STOCK_PORT, stock)))
        mine.append(_seconds(lambda: call(PORT, ours)))
    return ratio(f"{operation}({count})", mine, theirs, goal, f"limit: stock moto_server; medians of {ROUNDS[count]}, simulated instances")


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _call(port: int, service: str, **parameters: str) -> bytes:
    scope = f"test/20260507/us-east-1/{service}/aws4_request"
    headers = {
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    connection = _CONNECTIONS.setdefault(port, http.client.HTTPConnection("127.0.0.1", port, timeout=120))
    connection.request("POST", "/", urlencode({**parameters, "Version": VERSIONS[service]}), headers)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{parameters['Action']} on port {port}: {answer.status} {body[:200]!r}")
    return body
