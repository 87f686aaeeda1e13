"""The two networks as the contract suite drives them: the simulated world, and a container whose network namespace stands for the VPC
router's. In both, two addresses answer in two subnets.
"""

import random
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import nullcontext
from ipaddress import IPv4Network

from sandbox.core.clock import VirtualClock
from sandbox.core.journal import Journal
from sandbox.drivers.network.base import Network
from sandbox.drivers.network.namespace import Run
from sandbox.drivers.network.nft import NftNetwork
from sandbox.drivers.network.simulated import SimulatedNetwork
from sandbox.drivers.world import Answer, Machine, World
from sandbox.engine import Engine
from tests.support.drivers.runtimes import MACHINE_IMAGE, PATIENCE, unique_name

HERE, THERE = IPv4Network("10.231.7.0/24"), IPv4Network("10.231.8.0/24")
CONNECT = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], 9), timeout=float(sys.argv[2]))
except ConnectionRefusedError:
    print("refused")
except TimeoutError:
    print("silent")
"""


class NetworkHarness(ABC):
    """`network` is under test. `again()` gives a second one on the same world, as after a restart of the control plane."""

    network: Network

    @abstractmethod
    def again(self) -> Network: ...

    @abstractmethod
    def answers(self, subnet: IPv4Network) -> bool:
        """Whether an address of the subnet answers, even with a refusal."""

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


class NftHarness(NetworkHarness):
    def __init__(self) -> None:
        self.container = unique_name()
        options = ["--network", "none", "--cap-add", "NET_ADMIN", "--name", self.container, "--entrypoint", "sleep"]
        _docker("run", "--detach", *options, MACHINE_IMAGE, "infinity")
        for subnet in (HERE, THERE):
            _docker("exec", self.container, "ip", "addr", "add", f"{subnet[10]}/32", "dev", "lo")
        self.network = NftNetwork(in_namespace(self.container))

    def again(self) -> Network:
        self.network.close()
        self.network = NftNetwork(in_namespace(self.container))
        return self.network

    def answers(self, subnet: IPv4Network) -> bool:
        return _docker("exec", self.container, "python3", "-c", CONNECT, str(subnet[10]), "1").strip() == "refused"

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
