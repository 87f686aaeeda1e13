"""Security groups on the packets of real containers, in one subnet and across two, through the VPC router of the Docker runtime."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network

import pytest

from sandbox.drivers.firewall.nft import NftFirewall
from sandbox.drivers.firewall.policy import EVERYWHERE, Interface, Permission, Policy, SecurityGroup, Subnet, Traffic
from sandbox.drivers.network.namespace import Run
from sandbox.drivers.runtime.base import ContainerState, LaunchSpec
from sandbox.drivers.runtime.docker.engine import DockerEngine
from sandbox.drivers.runtime.docker.router import NetnsRouter
from tests.support import rule
from tests.support.drivers.networks import ROUTER_SYSCTLS, in_namespace
from tests.support.drivers.runtimes import MACHINE_IMAGE, PATIENCE, DockerWorld, is_in, launch_spec, unique_name
from tests.support.waiting import until

pytestmark = pytest.mark.docker

EVERYTHING = Permission(rule_id="sgr-all", traffic=Traffic(), networks=(EVERYWHERE,))
HTTP = Permission(rule_id="sgr-1", traffic=Traffic(protocol="tcp", first=80, last=80), group="sg-client")
TALK = """
import http.client, sys
connection = http.client.HTTPConnection(sys.argv[1], 80, timeout=5)
connection.connect()
connection.auto_open = 0  # one connection for all requests
for line in sys.stdin:
    connection.request("GET", "/health")
    response = connection.getresponse()
    response.read()
    print(response.status, flush=True)
"""
ASK_FOR_ANOTHER = "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.sendto(b'x', ('10.231.7.77', 9))"


@dataclass
class Vpc:
    """`client` and `server` are in one subnet, `far` is in another."""

    world: DockerWorld
    firewall: NftFirewall
    run: Run
    client: LaunchSpec
    server: LaunchSpec
    far: LaunchSpec

    def admit(self, *ingress: Permission) -> None:
        """The server's group; and waits until it is in force."""
        wanted = Policy(
            interfaces=tuple(_interface(spec, group) for spec, group in ((self.client, "sg-client"), (self.server, "sg-server"))),
            groups=(SecurityGroup(group_id="sg-client", egress=(EVERYTHING,)), SecurityGroup(group_id="sg-server", ingress=ingress)),
            subnets=(Subnet(subnet_id=self.server.subnet_id, network=IPv4Network(self.server.subnet_cidr)),),
        )
        self.firewall.apply(wanted)
        until(lambda: self.firewall.in_force() == wanted)

    def status(self, source: LaunchSpec) -> str:
        address = self.server.private_ip_address
        return self.world.inside(source, "curl", "-s", "-o", "/dev/null", "-m", "2", "-w", "%{http_code}", f"http://{address}/health")


def _interface(spec: LaunchSpec, group: str) -> Interface:
    return Interface(
        interface_id=f"eni-{group}",
        address=IPv4Address(spec.private_ip_address),
        subnet=spec.subnet_id,
        groups=(group,),
        owner=spec.instance_id,
    )


def _spec(number: int, subnet: int = 7) -> LaunchSpec:
    return replace(launch_spec(number, subnet=subnet), mac_address=f"02:00:00:00:{subnet:02x}:{number:02x}")


@pytest.fixture(scope="module")
def vpc() -> Iterator[Vpc]:
    """As in docker-compose.yml a container owns the namespace; commands in it stand for those of the control plane."""
    name = unique_name()
    helper = DockerWorld(name=name)
    netns = f"{name}-netns"
    edge, control = f"{name}-edge", f"{name}-ctl"
    helper.docker("network", "create", "--subnet", "10.231.1.0/24", edge)
    helper.docker("network", "create", "--internal", "--subnet", "10.231.2.0/24", control)
    try:
        options = ["--cap-add", "NET_ADMIN", "--network", edge, "--name", netns]
        options += [each for value in ROUTER_SYSCTLS for each in ("--sysctl", f"net.ipv4.{value}")]
        roles = ["--label", "sandbox.role=netns", "--label", f"sandbox.topology={name}"]
        helper.docker("run", "-d", *options, *roles, MACHINE_IMAGE, "sleep", "infinity")
        helper.docker("network", "connect", control, netns)
        helper.runtime.close()
        run = in_namespace(netns)
        world = DockerWorld(name=name, router=NetnsRouter(DockerEngine(name), run))
        helper.runtime = world.runtime
        made = Vpc(world, NftFirewall(run), run, _spec(10), _spec(11), _spec(10, subnet=8))
        for spec in (made.client, made.server, made.far):
            world.runtime.launch(spec)
            world.wait(is_in(spec.instance_id, ContainerState.RUNNING))
        until(lambda: made.status(made.client) == "200", PATIENCE)
        yield made
        made.firewall.close()
    finally:
        helper.runtime.remove_all()
        helper.docker("rm", "-f", netns)
        helper.clean()
        for network in (edge, control):
            helper.docker("network", "rm", network)


@rule("SG-1", "SG-2")
def test_a_group_is_enforced_within_a_subnet_and_across_two(vpc: Vpc) -> None:
    vpc.admit()
    assert [vpc.status(source) for source in (vpc.client, vpc.far)] == ["000", "000"]
    vpc.admit(HTTP)
    assert [vpc.status(source) for source in (vpc.client, vpc.far)] == ["200", "000"]


@rule("SG-4")
def test_an_established_connection_goes_on_when_its_rule_is_removed_and_a_new_one_is_dropped(vpc: Vpc) -> None:
    vpc.admit(HTTP)
    container = f"{vpc.world.name}-{vpc.client.instance_id}"
    command = ["docker", "exec", "-i", container, "python3", "-c", TALK, vpc.server.private_ip_address]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as talk:
        assert talk.stdin and talk.stdout
        for ingress in ((HTTP,), ()):
            vpc.admit(*ingress)
            talk.stdin.write("again\n")
            talk.stdin.flush()
            assert talk.stdout.readline().strip() == "200"
        assert vpc.status(vpc.client) == "000"
        talk.stdin.close()


def test_an_instance_does_not_learn_the_address_of_another_from_what_it_asks_for(vpc: Vpc) -> None:
    """Else its packets would pass the router no more. Every request for an address is heard by the whole subnet."""
    vpc.admit(HTTP)
    assert vpc.status(vpc.client) == "200"
    vpc.world.inside(vpc.server, "python3", "-c", ASK_FOR_ANOTHER)
    table = vpc.world.inside(vpc.client, "cat", "/proc/net/arp")
    [entry] = [line for line in table.splitlines() if line.startswith(f"{vpc.server.private_ip_address} ")]
    assert vpc.server.mac_address not in entry
    assert vpc.status(vpc.client) == "200"


def test_an_instance_that_was_stopped_and_started_is_behind_the_router_again(vpc: Vpc) -> None:
    vpc.admit()
    vpc.world.runtime.reboot(vpc.server.instance_id)
    vpc.world.wait(is_in(vpc.server.instance_id, ContainerState.RUNNING, 2))
    assert vpc.status(vpc.client) == "000"
    vpc.admit(HTTP)
    until(lambda: vpc.status(vpc.client) == "200", PATIENCE)


@rule("SG-10")
def test_a_dropped_connection_is_reported(vpc: Vpc) -> None:
    seen: list[str] = []
    vpc.firewall.on_drop(lambda dropped: seen.extend(map(str, dropped)))
    vpc.admit()
    assert vpc.status(vpc.client) == "000"
    until(lambda: f"tcp port 80 from {vpc.client.private_ip_address} to {vpc.server.private_ip_address}" in seen, 10)
