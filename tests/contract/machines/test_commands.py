"""The command of an own AMI in the process runtime: where it listens, what happens when it ends, and that it is never open to a network."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.drivers.runtime.base import ContainerState, LaunchSpec
from tests.support.drivers.runtimes import ProcessWorld, is_in, launch_spec
from tests.support.waiting import until

pytestmark = pytest.mark.process
RUNNING = ContainerState.RUNNING
SERVE = "python3 -m http.server $PORT"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ProcessWorld]:
    """Its control plane runs in a folder with a file `health`."""
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "health").write_text("ok\n")
    monkeypatch.chdir(tmp_path / "here")
    made = ProcessWorld(tmp_path / "instances")
    try:
        yield made
    finally:
        made.clean()


def launched(world: ProcessWorld, command: str, number: int = 10, **more: int) -> LaunchSpec:
    spec = replace(launch_spec(number), command=("/bin/sh", "-c", command), own_application=True, **more)
    world.runtime.launch(spec)
    world.wait(is_in(spec.instance_id, RUNNING))
    return spec


def says(world: ProcessWorld, spec: LaunchSpec, words: str) -> None:
    until(lambda: words in world.runtime.console_output(spec.instance_id).decode(), 15)


def test_two_instances_of_one_command_serve_at_their_own_addresses_and_again_after_a_reboot(world: ProcessWorld) -> None:
    specs = [launched(world, SERVE, number) for number in (10, 11)]
    assert [world.answers(spec) for spec in specs] == [True, True]
    world.runtime.reboot(specs[0].instance_id)
    world.wait(is_in(specs[0].instance_id, RUNNING, boots=2))
    assert [world.answers(spec) for spec in specs] == [True, True]


def test_it_listens_at_the_port_of_its_image(world: ProcessWorld) -> None:
    spec = launched(world, "exec python3 -m http.server --bind $HOST $PORT", port=8000)
    host, port = world.runtime.endpoint(spec.private_ip_address, 8000)
    until(lambda: world.listens(host, port), 15)
    assert not world.listens(*world.runtime.endpoint(spec.private_ip_address, 80))


def test_the_machine_runs_on_when_its_command_ends(world: ProcessWorld) -> None:
    spec = launched(world, "exit 3")
    says(world, spec, "The command ended with exit code 3; the instance runs on without it")
    assert world.runtime.containers()[spec.instance_id].state is RUNNING
    assert world.refuses(spec)


def test_a_command_that_listens_on_every_address_is_ended_with_the_reason(world: ProcessWorld) -> None:
    spec = launched(world, "python3 -I -m http.server $PORT")  # -I: this Python ignores what keeps the others on loopback
    says(world, spec, "It was ended: it has to listen on $HOST")
    world.until_refused(spec)
    assert world.runtime.containers()[spec.instance_id].state is RUNNING


def test_a_container_image_fails_the_launch_with_the_next_command(world: ProcessWorld) -> None:
    spec = replace(launch_spec(), image="my/service:1", own_application=True)
    world.runtime.launch(spec)
    found = world.wait(is_in(spec.instance_id, ContainerState.FAILED))[spec.instance_id]
    assert found.error == "The process runtime cannot run the container image my/service:1. next: sandbox up --runtime docker"
