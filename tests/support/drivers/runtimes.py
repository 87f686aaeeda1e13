"""Harnesses of the three runtimes for the contract suite: creating one (and a second on the same world), waiting, breaking, and
requests to the application. The simulated one waits in virtual time; the real ones wait for `on_change`, never for a fixed time.
"""

import http.client
import os
import random
import signal
import socket
import subprocess
import threading
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path

import docker

from sandbox.core.clock import VirtualClock, WallClock
from sandbox.core.journal import Journal
from sandbox.drivers.runtime.base import Container, ContainerState, LaunchSpec, Runtime
from sandbox.drivers.runtime.docker.router import Router
from sandbox.drivers.runtime.docker.runtime import DEFAULT_IMAGE, DockerRuntime
from sandbox.drivers.runtime.process.records import Records
from sandbox.drivers.runtime.process.runtime import ProcessRuntime
from sandbox.drivers.runtime.simulated import SimulatedRuntime
from sandbox.drivers.world import Answer, World
from sandbox.engine import Engine

ROOT = Path(__file__).parents[3]
PATIENCE = 60.0  # real seconds before a real runtime counts as stuck, also on a loaded machine
MACHINE_IMAGE = os.environ.get("SANDBOX_MACHINE_IMAGE", "sandbox/machine:latest")
Condition = Callable[[Mapping[str, Container]], bool]


def launch_spec(number: int = 10, user_data: bytes | None = None, *, subnet: int = 7) -> LaunchSpec:
    """An instance in 10.231.<subnet>.0/24, a range that no other network should use."""
    return LaunchSpec(
        instance_id=f"i-{subnet:x}{number:016x}",
        image_id="ami-0c047a86012500412",
        instance_type="t3.micro",
        account="123456789012",
        region="us-east-1",
        availability_zone="us-east-1a",
        vpc_id="vpc-1",
        subnet_id=f"subnet-0contract{subnet}",
        subnet_cidr=f"10.231.{subnet}.0/24",
        private_ip_address=f"10.231.{subnet}.{number}",
        private_dns_name=f"ip-10-231-{subnet}-{number}.ec2.internal",
        user_data=user_data,
        memory_mib=256,
    )


def is_in(instance_id: str, state: ContainerState, boots: int | None = None) -> Callable[[Mapping[str, Container]], bool]:
    def condition(containers: Mapping[str, Container]) -> bool:
        found = containers.get(instance_id)
        return found is not None and found.state is state and boots in (None, found.boots)

    return condition


class RuntimeWorld(ABC):
    """`runtime` is under test. `again()` creates a second one on the same world, as after a restart of the control plane."""

    runtime: Runtime

    @abstractmethod
    def again(self) -> Runtime: ...

    @abstractmethod
    def wait(self, condition: Condition, runtime: Runtime | None = None) -> Mapping[str, Container]:
        """Waits until the condition holds for the snapshot. → the snapshot. Raises AssertionError when it never does."""

    @abstractmethod
    def answers(self, spec: LaunchSpec) -> bool:
        """Whether the application answers 200, once it has had the time to start."""

    @abstractmethod
    def refuses(self, spec: LaunchSpec) -> bool:
        """Whether a running machine refuses a connection to its port 80."""

    @abstractmethod
    def silent(self, spec: LaunchSpec) -> bool:
        """Whether a request to the application gets no answer."""

    def until_refused(self, spec: LaunchSpec) -> None:
        """Returns when connections to port 80 are refused. Raises AssertionError when they never are."""
        assert self.refuses(spec)

    @abstractmethod
    def kill(self, spec: LaunchSpec) -> None:
        """Kills the machine without the runtime."""

    @abstractmethod
    def clean(self) -> None:
        """Removes everything that was started."""


class SimulatedWorld(RuntimeWorld):
    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.engine = Engine(self.clock, Journal(self.clock), nullcontext())
        self.world = World(self.clock, self.engine.at, random.Random(1))
        self.runtime = SimulatedRuntime(self.world)

    def again(self) -> Runtime:
        self.runtime.close()
        return SimulatedRuntime(self.world)

    def wait(self, condition: Condition, runtime: Runtime | None = None) -> Mapping[str, Container]:
        runtime = runtime or self.runtime
        for _ in range(100):
            if condition(runtime.containers()):
                return runtime.containers()
            self.engine.run_until(self.clock.now() + timedelta(milliseconds=100))
        raise AssertionError(f"the condition never held: {dict(runtime.containers())}")

    def answers(self, spec: LaunchSpec) -> bool:
        self.engine.run_until(self.clock.now() + self.world.app_start_time)
        return self.world.connect(spec.private_ip_address, 80) == (Answer.RESPONSE, 200)

    def refuses(self, spec: LaunchSpec) -> bool:
        self.engine.run_until(self.clock.now() + self.world.app_start_time)
        return self.world.connect(spec.private_ip_address, 80)[0] is Answer.REFUSED

    def silent(self, spec: LaunchSpec) -> bool:
        return self.world.connect(spec.private_ip_address, 80)[0] in (Answer.HANG, Answer.BLACKHOLE)

    def kill(self, spec: LaunchSpec) -> None:
        assert isinstance(self.runtime, SimulatedRuntime)
        self.runtime.crash(spec.instance_id)

    def clean(self) -> None:
        self.runtime.close()


class RealWorld(RuntimeWorld):
    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.changes: list[str] = []

    def watch(self, runtime: Runtime) -> None:
        """Called before the first wait on that runtime."""
        runtime.on_change(self._on_change)

    def _on_change(self, instance_id: str) -> None:
        with self.changed:
            self.changes.append(instance_id)
            self.changed.notify_all()

    def wait(self, condition: Condition, runtime: Runtime | None = None) -> Mapping[str, Container]:
        """Checks the condition only when `on_change` was called: a change without a callback is not seen."""
        runtime = runtime or self.runtime
        with self.changed:
            held = self.changed.wait_for(lambda: condition(runtime.containers()), PATIENCE)
        assert held, f"the condition never held: {dict(runtime.containers())}"
        return runtime.containers()

    def answers(self, spec: LaunchSpec) -> bool:
        """The application may still be starting: a refused connection is retried."""
        host, port = self.runtime.endpoint(spec.private_ip_address, 80)
        for _ in range(int(PATIENCE / 0.05)):
            connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)
            try:
                connection.request("GET", "/health")
                return connection.getresponse().status == 200
            except ConnectionRefusedError:
                threading.Event().wait(0.05)  # nothing else signals that another program listens
            finally:
                connection.close()
        return False

    def refuses(self, spec: LaunchSpec) -> bool:
        return not self.listens(*self.runtime.endpoint(spec.private_ip_address, 80))

    def listens(self, host: str, port: int) -> bool:
        """Whether a program accepts a connection there."""
        try:
            socket.create_connection((host, port), timeout=PATIENCE).close()
        except ConnectionRefusedError:
            return False
        return True

    def silent(self, spec: LaunchSpec) -> bool:
        connection = http.client.HTTPConnection(*self.runtime.endpoint(spec.private_ip_address, 80), timeout=1)
        try:
            connection.request("GET", "/health")
            connection.getresponse()
        except TimeoutError:
            return True
        finally:
            connection.close()
        return False

    def until_refused(self, spec: LaunchSpec) -> None:
        for _ in range(int(PATIENCE / 0.05)):
            if self.refuses(spec):
                return
            threading.Event().wait(0.05)  # nothing signals that a program listens no longer
        raise AssertionError("connections were never refused")


PORT_OFFSET = 20_000 + 500 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
"""Of the ports of local processes: the workers of a test run use the same addresses at the same time."""


class ProcessWorld(RealWorld):
    def __init__(self, directory: Path) -> None:
        super().__init__()
        self.directory = directory
        self.runtime = self._make()

    def _make(self) -> ProcessRuntime:
        runtime = ProcessRuntime(WallClock(), self.directory, PORT_OFFSET, ROOT / "sandbox/images/machine")
        self.watch(runtime)
        return runtime

    def again(self) -> Runtime:
        self.runtime.close()
        self.runtime = self._make()
        return self.runtime

    def kill(self, spec: LaunchSpec) -> None:
        (record,) = [r for r in Records(self.directory).load() if r.spec.instance_id == spec.instance_id]
        os.kill(record.pid, signal.SIGKILL)

    def clean(self) -> None:
        assert isinstance(self.runtime, ProcessRuntime)
        stayed = self.runtime.remove_all()
        self.runtime.close()
        assert stayed == ()


def unique_name() -> str:
    return f"contract-{uuid.uuid4().hex[:8]}"


class DockerWorld(RealWorld):
    def __init__(self, name: str | None = None, router: Router | None = None, docker_host: str | None = None) -> None:
        super().__init__()
        self.name = name or unique_name()
        self.router, self.docker_host = router, docker_host
        self.runtime: DockerRuntime = self._make()

    def _make(self) -> DockerRuntime:
        images = {DEFAULT_IMAGE: MACHINE_IMAGE}
        runtime = DockerRuntime(WallClock(), self.name, self.docker_host, self.router, images)
        assert runtime.available() is None, runtime.available()
        self.watch(runtime)
        return runtime

    def again(self) -> Runtime:
        self.runtime.close()
        self.runtime = self._make()
        return self.runtime

    def kill(self, spec: LaunchSpec) -> None:
        self.docker("kill", f"{self.name}-{spec.instance_id}")

    def docker(self, *command: str) -> str:
        return subprocess.run(["docker", *command], check=True, capture_output=True, text=True, timeout=PATIENCE).stdout

    def inside(self, spec: LaunchSpec, *command: str) -> str:
        """Runs a command in the instance; → its output, whatever its exit code."""
        asked = ["docker", "exec", f"{self.name}-{spec.instance_id}", *command]
        return subprocess.run(asked, check=False, capture_output=True, text=True, timeout=PATIENCE).stdout

    def clean(self) -> None:
        stayed = self.runtime.remove_all()
        self.runtime.close()
        assert stayed == ()
        with docker.APIClient(version="auto") as client:
            assert client.containers(all=True, filters={"label": f"sandbox.name={self.name}"}) == []
