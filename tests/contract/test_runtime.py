"""What every runtime does, with containers, processes or the simulated world."""

import http.client
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from sandbox.core.errors import Misconfigured
from sandbox.drivers.runtime.base import UNIMPAIRED, ContainerState, Impairment, LaunchSpec
from tests.support import rule
from tests.support.drivers.runtimes import Condition, DockerWorld, ProcessWorld, RealWorld, RuntimeWorld, SimulatedWorld, is_in, launch_spec

RUNNING, EXITED = ContainerState.RUNNING, ContainerState.EXITED
FROZEN = Impairment(frozen=True)


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


# ---- faults ----------------------------------------------------------------------------------------------------------------------------


def launched(world: RuntimeWorld, number: int = 10) -> LaunchSpec:
    spec = launch_spec(number)
    world.runtime.launch(spec)
    world.wait(is_in(spec.instance_id, RUNNING))
    assert world.answers(spec)
    return spec


def under(spec: LaunchSpec, impairment: Impairment) -> Condition:
    return lambda containers: containers[spec.instance_id].impairment == impairment


def test_frozen_machine_is_silent_and_answers_again_when_it_is_thawed(world: RuntimeWorld) -> None:
    spec = launched(world)
    world.runtime.impair(spec.instance_id, FROZEN)
    found = world.wait(under(spec, FROZEN))[spec.instance_id]
    assert (found.state, world.runtime.reachable(spec.instance_id), world.silent(spec)) == (RUNNING, False, True)

    world.runtime.impair(spec.instance_id, UNIMPAIRED)
    world.wait(under(spec, UNIMPAIRED))
    assert world.runtime.reachable(spec.instance_id) is True
    assert world.answers(spec)


def test_the_impairment_that_was_asked_for_last_holds(world: RuntimeWorld) -> None:
    spec = launched(world)
    for _ in range(3):
        world.runtime.impair(spec.instance_id, FROZEN)
        world.runtime.impair(spec.instance_id, UNIMPAIRED)
    world.wait(under(spec, UNIMPAIRED))
    assert world.answers(spec)
    assert world.wait(under(spec, UNIMPAIRED))


def test_another_control_plane_finds_the_frozen_machine_and_thaws_it(world: RuntimeWorld) -> None:
    spec = launched(world)
    world.runtime.impair(spec.instance_id, FROZEN)
    world.wait(under(spec, FROZEN))
    world.runtime = world.again()
    assert under(spec, FROZEN)(world.runtime.containers())
    world.runtime.impair(spec.instance_id, UNIMPAIRED)
    world.wait(under(spec, UNIMPAIRED))
    assert world.answers(spec)


@pytest.mark.parametrize("verb", ["stop", "terminate", "crash"])
def test_frozen_machine_can_be_ended(world: RuntimeWorld, verb: str) -> None:
    spec = launched(world)
    world.runtime.impair(spec.instance_id, FROZEN)
    world.wait(under(spec, FROZEN))
    getattr(world.runtime, verb)(spec.instance_id)
    world.wait(lambda containers: not containers if verb == "terminate" else containers[spec.instance_id].state is EXITED)


def test_machine_that_is_started_again_is_not_frozen(world: RuntimeWorld) -> None:
    spec = launched(world)
    world.runtime.impair(spec.instance_id, FROZEN)
    world.wait(under(spec, FROZEN))
    world.runtime.reboot(spec.instance_id)
    world.wait(is_in(spec.instance_id, RUNNING, boots=2))
    assert world.wait(under(spec, UNIMPAIRED))
    assert world.answers(spec)


def test_machine_without_its_application_runs_and_refuses_connections_until_the_next_boot(world: RuntimeWorld) -> None:
    spec = launched(world)
    world.runtime.kill_application(spec.instance_id)
    world.until_refused(spec)
    assert (world.runtime.containers()[spec.instance_id].state, world.runtime.reachable(spec.instance_id)) == (RUNNING, True)

    world.runtime.reboot(spec.instance_id)
    world.wait(is_in(spec.instance_id, RUNNING, boots=2))
    assert world.answers(spec)


def test_crashed_machine_is_seen_as_exited(world: RuntimeWorld) -> None:
    spec = launched(world)
    world.runtime.crash(spec.instance_id)
    assert world.wait(is_in(spec.instance_id, EXITED))[spec.instance_id].exit_code in (137, -9)


def test_impairment_that_a_runtime_cannot_do_is_refused_with_a_sentence_and_else_is_observed(world: RuntimeWorld) -> None:
    spec = launched(world)
    for impairment in (Impairment(cpu_percent=20), Impairment(memory_percent=50), Impairment(cpu_percent=20, frozen=True)):
        if why_not := world.runtime.cannot_impair(impairment):
            assert why_not.endswith(".")
            with pytest.raises(Misconfigured):
                world.runtime.impair(spec.instance_id, impairment)
            assert world.runtime.containers()[spec.instance_id].impairment == UNIMPAIRED
        else:
            world.runtime.impair(spec.instance_id, impairment)
            world.wait(under(spec, impairment))
            world.runtime.impair(spec.instance_id, UNIMPAIRED)
            world.wait(under(spec, UNIMPAIRED))
    assert world.answers(spec)


def test_faults_on_unknown_and_stopped_instances_do_nothing(world: RuntimeWorld) -> None:
    spec = launched(world)
    world.runtime.stop(spec.instance_id)
    world.wait(is_in(spec.instance_id, EXITED))
    for instance_id in (spec.instance_id, "i-0000000000000dead"):
        world.runtime.impair(instance_id, FROZEN)
        world.runtime.kill_application(instance_id)
        world.runtime.crash(instance_id)
    world.runtime.start(spec.instance_id)
    found = world.wait(is_in(spec.instance_id, RUNNING))[spec.instance_id]
    assert found.impairment == UNIMPAIRED
    assert world.answers(spec)


# ---- open connections, which the simulated world does not have ---------------------------------------------------------------------------


@pytest.fixture(params=[pytest.param("process", marks=pytest.mark.process), pytest.param("docker", marks=pytest.mark.docker)])
def real(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RealWorld]:
    made = ProcessWorld(tmp_path / "instances") if request.param == "process" else DockerWorld()
    try:
        yield made
    finally:
        made.clean()


def opened(world: RealWorld, spec: LaunchSpec) -> http.client.HTTPConnection:
    """A kept connection on which one request was answered."""
    connection = http.client.HTTPConnection(*world.runtime.endpoint(spec.private_ip_address, 80), timeout=2)
    connection.request("GET", "/health")
    assert connection.getresponse().read()
    return connection


def test_an_open_connection_hangs_while_the_machine_is_frozen_and_goes_on_after_it(real: RealWorld) -> None:
    spec = launched(real)
    connection = opened(real, spec)
    real.runtime.impair(spec.instance_id, FROZEN)
    real.wait(under(spec, FROZEN))
    assert connection.sock is not None
    connection.sock.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
    with pytest.raises(TimeoutError):
        connection.sock.recv(1)
    real.runtime.impair(spec.instance_id, UNIMPAIRED)
    assert connection.sock.recv(4096).startswith(b"HTTP/1.1 200")
    connection.close()


@pytest.mark.parametrize("verb", ["kill_application", "crash"])
def test_an_open_connection_ends_when_its_application_or_machine_is_killed(real: RealWorld, verb: str) -> None:
    spec = launched(real)
    connection = opened(real, spec)
    assert connection.sock is not None
    getattr(real.runtime, verb)(spec.instance_id)
    with suppress(ConnectionResetError):
        assert connection.sock.recv(1) == b""
    connection.close()
