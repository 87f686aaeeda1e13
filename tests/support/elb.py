"""An ELBv2 service in virtual time whose instances and applications a test controls, for tests/api. `elb` is a fixture of its conftest."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends

import sandbox.aws.environment  # noqa: F401 - before moto
from sandbox.aws import seams
from sandbox.aws.context import LOCK
from sandbox.aws.hosting import moto_time
from sandbox.aws.http.transport import Transport
from sandbox.core.clock import VirtualClock
from sandbox.core.control import Controller, Scope
from sandbox.core.journal import Journal
from sandbox.drivers.firewall.simulated import SimulatedFirewall
from sandbox.drivers.names.simulated import SimulatedNames
from sandbox.drivers.probe.simulated import SimulatedProber
from sandbox.drivers.proxy.simulated import SimulatedProxy
from sandbox.drivers.runtime.simulated import SimulatedRuntime
from sandbox.drivers.world import Machine, World
from sandbox.engine import Engine
from sandbox.services.ec2.api import assembly as _ec2  # noqa: F401 - declares its seams
from sandbox.services.ec2.firewall_controller import FirewallController
from sandbox.services.elbv2.controller import Elbv2Controller
from sandbox.services.elbv2.routing_controller import RoutingController
from sandbox.services.elbv2.state.reach import Reach
from sandbox.settings import Settings
from tests.support.ports import use_ports
from tests.support.services.security_groups import admit_everything

HERE = Scope("123456789012", "us-east-1")
AMI = "ami-0c047a86012500412"
UNKNOWN_TG = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/none/0123456789abcdef"
OWN_API = "the sandbox's API (SANDBOX_PORT)"
UNKNOWN_LB = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/none/0123456789abcdef"
FIXED = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]
PROVISIONING = 3.0


@dataclass
class Elb:
    """An ELBv2 service with instances whose applications a test starts and stops."""

    clock: VirtualClock
    journal: Journal
    world: World
    engine: Engine
    transport: Transport
    prober: SimulatedProber
    proxy: SimulatedProxy
    runtime: SimulatedRuntime
    firewall: SimulatedFirewall
    names: SimulatedNames

    @property
    def api(self) -> Any:
        return self.transport.client("elbv2", HERE)

    @property
    def ec2(self) -> Any:
        return self.transport.client("ec2", HERE)

    def wait(self, seconds: float) -> None:
        self.engine.run_until(self.clock.now() + timedelta(seconds=seconds))

    def subnets(self, count: int = 2) -> list[dict[str, Any]]:
        found = self.ec2.describe_subnets()["Subnets"]
        return sorted(found, key=lambda subnet: subnet["AvailabilityZone"])[:count]

    def subnet_ids(self, count: int = 2) -> list[str]:
        return [subnet["SubnetId"] for subnet in self.subnets(count)]

    @property
    def vpc(self) -> str:
        return str(self.subnets(1)[0]["VpcId"])

    def instance(self, subnet: int = 0, port: int = 80) -> str:
        """A running instance whose application responds."""
        where = self.subnet_ids(6)[subnet]
        answer = self.ec2.run_instances(ImageId=AMI, InstanceType="t3.micro", MinCount=1, MaxCount=1, SubnetId=where)
        instance = answer["Instances"][0]
        self.set_state(instance["InstanceId"], "running")
        self.world.machines[instance["InstanceId"]] = Machine(
            instance_id=instance["InstanceId"],
            address=instance["PrivateIpAddress"],
            zone=instance["Placement"]["AvailabilityZone"],
            running=True,
            ports=(port,),
            answers_from=self.clock.now(),
        )
        return str(instance["InstanceId"])

    def set_state(self, instance_id: str, name: str) -> None:
        """Sets what EC2's controller would set: ELBv2 only reads it."""
        moto = ec2_backends[HERE.account][HERE.region].get_instance_by_id(instance_id)
        moto._state.name = name
        self.engine.wake("elbv2")

    def group(self, name: str = "web", **parameters: Any) -> str:
        usual = {"Protocol": "HTTP", "Port": 80, "VpcId": self.vpc}
        return str(self.api.create_target_group(Name=name, **(usual | parameters))["TargetGroups"][0]["TargetGroupArn"])

    def balancer(self, name: str = "shop", **parameters: Any) -> str:
        usual = {"Subnets": self.subnet_ids()}
        return str(self.api.create_load_balancer(Name=name, **(usual | parameters))["LoadBalancers"][0]["LoadBalancerArn"])

    def listener(self, balancer: str, group: str | None = None, port: int = 80, **parameters: Any) -> str:
        actions = [{"Type": "forward", "TargetGroupArn": group}] if group else FIXED
        usual = {"Protocol": "HTTP", "Port": port, "DefaultActions": actions}
        return str(self.api.create_listener(LoadBalancerArn=balancer, **(usual | parameters))["Listeners"][0]["ListenerArn"])

    def serving(self, **parameters: Any) -> tuple[str, str]:
        """A target group behind an active load balancer. Returns target group and listener."""
        group = self.group(**parameters)
        listener = self.listener(self.balancer(), group)
        self.wait(PROVISIONING + 1)
        return group, listener

    def register(self, group: str, *targets: str, **more: Any) -> None:
        self.api.register_targets(TargetGroupArn=group, Targets=[{"Id": each, **more} for each in targets])

    def deregister(self, group: str, *targets: str, **more: Any) -> None:
        self.api.deregister_targets(TargetGroupArn=group, Targets=[{"Id": each, **more} for each in targets])

    def described(self, group: str, *targets: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
        asked = {"Targets": list(targets)} if targets else {}
        found: list[dict[str, Any]] = self.api.describe_target_health(TargetGroupArn=group, **asked, **more)["TargetHealthDescriptions"]
        return found

    def health(self, group: str) -> dict[str, tuple[str, str | None]]:
        """Target id → state, reason."""
        found = self.described(group)
        return {each["Target"]["Id"]: (each["TargetHealth"]["State"], each["TargetHealth"].get("Reason")) for each in found}

    def states(self, group: str) -> list[str]:
        return [state for state, _ in self.health(group).values()]

    def recorded_states(self, target: str) -> list[str]:
        return [event.detail["state"] for event in self.journal.about(target) if event.detail_type == "Target Health State Change"]


def controllers_of(elb: Elb) -> list[Controller]:
    reach = Reach(elb.runtime.endpoint, elb.firewall)
    routing = RoutingController(elb.journal, elb.proxy, reach, elb.names)
    firewall = FirewallController(elb.journal, elb.firewall)
    return [firewall, Elbv2Controller(elb.journal, elb.prober, elb.proxy, reach, routing), routing]


def running(transport: Transport) -> Iterator[Elb]:
    clock = VirtualClock()
    journal = Journal(clock)
    engine = Engine(clock, journal, LOCK)
    world = World(clock=clock, at=engine.at, random=random.Random(0))
    runtime, prober, proxy = SimulatedRuntime(world), SimulatedProber(world), SimulatedProxy(world)
    settings = Settings(lb_provisioning_seconds=PROVISIONING)
    use_ports(clock, journal, engine.wake, settings=settings, clients=transport, machines=runtime)
    moto_time.install(clock)
    for each in (elbv2_backends, ec2_backends):
        each.clear()
    seams.install()
    found = Elb(clock, journal, world, engine, transport, prober, proxy, runtime, SimulatedFirewall(world), SimulatedNames())
    admit_everything(found.ec2)
    engine.add(controllers_of(found))
    yield found
    for each in (elbv2_backends, ec2_backends):
        each.clear()


def error_of(call: Any, **parameters: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]
