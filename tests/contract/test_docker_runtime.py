"""What only the Docker runtime has: the tutorial's deploy.sh, limits, refusals of Docker, an engine that stops, the VPC router."""

import gc
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from sandbox.core.clock import WallClock
from sandbox.drivers.network.base import Cut, Direction, both_ways, normal
from sandbox.drivers.network.nft import NftNetwork
from sandbox.drivers.runtime.base import ContainerState, LaunchSpec
from sandbox.drivers.runtime.commands import MachineCommand
from sandbox.drivers.runtime.docker import runtime as docker_runtime
from sandbox.drivers.runtime.docker.engine import DockerEngine
from sandbox.drivers.runtime.docker.router import NetnsRouter
from sandbox.drivers.runtime.docker.runtime import DEFAULT_IMAGE, DockerRuntime
from sandbox.images import MACHINE
from tests.support import rule
from tests.support.drivers.networks import ROUTER_SYSCTLS, in_namespace
from tests.support.drivers.runtimes import MACHINE_IMAGE, PATIENCE, DockerWorld, is_in, launch_spec, unique_name
from tests.support.waiting import until

pytestmark = pytest.mark.docker
RUNNING, FAILED = ContainerState.RUNNING, ContainerState.FAILED
SOCKET = "/var/run/docker.sock"


@pytest.fixture
def world() -> Iterator[DockerWorld]:
    made = DockerWorld()
    try:
        yield made
    finally:
        made.clean()


def launched(world: DockerWorld, spec: LaunchSpec) -> LaunchSpec:
    world.runtime.launch(spec)
    world.wait(is_in(spec.instance_id, RUNNING))
    return spec


# ---- the machine -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("script", [pytest.param("as the page intends it", marks=rule("TUT-12", "TUT-17")), "corrected"])
@rule("UD-7", "DNS-3")
def test_the_tutorials_deploy_script_runs_offline_and_the_application_answers(world: DockerWorld, script: str) -> None:
    """The page's script has sudo before each command; the corrected one runs its commands as root (TUT-17)."""
    as_written = (MACHINE / "deploy-as-written.sh").read_text()
    text = as_written.removeprefix("# deploy.sh\n") if script != "corrected" else (MACHINE / "deploy.sh").read_text()
    spec = launched(world, launch_spec(user_data=text.encode()))

    assert world.answers(spec)

    page = world.inside(spec, "curl", "-s", "http://127.0.0.1/")
    assert f"{spec.instance_id} (ip-10-231-7-10)" in page
    assert "us-east-1a" in page
    assert "python3 is already the newest version" in world.inside(spec, "cat", "/var/log/cloud-init-output.log")
    assert world.inside(spec, "stat", "-c", "%U", "/var/www/coinbase-app/app.py") == "ubuntu\n"
    log_file = "/1" if script != "corrected" else "/var/log/app.log"  # TUT-12: 2&>1 writes to a file named 1
    assert "Serving Flask app" in world.inside(spec, "cat", log_file)


@pytest.mark.parametrize(("script", "goes_on"), [("deploy-as-written.sh", True), ("deploy.sh", False)])
@rule("TUT-14", "TUT-15", "UD-8")
def test_a_user_that_the_distribution_does_not_have_is_skipped_unless_the_script_ends_at_its_first_error(
    world: DockerWorld, script: str, goes_on: bool
) -> None:
    """On Amazon Linux there is no user `ubuntu`; here there is no `ec2-user`."""
    text = (MACHINE / script).read_text().removeprefix("# deploy.sh\n").replace("ubuntu:ubuntu", "ec2-user:ec2-user")
    spec = launched(world, launch_spec(user_data=text.encode()))
    until_logged(world, spec, "chown: invalid user: ")
    if goes_on:
        assert world.answers(spec)
    else:
        until_logged(world, spec, "Failed to run module scripts-user (scripts in /var/lib/cloud/instance/scripts)")
        assert world.refuses(spec)
    assert world.runtime.containers()[spec.instance_id].state is RUNNING


@rule("TUT-5")
def test_without_user_data_a_production_server_answers_on_port_80(world: DockerWorld) -> None:
    spec = launched(world, launch_spec())
    assert world.answers(spec)
    assert "Server: waitress" in world.inside(spec, "curl", "-si", "http://127.0.0.1/")


@rule("UD-4", "TUT-10")
def test_the_tutorials_deploy_script_with_its_caption_is_not_run(world: DockerWorld) -> None:
    spec = launched(world, launch_spec(user_data=(MACHINE / "deploy-as-written.sh").read_bytes()))
    until_logged(world, spec, "handlers[WARNING]: Unhandled non-multipart (text/x-not-multipart) userdata: 'b'# deploy.sh'...'")
    assert world.runtime.containers()[spec.instance_id].state is RUNNING


@rule("UD-8")
def test_script_that_fails_is_reported_and_the_machine_stays_up(world: DockerWorld) -> None:
    spec = launched(world, launch_spec(user_data=b"#!/bin/bash\necho now it fails\nexit 3\n"))
    until_logged(world, spec, "Failed to run module scripts-user (scripts in /var/lib/cloud/instance/scripts)")
    assert "now it fails" in world.inside(spec, "cat", "/var/log/cloud-init-output.log")
    assert world.runtime.containers()[spec.instance_id].state is RUNNING


@rule("UD-6")
def test_script_runs_as_root_in_the_root_folder_with_a_bare_environment(world: DockerWorld) -> None:
    spec = launched(
        world, launch_spec(user_data=b"#!/usr/bin/env python3\nimport os\nprint(os.getuid(), os.getcwd(), sorted(os.environ))\n")
    )
    until_logged(world, spec, "0 / ['LANG', 'PATH']")


def test_machine_stays_up_when_its_application_dies(world: DockerWorld) -> None:
    spec = launched(world, launch_spec())
    assert world.answers(spec)
    world.inside(spec, "sh", "-c", "pid=$(pgrep -f '[w]aitress'); kill -KILL $pid; while kill -0 $pid; do :; done")
    assert world.refuses(spec)
    assert world.runtime.containers()[spec.instance_id].state is RUNNING
    assert world.runtime.reachable(spec.instance_id) is True


def test_limits_and_capabilities_are_those_of_the_specification(world: DockerWorld) -> None:
    spec = launched(world, launch_spec())
    host = world.docker("inspect", "-f", "{{json .HostConfig}}", f"{world.name}-{spec.instance_id}")
    assert f'"Memory":{256 << 20},' in host
    assert '"NanoCpus":1000000000,' in host
    assert '"CapDrop":["ALL"]' in host
    assert world.inside(spec, "env").count("USER_DATA") <= 1
    assert "USER_DATA" not in world.inside(spec, "sh", "-c", "cat /proc/$(pgrep -f waitress)/environ")


# ---- status, failures, outages ---------------------------------------------------------------------------------------


@rule("EC2-30")
def test_a_process_that_uses_too_much_memory_is_killed_and_the_machine_goes_on(world: DockerWorld) -> None:
    spec = launch_spec()
    world.runtime.launch(spec)
    world.wait(is_in(spec.instance_id, ContainerState.RUNNING))
    hog = MachineCommand(argv=("python3", "-c", "held = bytearray(600 << 20); print(len(held))"), timeout=30.0)
    result = world.runtime.run_command(spec.instance_id, hog)
    assert (result.exit_code, result.stdout) == (137, b"")
    world.wait(lambda containers: containers[spec.instance_id].oom_kills > 0)
    seen = world.runtime.containers()[spec.instance_id]
    assert (seen.state, seen.memory_mib, world.answers(spec)) == (ContainerState.RUNNING, 256, True)
    assert b"Out of memory: a process was killed, the memory of this machine (256 MiB)" in world.runtime.console_output(spec.instance_id)


def test_paused_machine_is_running_and_not_reachable(world: DockerWorld) -> None:
    spec = launched(world, launch_spec())
    world.docker("pause", f"{world.name}-{spec.instance_id}")
    world.wait(lambda _: world.runtime.reachable(spec.instance_id) is False)
    assert world.runtime.containers()[spec.instance_id].state is RUNNING
    world.docker("unpause", f"{world.name}-{spec.instance_id}")
    world.wait(lambda _: world.runtime.reachable(spec.instance_id) is True)


@rule("EC2-30")
def test_machine_off_its_network_is_not_reachable(world: DockerWorld) -> None:
    spec = launched(world, launch_spec())
    world.docker("network", "disconnect", f"{world.name}-subnet-{spec.subnet_id}", f"{world.name}-{spec.instance_id}")
    world.wait(lambda _: world.runtime.reachable(spec.instance_id) is False)


def test_address_in_use_fails_with_a_sentence_and_can_be_terminated(world: DockerWorld) -> None:
    launched(world, launch_spec(10))
    same_address = replace(launch_spec(11), private_ip_address="10.231.7.10")
    world.runtime.launch(same_address)
    failed = world.wait(is_in(same_address.instance_id, FAILED))[same_address.instance_id]
    assert failed.error == f"The address 10.231.7.10 of {same_address.instance_id} is in use in the Docker network of subnet-0contract7."
    world.runtime.terminate(same_address.instance_id)
    world.wait(lambda containers: same_address.instance_id not in containers)


def test_missing_image_is_reported_before_and_at_the_launch() -> None:
    name = unique_name()
    runtime = DockerRuntime(WallClock(), name, None, None, {DEFAULT_IMAGE: "sandbox/machine:no-such-tag"})
    missing = "The Docker image sandbox/machine:no-such-tag does not exist. next: sandbox up"
    try:
        assert runtime.available() == missing
        spec = launch_spec()
        failed = threading.Event()
        runtime.on_change(lambda i: failed.set() if runtime.containers()[i].state is FAILED else None)
        runtime.launch(spec)
        assert failed.wait(PATIENCE)
        assert runtime.containers()[spec.instance_id].error == missing
    finally:
        runtime.remove_all()
        runtime.close()


def test_cidr_of_another_network_is_refused_with_its_name_and_a_launch_there_fails(world: DockerWorld) -> None:
    other = DockerWorld()
    try:
        launched(other, launch_spec(10))
        sentence = f"10.231.0.0/16 overlaps the Docker network {other.name}-subnet-subnet-0contract7 (10.231.7.0/24) on this machine"
        waited = threading.Event()
        for _ in range(100):
            if (world.runtime.check_cidr("10.231.0.0/16") or "").startswith(sentence):
                break
            waited.wait(0.05)
        assert (world.runtime.check_cidr("10.231.0.0/16") or "").startswith(sentence)
        assert other.runtime.check_cidr("10.231.0.0/16") is None
        assert world.runtime.check_cidr("10.234.0.0/16") is None

        spec = launch_spec(11)
        world.runtime.launch(spec)
        failed = world.wait(is_in(spec.instance_id, FAILED))[spec.instance_id]
        assert f"overlaps the Docker network {other.name}-subnet" in (failed.error or "")
    finally:
        other.clean()


def test_stale_network_of_a_deleted_subnet_is_removed_for_a_new_one(world: DockerWorld) -> None:
    old = launched(world, launch_spec(10))
    world.runtime.terminate(old.instance_id)
    world.wait(lambda containers: not containers)
    launched(world, replace(launch_spec(10), subnet_id="subnet-0new"))


def test_removing_all_leaves_another_sandbox_alone(world: DockerWorld) -> None:
    other = DockerWorld()
    try:
        kept = launched(other, launch_spec(10, subnet=9))
        launched(world, launch_spec(10))
        assert world.runtime.remove_all() == ()
        assert other.answers(kept)
        assert other.name in other.docker("network", "ls", "--format", "{{.Name}}")
        assert world.name not in other.docker("network", "ls", "--format", "{{.Name}}")
    finally:
        other.clean()


class Gate:
    """A Unix socket in front of Docker's that can be shut, so that Docker does not answer although the engine runs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._flowing = threading.Event()
        self._flowing.set()
        self._connections: list[socket.socket] = []
        self._listener: socket.socket | None = None

    def open(self) -> None:
        self.path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self._listener.listen(32)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def shut(self) -> None:
        assert self._listener
        for connection in [self._listener, *self._connections]:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        self._connections.clear()
        self.path.unlink(missing_ok=True)

    def freeze(self) -> None:
        """Connections are accepted, and no response comes."""
        self._flowing.clear()

    def thaw(self) -> None:
        self._flowing.set()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                engine = socket.socket(socket.AF_UNIX)
                engine.connect(SOCKET)
                self._connections += [client, engine]
                for source, sink in ((client, engine), (engine, client)):
                    threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self._flowing.wait()
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


@pytest.fixture
def leaking_sdk() -> Iterator[None]:
    """docker/transport/unixconn.py leaves a socket open when it cannot connect: it is collected here, not in another test."""
    yield
    gc.collect()


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.usefixtures("leaking_sdk")
def test_verbs_requested_while_docker_is_down_are_carried_out_when_it_is_up(tmp_path: Path) -> None:
    gate = Gate(tmp_path / "docker.sock")
    gate.open()
    world = DockerWorld(docker_host=f"unix://{gate.path}")
    try:
        first, second = launched(world, launch_spec(10)), launch_spec(11)
        gate.shut()
        world.runtime.launch(second)
        world.kill(first)  # while the runtime cannot see it
        assert world.runtime.containers()[second.instance_id].state is ContainerState.STARTING

        gate.open()

        world.wait(is_in(second.instance_id, RUNNING))
        assert world.wait(is_in(first.instance_id, ContainerState.EXITED))[first.instance_id].exit_code == 137
        assert world.runtime.available() is None
    finally:
        world.clean()
        gate.shut()


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.usefixtures("leaking_sdk")
def test_a_frozen_engine_is_reported_and_its_work_is_done_once_when_it_continues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker_runtime, "LIVENESS_INTERVAL", 0.1)
    monkeypatch.setattr(docker_runtime, "LIVENESS_TIMEOUT", 0.3)
    gate = Gate(tmp_path / "docker.sock")
    gate.open()
    world = DockerWorld(docker_host=f"unix://{gate.path}")
    try:
        spec = launch_spec(10)
        gate.freeze()
        world.runtime.launch(spec)
        until(lambda: world.runtime.available() == "Docker does not answer: it accepts connections, but sends no response.")
        assert world.runtime.containers()[spec.instance_id].state is ContainerState.STARTING
        gate.thaw()
        world.wait(is_in(spec.instance_id, RUNNING))
        until(lambda: world.runtime.available() is None)
    finally:
        gate.thaw()
        world.clean()
        gate.shut()


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.usefixtures("leaking_sdk")
def test_engine_that_never_answered_is_reported_as_unavailable(tmp_path: Path) -> None:
    runtime = DockerRuntime(WallClock(), unique_name(), f"unix://{tmp_path}/no.sock", None, {DEFAULT_IMAGE: MACHINE_IMAGE})
    try:
        assert runtime.available() == "Docker does not answer: No such file or directory"
    finally:
        runtime.close()


# ---- the router ------------------------------------------------------------------------------------------------------


def cut(network: NftNetwork, *cuts: Cut) -> None:
    """And waits until it is in force."""
    network.apply(frozenset(cuts))
    until(lambda: network.cut_off() == normal(cuts))


def test_router_joins_subnets_and_a_subnet_that_is_cut_off_is_silent() -> None:
    """As in docker-compose.yml a container owns the namespace; commands in it stand for those of the control plane."""
    name = unique_name()
    helper = DockerWorld(name=name)
    edge, ctl, netns = f"{name}-edge", f"{name}-ctl", f"{name}-netns"
    helper.docker("network", "create", "--subnet", "10.231.1.0/24", edge)
    helper.docker("network", "create", "--internal", "--subnet", "10.231.2.0/24", ctl)
    try:
        roles = ["--label", "sandbox.role=netns", "--label", f"sandbox.topology={name}"]
        sysctls = [word for each in ROUTER_SYSCTLS for word in ("--sysctl", f"net.ipv4.{each}")]
        options = ["--cap-add", "NET_ADMIN", *sysctls, "--network", edge, "--name", netns]
        helper.docker("run", "-d", *options, *roles, MACHINE_IMAGE, "sleep", "infinity")
        helper.docker("network", "connect", ctl, netns)
        run = in_namespace(netns)
        helper.runtime.close()
        world = DockerWorld(name=name, router=NetnsRouter(DockerEngine(name), run))
        helper.runtime = world.runtime
        here, there = launched(world, launch_spec(10)), launched(world, launch_spec(10, subnet=8))
        status = ["curl", "-s", "-o", "/dev/null", "-m", "2", "--retry", "20", "--retry-connrefused", "-w", "%{http_code}"]

        assert world.inside(here, *status, "http://10.231.8.10/health") == "200"
        assert world.inside(there, *status, "http://10.231.7.10/health") == "200"
        assert "via 10.231.1.1 " in run(["ip", "route", "show", "default"], None)

        network = NftNetwork(run)
        network.apply(both_ways(IPv4Network("10.231.8.0/24")))
        until(network.cut_off)
        NetnsRouter(DockerEngine(name), run).attach(f"{name}-subnet-{there.subnet_id}", there.subnet_cidr)
        assert world.inside(here, "curl", "-s", "-o", "/dev/null", "-m", "2", "-w", "%{http_code}", "http://10.231.8.10/health") == "000"
        once = [*status[:5], "2", "-w", "%{http_code}"]
        for direction, reached in [
            (Direction.INBOUND, ["000", "200"]),
            (Direction.OUTBOUND, ["200", "000"]),
            (Direction.CROSS_ZONE, ["000"] * 2),
        ]:
            cut(network, Cut(ranges=frozenset({IPv4Network("10.231.8.0/24")}), direction=direction))
            into, out_of = (here, "http://10.231.8.10/health"), (there, "http://10.231.7.10/health")
            assert [world.inside(machine, *once, url) for machine, url in (into, out_of)] == reached, direction
        network.apply(frozenset())
        until(lambda: not network.cut_off())
        network.close()
        assert world.inside(here, *status, "http://10.231.8.10/health") == "200"
    finally:
        helper.runtime.remove_all()
        helper.docker("rm", "-f", netns)
        helper.clean()
        helper.docker("network", "rm", edge, ctl)


def until_logged(world: DockerWorld, spec: LaunchSpec, words: str) -> None:
    """Waits until the console log contains the words: follows the container's output until they are found or it ends."""
    command = ["docker", "logs", "--follow", f"{world.name}-{spec.instance_id}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as follow:
        alarm = threading.Timer(PATIENCE, follow.kill)
        alarm.start()
        assert follow.stdout
        found = any(words in line for line in follow.stdout)
        alarm.cancel()
        follow.kill()
    assert found, world.runtime.console_output(spec.instance_id).decode()
