"""The sandboxes that are measured: with a name, ports and networks of their own, and always taken down again."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from sandbox.client import Client
from sandbox.traffic.load import loopback

T = TypeVar("T")

NAME, PORT, FRONT_PORT, LISTENER_PORTS = "bench", 4586, 8280, "8281-8290"
VPC_CIDR = "10.232.0.0/16"  # overlaps neither the default of other sandboxes nor Docker's own pools
IMAGE = "ami-0c047a86012500412"


@contextmanager
def sandbox(runtime: str, **settings: object) -> Iterator[Client]:
    """A sandbox that is healthy; `settings` as in sandbox/settings.py. Removed with all that it made, whatever happens."""
    with tempfile.TemporaryDirectory(prefix="bench-") as state:
        environment = os.environ | variables(state) | {f"SANDBOX_{name.upper()}": str(value) for name, value in settings.items()}
        command(environment, "down")  # what a run left that was killed
        try:
            command(environment, "up", "--runtime", runtime)
            client = Client(f"http://127.0.0.1:{PORT}")
            try:
                yield client
            finally:
                client.close()
        finally:
            command(environment, "down")


def variables(state: str) -> Mapping[str, str]:
    return {
        "SANDBOX_NAME": NAME,
        "SANDBOX_PORT": str(PORT),
        "SANDBOX_FRONT_PORT": str(FRONT_PORT),
        "SANDBOX_LISTENER_PORTS": LISTENER_PORTS,
        "SANDBOX_VPC_CIDR": VPC_CIDR,
        "SANDBOX_STATE_DIR": state,
        "SANDBOX_LB_PROVISIONING_SECONDS": "0",
        "SANDBOX_SPEED": "1",
        "SANDBOX_MACHINE_VCPUS": "1000",  # the same load on every machine
    }


def command(environment: Mapping[str, str], *words: str) -> None:
    """In a session of its own: a Ctrl-C here must not end it half way."""
    done = subprocess.run(
        [sys.executable, "-m", "sandbox.cli.main", *words],
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        check=False,
    )
    if done.returncode != 0:
        print(done.stdout, file=sys.stderr)
        raise RuntimeError(f"sandbox {' '.join(words)}: {(done.stdout.strip().splitlines() or ['it said nothing'])[-1]}")


def until(what: str, condition: Callable[[], T | None], seconds: float, pause: float = 0.1) -> T:
    """The condition's first true value. `pause`: the pace of asking."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:g} s in vain until {what}")
        time.sleep(pause)
    return found


# ---- what the AWS API is asked to make ---------------------------------------------------------------------------------------------------


def subnets(client: Client, count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.aws("ec2").describe_subnets()["Subnets"]
    return sorted(found, key=lambda subnet: str(subnet["AvailabilityZone"]))[:count]


def target_group(client: Client, name: str, **options: object) -> str:
    """→ its ARN. Checked every 5 s by /health, two in a row decide."""
    given = {
        "Protocol": "HTTP",
        "Port": 80,
        "VpcId": subnets(client, 1)[0]["VpcId"],
        "HealthCheckPath": "/health",
        "HealthCheckIntervalSeconds": 5,
        "HealthCheckTimeoutSeconds": 2,
        "HealthyThresholdCount": 2,
        "UnhealthyThresholdCount": 2,
    } | options
    return str(client.aws("elbv2").create_target_group(Name=name, **given)["TargetGroups"][0]["TargetGroupArn"])


def load_balancer(client: Client, name: str, group: str) -> tuple[str, str]:
    """With a listener on port 80. → the listener's ARN, and where it answers on this machine."""
    elbv2 = client.aws("elbv2")
    arn = elbv2.create_load_balancer(Name=name, Subnets=[s["SubnetId"] for s in subnets(client, 2)])["LoadBalancers"][0]["LoadBalancerArn"]
    forward = [{"Type": "forward", "TargetGroupArn": group}]
    listener = elbv2.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=forward)["Listeners"][0]["ListenerArn"]
    return listener, loopback(until("the load balancer is reachable", lambda: address(client, name), 60))


def address(client: Client, name: str) -> str | None:
    found = [e["url"] for e in client.get("endpoints")["endpoints"] if e["load_balancer"] == name and e["port"] == 80]
    return found[0] if found else None


def healthy(client: Client, group: str) -> list[str]:
    """Ids of the targets that are."""
    found = client.aws("elbv2").describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    return sorted(t["Target"]["Id"] for t in found if t["TargetHealth"]["State"] == "healthy")


def auto_scaling_group(client: Client, name: str, group: str, size: int, count_of_subnets: int = 2) -> None:
    """Of `size`, behind the target group."""
    autoscaling = client.aws("autoscaling")
    autoscaling.create_launch_configuration(LaunchConfigurationName=name, ImageId=IMAGE, InstanceType="t3.medium")
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=name,
        LaunchConfigurationName=name,
        MinSize=0,
        MaxSize=size + 1,
        DesiredCapacity=size,
        VPCZoneIdentifier=",".join(s["SubnetId"] for s in subnets(client, count_of_subnets)),
        TargetGroupARNs=[group],
        HealthCheckType="ELB",
        HealthCheckGracePeriod=300,
    )
