"""The sandboxes that are measured. They have their own name, ports and networks, and are always removed."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from sandbox.client import Client
from sandbox.traffic.addresses import loopback

T = TypeVar("T")

NAME, PORT, FRONT_PORT, LISTENER_PORTS = "bench", 4586, 8280, "8281-8290"
VPC_CIDR = "10.232.0.0/16"  # overlaps neither the default of other sandboxes nor Docker's own pools
IMAGE = "ami-0c047a86012500412"


@contextmanager
def sandbox(runtime: str, **settings: object) -> Iterator[Client]:
    """A healthy sandbox; `settings` as in sandbox/settings.py. It is always removed with everything that it created."""
    with tempfile.TemporaryDirectory(prefix="bench-") as state:
        environment = os.environ | variables(state) | {f"SANDBOX_{name.upper()}": str(value) for name, value in settings.items()}
        command(environment, "down")  # removes what a killed run left
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
        "SANDBOX_NAMES_PORT": "0",
        "SANDBOX_LISTENER_PORTS": LISTENER_PORTS,
        "SANDBOX_VPC_CIDR": VPC_CIDR,
        "SANDBOX_STATE_DIR": state,
        "SANDBOX_LB_PROVISIONING_SECONDS": "0",
        "SANDBOX_SPEED": "1",
        "SANDBOX_MACHINE_VCPUS": "1000",  # the same load on every machine
    }


def command(environment: Mapping[str, str], *words: str) -> None:
    """Runs the command in its own session, so that Ctrl-C does not interrupt it."""
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
        raise RuntimeError(f"sandbox {' '.join(words)}: {(done.stdout.strip().splitlines() or ['no output'])[-1]}")


def until(what: str, condition: Callable[[], T | None], seconds: float, pause: float = 0.1) -> T:
    """The condition's first true value. `pause`: the polling interval in seconds."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"timed out after {seconds:g} s waiting until {what}")
        time.sleep(pause)
    return found


# ---- resources -------------------------------------------------------------------------------------------------------------------------


def subnets(client: Client, count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.aws("ec2").describe_subnets()["Subnets"]
    return sorted(found, key=lambda subnet: str(subnet["AvailabilityZone"]))[:count]


def target_group(client: Client, name: str, **options: object) -> str:
    """→ its ARN. Health checks request /health every 5 s; two results in a row change the state."""
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


def admit_everything(ec2: Any) -> None:
    """By the default VPC's default security group, which everything here has. Idempotent."""
    names = [{"Name": "group-name", "Values": ["default"]}]
    for group in ec2.describe_security_groups(Filters=names)["SecurityGroups"]:
        if not any(rule["IpRanges"] for rule in group["IpPermissions"]):
            everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
            ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[everything])


def load_balancer(client: Client, name: str, group: str) -> tuple[str, str]:
    """As `listener`. → the listener's ARN, and its local URL."""
    made = listener(client, name, group)
    return made, loopback(until("the load balancer is reachable", lambda: address(client, name), 60))


def listener(client: Client, name: str, group: str) -> str:
    """Creates a load balancer with a listener on port 80. → the listener's ARN."""
    elbv2 = client.aws("elbv2")
    admit_everything(client.aws("ec2"))
    arn = elbv2.create_load_balancer(Name=name, Subnets=[s["SubnetId"] for s in subnets(client, 2)])["LoadBalancers"][0]["LoadBalancerArn"]
    forward = [{"Type": "forward", "TargetGroupArn": group}]
    return str(elbv2.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=forward)["Listeners"][0]["ListenerArn"])


def address(client: Client, name: str) -> str | None:
    found = [e["url"] for e in client.get("endpoints")["endpoints"] if e["load_balancer"] == name and e["port"] == 80]
    return found[0] if found else None


def healthy(client: Client, group: str) -> list[str]:
    """Ids of the healthy targets."""
    found = client.aws("elbv2").describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    return sorted(t["Target"]["Id"] for t in found if t["TargetHealth"]["State"] == "healthy")


def auto_scaling_group(client: Client, name: str, group: str, size: int, count_of_subnets: int = 2) -> None:
    """Creates a group of `size` instances behind the target group."""
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
