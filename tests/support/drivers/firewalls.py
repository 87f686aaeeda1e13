"""The firewalls as the contract suite drives them: the simulated world, loopback addresses of this machine, and a container whose network
namespace stands for the VPC router's. In all of them a load balancer's node connects to port 9 of a target.
"""

import random
import socket
import subprocess
from abc import ABC, abstractmethod
from contextlib import nullcontext
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

from sandbox.core.clock import VirtualClock
from sandbox.core.journal import Journal
from sandbox.drivers.firewall.base import Firewall
from sandbox.drivers.firewall.loopback import LoopbackFirewall
from sandbox.drivers.firewall.nft import NftFirewall
from sandbox.drivers.firewall.policy import (
    EVERYWHERE,
    AclEntry,
    Connection,
    Interface,
    NetworkAcl,
    Permission,
    Policy,
    SecurityGroup,
    Subnet,
    Traffic,
)
from sandbox.drivers.firewall.simulated import SimulatedFirewall
from sandbox.drivers.world import Answer, Machine, World
from sandbox.engine import Engine
from tests.support.drivers.networks import CONNECT, in_namespace
from tests.support.drivers.runtimes import MACHINE_IMAGE, PATIENCE, unique_name

NODE, TARGET, OTHER = (IPv4Address(address) for address in ("10.231.9.1", "10.231.7.10", "10.231.7.11"))
LB_SUBNET = Subnet(subnet_id="subnet-lb", network=IPv4Network("10.231.9.0/24"))
SUBNET = Subnet(subnet_id="subnet-web", network=IPv4Network("10.231.7.0/24"))
PORT = 9
EVERYTHING = Permission(rule_id="sgr-all", traffic=Traffic(), networks=(EVERYWHERE,))


def tcp(port: int = PORT, **peers: object) -> Permission:
    """Admits one port; peers: `networks` or `group`."""
    return Permission(rule_id="sgr-1", traffic=Traffic(protocol="tcp", first=port, last=port), **peers)  # type: ignore[arg-type]


def from_node(port: int = PORT) -> Permission:
    return tcp(port, group="sg-lb")


def acl(*entries: AclEntry, egress: tuple[AclEntry, ...] | None = None) -> NetworkAcl:
    """`egress` None: everything."""
    everything = AclEntry(number=100, traffic=Traffic(), network=EVERYWHERE, allow=True)
    return NetworkAcl(acl_id="acl-1", ingress=entries, egress=(everything,) if egress is None else egress)


def policy(*ingress: Permission, lb_egress: tuple[Permission, ...] = (EVERYTHING,), acl: NetworkAcl | None = None) -> Policy:
    """A node of a load balancer, and two targets whose group has these rules."""
    targets = [
        Interface(interface_id=f"eni-{n}", address=at, subnet=SUBNET.subnet_id, groups=("sg-web",)) for n, at in enumerate((TARGET, OTHER))
    ]
    node = Interface(interface_id="eni-lb", address=NODE, subnet=LB_SUBNET.subnet_id, groups=("sg-lb",), in_router=True)
    subnets = (LB_SUBNET, Subnet(subnet_id=SUBNET.subnet_id, network=SUBNET.network, acl=acl.acl_id if acl else None))
    groups = (
        SecurityGroup(group_id="sg-lb", egress=lb_egress),
        SecurityGroup(group_id="sg-web", ingress=ingress, egress=(EVERYTHING,)),
    )
    return Policy(interfaces=(node, *targets), groups=groups, subnets=subnets, acls=(acl,) if acl else ())


def two_vpcs(there: str = "", back: str = "") -> Policy:
    """The node in one VPC and the targets in another one; the networks that the routes of the first and of the second lead to."""
    admitting = policy(EVERYTHING)
    node, web = (
        replace(subnet, vpc=vpc, route_table=f"rtb-{vpc}", reaches=(IPv4Network(to),) if to else ())
        for subnet, vpc, to in zip(admitting.subnets, ("vpc-lb", "vpc-web"), (there, back), strict=True)
    )
    return Policy(interfaces=admitting.interfaces, groups=admitting.groups, subnets=(node, web))


class FirewallHarness(ABC):
    """`firewall` is under test. `again()` gives a second one on the same world, as after a restart of the control plane."""

    firewall: Firewall

    @abstractmethod
    def again(self) -> Firewall: ...

    @abstractmethod
    def answers(self, target: IPv4Address = TARGET) -> bool:
        """Whether the target answers the load balancer, even with a refusal."""

    def close(self) -> None:
        self.firewall.close()

    def endpoint(self, target: IPv4Address, at: tuple[str, int]) -> tuple[str, int]:
        return self.firewall.endpoint([NODE], Connection(source=NODE, destination=target, port=PORT), at)


class SimulatedHarness(FirewallHarness):
    def __init__(self) -> None:
        clock = VirtualClock()
        self.world = World(clock, Engine(clock, Journal(clock), nullcontext()).at, random.Random(1))
        for address in (TARGET, OTHER):
            name = f"i-{address}"
            self.world.machines[name] = Machine(instance_id=name, address=str(address), zone="us-east-1a", running=True)
        self.firewall = SimulatedFirewall(self.world)

    def again(self) -> Firewall:
        self.firewall.close()
        self.firewall = SimulatedFirewall(self.world)
        return self.firewall

    def answers(self, target: IPv4Address = TARGET) -> bool:
        return self.world.connect(*self.endpoint(target, (str(target), PORT)))[0] is not Answer.BLACKHOLE


class LoopbackHarness(FirewallHarness):
    def __init__(self) -> None:
        self._listening = {}
        for target in (TARGET, OTHER):
            listening = self._listening[target] = socket.socket()
            listening.bind((f"127.{str(target).partition('.')[2]}", 0))
            listening.listen()
        self.firewall = LoopbackFirewall()

    def again(self) -> Firewall:
        """The controller applies the policy before anything else runs."""
        before = self.firewall.in_force()
        self.firewall.close()
        self.firewall = LoopbackFirewall()
        if before is not None:
            self.firewall.apply(before)
        return self.firewall

    def answers(self, target: IPv4Address = TARGET) -> bool:
        try:
            socket.create_connection(self.endpoint(target, self._listening[target].getsockname()), timeout=0.2).close()
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        super().close()
        for listening in self._listening.values():
            listening.close()


class NftHarness(FirewallHarness):
    def __init__(self) -> None:
        self.container = unique_name()
        options = ["--network", "none", "--cap-add", "NET_ADMIN", "--name", self.container, "--entrypoint", "sleep"]
        _docker("run", "--detach", *options, MACHINE_IMAGE, "infinity")
        for address in (NODE, TARGET, OTHER):
            _docker("exec", self.container, "ip", "addr", "add", f"{address}/32", "dev", "lo")
        self.firewall = NftFirewall(in_namespace(self.container))

    def again(self) -> Firewall:
        self.firewall.close()
        self.firewall = NftFirewall(in_namespace(self.container))
        return self.firewall

    def answers(self, target: IPv4Address = TARGET) -> bool:
        return _docker("exec", self.container, "python3", "-c", CONNECT, str(target), "1", str(NODE)).strip() == "refused"

    def close(self) -> None:
        super().close()
        _docker("rm", "--force", self.container)


def _docker(*command: str) -> str:
    return subprocess.run(["docker", *command], check=True, capture_output=True, text=True, timeout=PATIENCE).stdout
