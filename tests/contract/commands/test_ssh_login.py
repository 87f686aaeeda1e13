"""A real SSH client logs in to a container by a key: one of a minute (EC2 Instance Connect), and one of a key pair."""

from collections.abc import Iterator

import pytest

from sandbox.drivers.runtime.base import ContainerState, LaunchSpec
from sandbox.drivers.runtime.commands import CommandResult, MachineCommand
from sandbox.services.instance_connect.decide import script
from sandbox.services.instance_connect.model import Login
from tests.support import rule
from tests.support.drivers.runtimes import DockerWorld, is_in, launch_spec

pytestmark = pytest.mark.docker


@pytest.fixture
def world() -> Iterator[DockerWorld]:
    made = DockerWorld()
    try:
        yield made
    finally:
        made.clean()


def run(world: DockerWorld, spec: LaunchSpec, *argv: str) -> CommandResult:
    return world.runtime.run_command(spec.instance_id, MachineCommand(argv=argv, timeout=30))


def launched(world: DockerWorld) -> tuple[LaunchSpec, str]:
    """An instance, and the public key of a new pair whose private key is in the instance: its own SSH client is the one that logs in."""
    spec = launch_spec()
    world.runtime.launch(spec)
    world.wait(is_in(spec.instance_id, ContainerState.RUNNING))
    made = run(world, spec, "sh", "-c", "ssh-keygen -q -t ed25519 -N '' -f /root/key && cut -d' ' -f1,2 /root/key.pub")
    return spec, made.stdout.decode().strip()


def login(world: DockerWorld, spec: LaunchSpec, user: str) -> CommandResult:
    options = ("-o", "StrictHostKeyChecking=no", "-o", "BatchMode=yes", "-o", "LogLevel=ERROR", "-i", "/root/key")
    return run(world, spec, "ssh", *options, f"{user}@127.0.0.1", "id -un; exit 7")


def let_in(world: DockerWorld, spec: LaunchSpec, user: str, key: str, seconds: int | None) -> None:
    result = run(world, spec, *script.argv(Login(user=user, public_key=key, seconds=seconds)))
    assert (result.exit_code, result.stderr) == (0, b""), result


@rule("EIC-1")
def test_a_key_lets_its_user_in_until_its_time_is_over(world: DockerWorld) -> None:
    spec, key = launched(world)
    let_in(world, spec, "ubuntu", key, 60)
    found = login(world, spec, "ubuntu")
    assert (found.exit_code, found.stdout) == (7, b"ubuntu\n"), found
    assert login(world, spec, "root").exit_code == 255
    run(world, spec, "sh", "-c", "sed -i 's/expiry-time=\"2/expiry-time=\"1/' /var/lib/instance-connect/keys")  # a thousand years ago
    assert login(world, spec, "ubuntu").exit_code == 255


@rule("EIC-3")
def test_the_key_of_a_key_pair_holds_after_a_reboot_and_for_amazon_linux_s_user_too(world: DockerWorld) -> None:
    spec, key = launched(world)
    for _ in range(2):
        let_in(world, spec, "ubuntu", key, None)
    assert login(world, spec, "ubuntu").exit_code == 7
    world.runtime.reboot(spec.instance_id)
    world.wait(is_in(spec.instance_id, ContainerState.RUNNING, boots=2))
    let_in(world, spec, "ec2-user", key, 60)
    assert login(world, spec, "ec2-user").exit_code == 7
    assert login(world, spec, "ubuntu").exit_code == 7
    assert run(world, spec, "sh", "-c", "wc -l < /home/ubuntu/.ssh/authorized_keys").stdout.strip() == b"1"
