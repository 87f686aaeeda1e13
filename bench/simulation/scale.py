"""What a virtual hour costs with 10, 1,000 and 10,000 instances, in groups of ten behind load balancers, and with which exponent it grows.

The groups are spread over accounts, 40 in each, because an account has at most 50 load balancers in a Region. Six minutes are measured,
after the instances are in service and their health checks run, in processor time.
"""

import math
import time
from datetime import timedelta
from typing import Any

from bench.kit.figure import Figure, at_most, without_goal
from bench.kit.sandboxes import admit_everything
from bench.simulation.fresh import in_fresh_process

INSTANCES = (10, 1000, 10_000)
IN_A_GROUP, GROUPS_OF_AN_ACCOUNT = 10, 40
SETTLED, MEASURED = timedelta(minutes=6), timedelta(minutes=6)
HOUR = timedelta(hours=1)
GOAL = 1.1
AMI = "ami-0c047a86012500412"


def measure() -> list[Figure]:
    costs = [in_fresh_process(cost_of_an_hour, instances) for instances in INSTANCES]
    method = f"groups of {IN_A_GROUP} behind a load balancer each; {MEASURED / timedelta(minutes=1):g} minutes measured, processor time"
    figures = [without_goal(f"a virtual hour of {n:,} instances", c, "s", method) for n, c in zip(INSTANCES, costs, strict=True)]
    exponent = math.log(costs[-1] / costs[0]) / math.log(INSTANCES[-1] / INSTANCES[0])
    return [*figures, at_most("growth of a virtual hour's cost with instances", exponent, "(exponent)", GOAL, "from the first to the last")]


def cost_of_an_hour(instances: int) -> float:
    """Seconds of processor time."""
    from sandbox.settings import Settings  # noqa: PLC0415 - moto only in the other process
    from sandbox.virtual.client import virtual_client  # noqa: PLC0415

    room = 100 * instances
    client = virtual_client(Settings.from_environment({}, runtime="simulated", machine_vcpus=room, vcpu_limit=room))
    groups = instances // IN_A_GROUP
    for first in range(0, groups, GROUPS_OF_AN_ACCOUNT):
        _account(client, f"{100_000_000_000 + first}", range(first, min(first + GROUPS_OF_AN_ACCOUNT, groups)))
    client.wait(SETTLED)
    running = sum(machine.running for machine in client.sandbox.world.machines.values())
    if running != instances:
        raise RuntimeError(f"{running} of {instances} instances run after {SETTLED}")
    began = time.process_time()
    client.wait(MEASURED)
    return (time.process_time() - began) * (HOUR / MEASURED)


def _account(client: Any, account: str, groups: range) -> None:
    from sandbox.core.control import Scope  # noqa: PLC0415

    ec2, autoscaling, elbv2 = (
        client.sandbox.transport.client(service, Scope(account, client.region)) for service in ("ec2", "autoscaling", "elbv2")
    )
    found = ec2.describe_subnets()["Subnets"]
    zones = {subnet["AvailabilityZone"]: subnet["SubnetId"] for subnet in found}
    subnets = [zones[zone] for zone in sorted(zones)][:3]
    ec2.create_launch_template(LaunchTemplateName="scale", LaunchTemplateData={"ImageId": AMI, "InstanceType": "t3.micro"})
    admit_everything(ec2)
    for number in groups:
        balancer = elbv2.create_load_balancer(Name=f"lb-{number}", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
        target_group = elbv2.create_target_group(Name=f"tg-{number}", Protocol="HTTP", Port=80, VpcId=found[0]["VpcId"])
        arn = target_group["TargetGroups"][0]["TargetGroupArn"]
        forward = [{"Type": "forward", "TargetGroupArn": arn}]
        elbv2.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=forward)
        autoscaling.create_auto_scaling_group(
            AutoScalingGroupName=f"group-{number}",
            LaunchTemplate={"LaunchTemplateName": "scale"},
            MinSize=IN_A_GROUP,
            MaxSize=2 * IN_A_GROUP,
            DesiredCapacity=IN_A_GROUP,
            VPCZoneIdentifier=",".join(subnets),
            TargetGroupARNs=[arn],
            HealthCheckType="ELB",
            HealthCheckGracePeriod=60,
        )
