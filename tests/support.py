"""What many tests share: the `rule` marker, a whole sandbox in virtual time, and a fleet made on it as a user would make one.

moto's state is one for the whole process, so there is one virtual sandbox at a time: making another empties it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.aws import state
from sandbox.core.clock import VirtualClock
from sandbox.core.control import Scope
from sandbox.drivers.runtime.simulated import SimulatedRuntime
from sandbox.drivers.world import World
from sandbox.settings import Settings
from sandbox.wiring import Sandbox, build

AMI = "ami-0c047a86012500412"
HERE = Scope("123456789012", "us-east-1")
ZONES = ("us-east-1a", "us-east-1b", "us-east-1c")


def rule(*ids: str) -> pytest.MarkDecorator:
    """Names the rules of docs/aws-behaviour.md that a test proves; `make rules` counts them."""
    return pytest.mark.rule(*ids)


@dataclass
class VirtualSandbox:
    """Everything that a live sandbox has but real drivers and a port. Time stands still until `run`."""

    sandbox: Sandbox

    def client(self, service: str) -> Any:
        """boto3 in process, as a user."""
        return self.sandbox.transport.client(service, HERE)

    @property
    def world(self) -> World:
        return self.sandbox.world

    @property
    def runtime(self) -> SimulatedRuntime:
        runtime = self.sandbox.drivers.runtime
        assert isinstance(runtime, SimulatedRuntime)
        return runtime

    def now(self) -> datetime:
        return self.sandbox.clock.now()

    def run(self, seconds: float, at_each_moment: Callable[[], None] = lambda: None) -> None:
        """Lets so much time pass, from due moment to due moment; `at_each_moment` is called when all that was due has been done."""
        clock, engine = self.sandbox.clock, self.sandbox.engine
        assert isinstance(clock, VirtualClock)
        end = clock.now() + timedelta(seconds=seconds)
        while (due := engine.run_due()) <= end:
            at_each_moment()
            clock.advance_to(max(due, clock.now()))
        at_each_moment()
        clock.advance_to(end)

    def until(self, condition: Callable[[], bool], limit: float, step: float = 1) -> float | None:
        """Runs until it holds. → the virtual seconds that took, or None when it does not hold within `limit` of them."""
        began = self.now()
        while not condition():
            if self.now() - began >= timedelta(seconds=limit):
                return None
            self.run(step)
        return (self.now() - began).total_seconds()

    def restart(self, saved: Path) -> "VirtualSandbox":
        """The control plane dies after its last save, and another one takes up what it left: state, journal and the world's machines."""
        state.save(saved)
        self.sandbox.close()
        again = build(self.sandbox.settings, virtual=True, start=self.now(), world=self.world)
        again.journal.load(self.sandbox.journal.events())
        state.load(saved)
        return VirtualSandbox(again)


def virtual_sandbox(**settings: object) -> VirtualSandbox:
    """With the defaults, or with settings as the environment would give them: `seed=7`."""
    return VirtualSandbox(build(Settings.from_environment({}, **settings), virtual=True))


@dataclass
class Fleet:
    """A group behind a load balancer, with health checks every 5 seconds, made through the API."""

    on: VirtualSandbox
    name: str = "web"
    target_group: str = ""  # ARN
    listener: str = ""  # ARN

    def make(self, *, zones: int = 3, delay: int = 20, **group: Any) -> "Fleet":
        """3 of 2 to 6 instances of health check type ELB, unless `group` says otherwise. `delay`: of deregistration, in seconds."""
        self._balance(self.subnets(zones), delay)
        autoscaling = self.on.client("autoscaling")
        autoscaling.create_launch_configuration(LaunchConfigurationName=self.name, ImageId=AMI, InstanceType="t3.micro")
        given: dict[str, Any] = {"MinSize": 2, "MaxSize": 6, "DesiredCapacity": 3, "HealthCheckType": "ELB", "HealthCheckGracePeriod": 30}
        given |= {"VPCZoneIdentifier": ",".join(self.subnets(zones)), "TargetGroupARNs": [self.target_group]}
        autoscaling.create_auto_scaling_group(AutoScalingGroupName=self.name, LaunchConfigurationName=self.name, **(given | group))
        return self

    def _balance(self, subnets: list[str], delay: int) -> None:
        elbv2 = self.on.client("elbv2")
        vpc = self.on.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
        checks = {"HealthCheckPath": "/health", "HealthCheckIntervalSeconds": 5, "HealthCheckTimeoutSeconds": 2, "HealthyThresholdCount": 2}
        made = elbv2.create_target_group(Name=self.name, Protocol="HTTP", Port=80, VpcId=vpc, **checks)
        self.target_group = made["TargetGroups"][0]["TargetGroupArn"]
        attributes = [{"Key": "deregistration_delay.timeout_seconds", "Value": str(delay)}]
        elbv2.modify_target_group_attributes(TargetGroupArn=self.target_group, Attributes=attributes)
        balancer = elbv2.create_load_balancer(Name=self.name, Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
        forward = [{"Type": "forward", "TargetGroupArn": self.target_group}]
        made = elbv2.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=forward)
        self.listener = made["Listeners"][0]["ListenerArn"]

    def subnets(self, zones: int) -> list[str]:
        found = self.on.client("ec2").describe_subnets()["Subnets"]
        by_zone = {s["AvailabilityZone"]: s["SubnetId"] for s in found}
        return [by_zone[zone] for zone in ZONES[:zones]]

    def after(self, restarted: VirtualSandbox) -> "Fleet":
        """The same fleet, seen through the control plane that came after."""
        return Fleet(on=restarted, name=self.name, target_group=self.target_group, listener=self.listener)

    # ---- what AWS tells of it ------------------------------------------------------------------------------------------------------------

    def described(self) -> dict[str, Any]:
        found: dict[str, Any] = self.on.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[self.name])
        return dict(found["AutoScalingGroups"][0])

    def members(self) -> dict[str, str]:
        """Instance id → lifecycle state."""
        return {i["InstanceId"]: i["LifecycleState"] for i in self.described()["Instances"]}

    def in_service(self) -> list[str]:
        return sorted(i for i, state in self.members().items() if state == "InService")

    def zones(self) -> list[str]:
        """Of the instances in service: ["a", "b", "b"]."""
        return sorted(i["AvailabilityZone"][-1] for i in self.described()["Instances"] if i["LifecycleState"] == "InService")

    def health(self) -> dict[str, str]:
        """Instance id → state of the target."""
        found = self.on.client("elbv2").describe_target_health(TargetGroupArn=self.target_group)["TargetHealthDescriptions"]
        return {t["Target"]["Id"]: t["TargetHealth"]["State"] for t in found}

    def activities(self) -> list[dict[str, Any]]:
        """Newest first."""
        found = self.on.client("autoscaling").describe_scaling_activities(AutoScalingGroupName=self.name)["Activities"]
        return list(found)

    def well(self) -> bool:
        """As many as desired in service, all of them healthy targets, nobody else a member or a target, and evenly spread."""
        described = self.described()
        instances = described["Instances"]
        per_zone = [[i["AvailabilityZone"] for i in instances].count(zone) for zone in described["AvailabilityZones"]]
        return (
            len(instances) == described["DesiredCapacity"]
            and all(i["LifecycleState"] == "InService" and i["HealthStatus"] == "Healthy" for i in instances)
            and max(per_zone) - min(per_zone) <= 1
            and self.health() == dict.fromkeys((i["InstanceId"] for i in instances), "healthy")
        )
