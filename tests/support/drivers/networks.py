"""The networks as the contract suite drives them: the simulated world, loopback addresses of this machine, and a container whose network
namespace stands for the VPC router's. In all of them, two addresses answer in two subnets.
"""

import random
import socket
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import nullcontext
from ipaddress import IPv4Network
from pathlib import Path
from tempfile import TemporaryDirectory

from sandbox.core.clock import VirtualClock
from sandbox.core.journal import Journal
from sandbox.drivers.network.base import Network
from sandbox.drivers.network.loopback import LoopbackNetwork
from sandbox.drivers.network.namespace import Run
from sandbox.drivers.network.nft import NftNetwork
from sandbox.drivers.network.simulated import SimulatedNetwork
from sandbox.drivers.world import Answer, Machine, World
from sandbox.engine import Engine
from tests.support.drivers.runtimes import MACHINE_IMAGE, PATIENCE, unique_name

HERE, THERE = IPv4Network("10.231.7.0/24"), IPv4Network("10.231.8.0/24")
ROUTER = "10.231.9.1"  # the address from which the load balancer connects: outside both
CONNECT = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], 9), timeout=float(sys.argv[2]), source_address=(sys.argv[3], 0))
except ConnectionRefusedError:
    print("refused")
except TimeoutError:
    print("silent")
"""

ROUTER_SYSCTLS = ("ip_forward=1", "conf.default.proxy_arp_pvlan=1", "conf.all.send_redirects=0", "conf.default.send_redirects=0")
"""Of the container netns, in docker-compose.yml, below net.ipv4."""


class NetworkHarness(ABC):
    """`network` is under test. `again()` gives a second one on the same world, as after a restart of the control plane."""

    network: Network

    @abstractmethod
    def again(self) -> Network: ...

    @abstractmethod
    def answers(self, subnet: IPv4Network) -> bool:
        """Whether an address of the subnet answers the load balancer, even with a refusal."""

    def close(self) -> None:
        self.network.close()


class SimulatedHarness(NetworkHarness):
    def __init__(self) -> None:
        clock = VirtualClock()
        self.world = World(clock, Engine(clock, Journal(clock), nullcontext()).at, random.Random(1))
        for subnet in (HERE, THERE):
            name = f"i-{subnet}"
            self.world.machines[name] = Machine(instance_id=name, address=str(subnet[10]), zone="us-east-1a", running=True)
        self.network = SimulatedNetwork(self.world)

    def again(self) -> Network:
        self.network.close()
        self.network = SimulatedNetwork(self.world)
        return self.network

    def answers(self, subnet: IPv4Network) -> bool:
        return self.world.connect(str(subnet[10]), 9)[0] is not Answer.BLACKHOLE


class LoopbackHarness(NetworkHarness):
    def __init__(self) -> None:
        self._folder = TemporaryDirectory()
        self._listening = {}
        for subnet in (HERE, THERE):
            listening = self._listening[subnet] = socket.socket()
            listening.bind((f"127.{str(subnet[10]).partition('.')[2]}", 0))
            listening.listen()
        self.network: LoopbackNetwork = LoopbackNetwork(Path(self._folder.name) / "cuts.json")

    def again(self) -> Network:
        self.network.close()
        self.network = LoopbackNetwork(Path(self._folder.name) / "cuts.json")
        return self.network

    def answers(self, subnet: IPv4Network) -> bool:
        at = self.network.endpoint(str(subnet[10]), self._listening[subnet].getsockname())
        try:
            socket.create_connection(at, timeout=0.2).close()
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        super().close()
        for listening in self._listening.values():
            listening.close()
        self._folder.cleanup()


class NftHarness(NetworkHarness):
    def __init__(self) -> None:
        self.container = unique_name()
        options = ["--network", "none", "--cap-add", "NET_ADMIN", "--name", self.container, "--entrypoint", "sleep"]
        _docker("run", "--detach", *options, MACHINE_IMAGE, "infinity")
        for address in (HERE[10], THERE[10], ROUTER):
            _docker("exec", self.container, "ip", "addr", "add", f"{address}/32", "dev", "lo")
        self.network = NftNetwork(in_namespace(self.container))

    def again(self) -> Network:
        self.network.close()
        self.network = NftNetwork(in_namespace(self.container))
        return self.network

    def answers(self, subnet: IPv4Network) -> bool:
        return _docker("exec", self.container, "python3", "-c", CONNECT, str(subnet[10]), "1", ROUTER).strip() == "refused"

    def close(self) -> None:
        super().close()
        _docker("rm", "--force", self.container)


def in_namespace(container: str) -> Run:
    """Runs commands in the container's network namespace, as the control plane does in the one that it shares."""

    def run(command: Sequence[str], text: str | None = None) -> str:
        return _docker("exec", *(["--interactive"] if text else []), container, *command, text=text)

    return run


def _docker(*command: str, text: str | None = None) -> str:
    done = subprocess.run(["docker", *command], input=text, check=True, capture_output=True, text=True, timeout=PATIENCE)
    return done.stdout
