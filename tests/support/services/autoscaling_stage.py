"""A Region in virtual time with EC2, load balancing and Auto Scaling: machines of the simulated world, the real loops, boto3 in process."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sandbox.services.autoscaling.api.assembly
import sandbox.services.ec2.api.assembly
import sandbox.services.elbv2.api.assembly  # noqa: F401 - their seams
from sandbox.aws import seams, state
from sandbox.aws.context import LOCK
from sandbox.aws.hosting import moto_time
from sandbox.aws.http.gateway import Gateway
from sandbox.aws.http.transport import Transport
from sandbox.core.clock import VirtualClock
from sandbox.core.control import Scope
from sandbox.core.journal import Journal
from sandbox.drivers.firewall.simulated import SimulatedFirewall
from sandbox.drivers.names.simulated import SimulatedNames
from sandbox.drivers.probe.simulated import SimulatedProber
from sandbox.drivers.proxy.simulated import SimulatedProxy
from sandbox.drivers.runtime.simulated import SimulatedRuntime
from sandbox.drivers.world import World
from sandbox.engine import Engine
from sandbox.faults.hooks import FaultHooks
from sandbox.faults.registry import FaultRegistry
from sandbox.services.autoscaling.controller import AutoScalingController
from sandbox.services.autoscaling.state.policies import execute_policy
from sandbox.services.ec2.controller import Ec2Controller
from sandbox.services.elbv2.controller import Elbv2Controller
from sandbox.services.elbv2.routing_controller import RoutingController
from sandbox.services.elbv2.state.reach import Reach
from sandbox.settings import Settings
from tests.support.exploration.watch import BUGS, may_begin
from tests.support.ports import use_ports

AMI = "ami-0c047a86012500412"
HERE = Scope("123456789012", "us-east-1")
START = datetime.fromisoformat("2026-05-07T12:00:00+00:00")
SUBNETS_OF = ("us-east-1a", "us-east-1b", "us-east-1c")


@dataclass
class Stage:
    clock: VirtualClock
    journal: Journal
    engine: Engine
    world: World
    transport: Transport
    faults: FaultRegistry
    proxy: SimulatedProxy

    @property
    def asg(self) -> Any:
        return self.transport.client("autoscaling", HERE)

    @property
    def ec2(self) -> Any:
        return self.transport.client("ec2", HERE)

    @property
    def elbv2(self) -> Any:
        return self.transport.client("elbv2", HERE)

    def subnets(self, zones: int = 3) -> dict[str, str]:
        """Zone → default subnet."""
        found = self.ec2.describe_subnets()["Subnets"]
        return {s["AvailabilityZone"]: s["SubnetId"] for s in found if s["AvailabilityZone"] in SUBNETS_OF[:zones]}

    def configuration(self, name: str = "lc", **more: Any) -> str:
        given = {"ImageId": AMI, "InstanceType": "t3.micro"} | more
        self.asg.create_launch_configuration(LaunchConfigurationName=name, **given)
        return name

    def group(self, name: str = "web", zones: int = 3, **more: Any) -> str:
        """3 of 1 to 10 instances over three zones, from a launch configuration."""
        given: dict[str, Any] = {"MinSize": 1, "MaxSize": 10, "DesiredCapacity": 3}
        given["VPCZoneIdentifier"] = ",".join(self.subnets(zones).values())
        if not {"LaunchConfigurationName", "LaunchTemplate", "InstanceId"} & set(more):
            given["LaunchConfigurationName"] = self.configuration()
        self.asg.create_auto_scaling_group(AutoScalingGroupName=name, **(given | more))
        return name

    def target_group(self, name: str = "web", delay: int = 300, interval: int | None = None) -> str:
        """One that a load balancer with a listener forwards to. `delay`: of deregistration, `interval`: of health checks, in seconds; None:
        AWS's default."""
        vpc = self.ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
        checks = {"HealthCheckIntervalSeconds": interval, "HealthCheckTimeoutSeconds": min(5, interval - 1)} if interval else {}
        made = self.elbv2.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=vpc, **checks)
        arn = str(made["TargetGroups"][0]["TargetGroupArn"])
        attributes = [{"Key": "deregistration_delay.timeout_seconds", "Value": str(delay)}]
        self.elbv2.modify_target_group_attributes(TargetGroupArn=arn, Attributes=attributes)
        balancer = self.elbv2.create_load_balancer(Name=name, Subnets=list(self.subnets().values()))["LoadBalancers"][0]["LoadBalancerArn"]
        forward = [{"Type": "forward", "TargetGroupArn": arn}]
        self.elbv2.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=forward)
        return arn

    def health(self, arn: str) -> dict[str, str]:
        """Instance id → state of the target."""
        found = self.elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        return {t["Target"]["Id"]: t["TargetHealth"]["State"] for t in found}

    def wait(self, seconds: float) -> None:
        self.engine.wake()
        self.engine.run_until(self.clock.now() + timedelta(seconds=seconds))

    def ready(self, name: str = "web", **more: Any) -> str:
        """A group whose first instances are in service."""
        self.group(name, **more)
        self.wait(20)
        return name

    def seconds(self) -> float:
        return (self.clock.now() - START).total_seconds()

    # ---- what is seen ------------------------------------------------------------------------------------------------------------------

    def described(self, name: str = "web") -> dict[str, Any]:
        found: dict[str, Any] = self.asg.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"][0]
        return found

    def instances(self, state: str | None = "InService", name: str = "web") -> list[str]:
        return [i["InstanceId"] for i in self.described(name)["Instances"] if state in (None, i["LifecycleState"])]

    def zones(self, name: str = "web") -> list[str]:
        return sorted(i["AvailabilityZone"][-1] for i in self.described(name)["Instances"] if i["LifecycleState"] == "InService")

    def activities(self, name: str = "web", **more: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.asg.describe_scaling_activities(AutoScalingGroupName=name, **more)["Activities"]
        return found

    def chain(self, instance_id: str) -> list[str]:
        """The detail-types that led to the newest event about the instance."""
        newest = self.journal.about(instance_id)[-1]
        return [event.detail_type for event in self.journal.chain(newest)]


def make(**settings: Any) -> Stage:
    clock = VirtualClock(START)
    journal = Journal(clock)
    engine = Engine(clock, journal, LOCK)
    chance = random.Random(0)
    world = World(clock=clock, at=engine.at, random=chance)
    runtime, proxy = SimulatedRuntime(world), SimulatedProxy(world)
    transport = Transport(Gateway())
    faults = FaultRegistry(clock, journal, engine.at)
    use_ports(
        clock,
        journal,
        engine.wake,
        settings=Settings(**settings),
        clients=transport,
        machines=runtime,
        faults=FaultHooks(faults),
        execute_policy=execute_policy,
    )
    moto_time.install(clock)
    state.reset(0)
    seams.install()
    ec2 = Ec2Controller(journal, runtime)
    reach = Reach(runtime.endpoint, SimulatedFirewall(world))  # that has no policy: everything is admitted
    routing = RoutingController(journal, proxy, reach, SimulatedNames())
    elbv2 = Elbv2Controller(journal, SimulatedProber(world), proxy, reach, routing)
    engine.add([ec2, elbv2, routing, AutoScalingController(journal, transport)])
    return Stage(clock, journal, engine, world, transport, faults, proxy)


def reports_no_fault(stage: Stage) -> None:
    """No loop failed, and every event has a cause or is one of those with which a story begins."""
    events = stage.journal.events()
    assert [e.summary for e in events if e.detail_type in BUGS] == []
    assert [e.summary for e in events if e.cause is None and not may_begin(e)] == []


def causes(stage: Stage, verb: str) -> list[str]:
    """Of the activities whose description begins with this verb."""
    return [a["Cause"] for a in stage.activities() if a["Description"].startswith(verb)]
