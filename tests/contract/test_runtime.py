"""What every runtime does, with containers, processes or the simulated world."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.drivers.runtime.base import ContainerState
from tests.support import rule
from tests.support.drivers.runtimes import DockerWorld, ProcessWorld, RuntimeWorld, SimulatedWorld, is_in, launch_spec

RUNNING, EXITED = ContainerState.RUNNING, ContainerState.EXITED


@pytest.fixture(
    params=["simulated", pytest.param("process", marks=pytest.mark.process), pytest.param("docker", marks=pytest.mark.docker)],
)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RuntimeWorld]:
    made = {"simulated": SimulatedWorld, "process": lambda: ProcessWorld(tmp_path / "instances"), "docker": DockerWorld}[request.param]()
    try:
        yield made
    finally:
        made.clean()


def has_no_application(world: RuntimeWorld, number: int) -> bool:
    """The connection is refused even when the application of a machine that was started later answers, so it is not just slow."""
    witness = launch_spec(200)
    world.runtime.launch(witness)
    world.wait(is_in(witness.instance_id, RUNNING))
    assert world.answers(witness)
    return world.refuses(launch_spec(number))


def test_launched_instance_is_starting_at_once_then_runs_and_its_application_answers(world: RuntimeWorld) -> None:
    spec = launch_spec()
    world.runtime.launch(spec)
    assert world.runtime.containers()[spec.instance_id].state in (ContainerState.STARTING, RUNNING)

    found = world.wait(is_in(spec.instance_id, RUNNING))[spec.instance_id]

    assert (found.boots, found.orphan, found.error, found.exit_code) == (1, False, None, None)
    assert found.started_at is not None
    assert world.answers(spec)
    assert world.runtime.reachable(spec.instance_id) is True


def test_launching_twice_makes_one_instance(world: RuntimeWorld) -> None:
    spec = launch_spec()
    world.runtime.launch(spec)
    world.runtime.launch(spec)
    world.wait(is_in(spec.instance_id, RUNNING))
    world.runtime.launch(spec)

    assert list(world.runtime.containers()) == [spec.instance_id]
    assert world.runtime.containers()[spec.instance_id].boots == 1


def test_two_instances_have_an_address_each(world: RuntimeWorld) -> None:
    specs = [launch_spec(10), launch_spec(11)]
    for spec in specs:
        world.runtime.launch(spec)
    for spec in specs:
        world.wait(is_in(spec.instance_id, RUNNING))

    assert [world.answers(spec) for spec in specs] == [True, True]
    assert len({world.runtime.endpoint(spec.private_ip_address, 80) for spec in specs}) == 2


@rule("EC2-5")
def test_stopped_instance_is_kept_and_starts_again_at_its_address(world: RuntimeWorld) -> None:
    spec = launch_spec()
    world.runtime.launch(spec)
    world.wait(is_in(spec.instance_id, RUNNING))

    world.runtime.stop(spec.instance_id)
    stopped = world.wait(is_in(spec.instance_id, EXITED))[spec.instance_id]
    assert stopped.exit_code is not None
    assert world.runtime.reachable(spec.instance_id) is None

    world.runtime.start(spec.instance_id)
    started = world.wait(is_in(spec.instance_id, RUNNING))[spec.instance_id]
    assert (started.boots, started.exit_code) == (2, None)
    assert world.answers(spec)


def test_forced_stop_ends_it_too(world: RuntimeWorld) -> None:
    spec = launch_spec()
    world.runtime.launch(spec)
    world.wait(is_in(spec.instance_id, RUNNING))
    world.runtime.stop(spec.instance_id, force=True)
    world.wait(is_in(spec.instance_id, EXITED))


@rule("EC2-6")
def test_reboot_is_one_more_boot_at_the_same_address_and_never_looks_like_an_exit(world: RuntimeWorld) -> None:
    spec = launch_spec()
    world.runtime.launch(spec)
    world.wait(is_in(spec.instance_id, RUNNING))
    seen: list[ContainerState] = []
    world.runtime.on_change(lambda i: seen.append(world.runtime.containers()[i].state))

    world.runtime.reboot(spec.instance_id)
    world.wait(is_in(spec.instance_id, RUNNING, boots=2))

    assert EXITED not in seen
    assert world.answers(spec)


def test_instance_killed_from_outside_is_seen_as_exited(world: RuntimeWorld) -> None:
    spec = launch_spec()
    world.runtime.launch(spec)
    world.wait(is_in(spec.instance_id, RUNNING))

    world.kill(spec)

    assert world.wait(is_in(spec.instance_id, EXITED))[spec.instance_id].exit_code in (137, -9)


@rule("EC2-7")
def test_terminated_instance_is_removed_and_its_address_free(world: RuntimeWorld) -> None:
    spec = launch_spec()
    world.runtime.launch(spec)
    world.wait(is_in(spec.instance_id, RUNNING))

    world.runtime.terminate(spec.instance_id)
    world.runtime.terminate(spec.instance_id)
    assert world.wait(lambda containers: not containers) == {}

    other = launch_spec(10)
    world.runtime.launch(other)
    world.wait(is_in(other.instance_id, RUNNING))
    assert world.answers(other)


def test_instance_terminated_while_it_starts_is_removed(world: RuntimeWorld) -> None:
    spec = launch_spec()
    world.runtime.launch(spec)
    world.runtime.terminate(spec.instance_id)
    assert world.runtime.containers()[spec.instance_id].state is ContainerState.REMOVING
    world.wait(lambda containers: not containers)


def test_verbs_for_unknown_instances_do_nothing(world: RuntimeWorld) -> None:
    for verb in (world.runtime.start, world.runtime.stop, world.runtime.reboot, world.runtime.terminate):
        verb("i-0000000000000dead")
    assert world.runtime.containers() == {}
    assert world.runtime.reachable("i-0000000000000dead") is None
    with pytest.raises(KeyError):
        world.runtime.console_output("i-0000000000000dead")


@rule("UD-5", "UD-12", "TUT-16")
def test_script_starts_the_application_at_the_first_boot_only(world: RuntimeWorld) -> None:
    script = b"#!/bin/bash\ncd /\nnohup python3 -m waitress --listen=0.0.0.0:80 app:app > /var/log/app.log 2>&1 &\n"
    spec = launch_spec(user_data=script)
    world.runtime.launch(spec)
    world.wait(is_in(spec.instance_id, RUNNING))
    assert world.answers(spec)

    world.runtime.reboot(spec.instance_id)
    world.wait(is_in(spec.instance_id, RUNNING, boots=2))

    assert has_no_application(world, 10)


@rule("UD-4", "TUT-10")
def test_user_data_that_is_no_script_leaves_a_running_machine_without_application(world: RuntimeWorld) -> None:
    spec = launch_spec(user_data=b"# deploy.sh\n#!/bin/bash\ntrue\n")
    world.runtime.launch(spec)
    world.wait(is_in(spec.instance_id, RUNNING))
    assert has_no_application(world, 10)
    assert world.runtime.containers()[spec.instance_id].state is RUNNING


def test_another_control_plane_adopts_the_instances(world: RuntimeWorld) -> None:
    running, stopped = launch_spec(10), launch_spec(11)
    for spec in (running, stopped):
        world.runtime.launch(spec)
        world.wait(is_in(spec.instance_id, RUNNING))
    world.runtime.stop(stopped.instance_id)
    world.wait(is_in(stopped.instance_id, EXITED))

    second = world.again()

    found = second.containers()
    assert {i: (c.state, c.orphan) for i, c in found.items()} == {
        running.instance_id: (RUNNING, True),
        stopped.instance_id: (EXITED, True),
    }
    world.runtime = second
    assert world.answers(running)
    second.start(stopped.instance_id)
    world.wait(is_in(stopped.instance_id, RUNNING, boots=2))
    second.terminate(running.instance_id)
    world.wait(lambda containers: running.instance_id not in containers)


def test_adopted_instance_killed_from_outside_is_seen_as_exited(world: RuntimeWorld) -> None:
    spec = launch_spec()
    world.runtime.launch(spec)
    world.wait(is_in(spec.instance_id, RUNNING))
    world.runtime = world.again()
    world.kill(spec)
    world.wait(is_in(spec.instance_id, EXITED))


def test_remove_all_removes_every_instance_whatever_its_state(world: RuntimeWorld) -> None:
    running, stopped = launch_spec(10), launch_spec(11)
    for spec in (running, stopped):
        world.runtime.launch(spec)
        world.wait(is_in(spec.instance_id, RUNNING))
    world.runtime.stop(stopped.instance_id)
    world.wait(is_in(stopped.instance_id, EXITED))

    assert world.runtime.remove_all() == ()

    world.wait(lambda containers: not containers)
    assert world.again().containers() == {}


def test_cidr_that_nothing_on_this_machine_uses_is_accepted(world: RuntimeWorld) -> None:
    assert world.runtime.check_cidr("10.234.0.0/16") is None


def test_console_log_contains_the_boot(world: RuntimeWorld) -> None:
    spec = launch_spec()
    world.runtime.launch(spec)
    world.wait(is_in(spec.instance_id, RUNNING))
    assert world.answers(spec)
    assert world.runtime.console_output(spec.instance_id) != b""
