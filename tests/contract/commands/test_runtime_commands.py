"""Commands inside instances, in all runtimes: their result, what runs too long or is canceled, and what they leave behind."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from sandbox.core.errors import DriverUnavailable
from sandbox.drivers.runtime.base import ContainerState, Impairment, LaunchSpec
from sandbox.drivers.runtime.commands import KEPT, Cancellation, CommandEnd, CommandResult, MachineCommand
from sandbox.drivers.world import ScriptedCommand
from tests.support.drivers.runtimes import DockerWorld, ProcessWorld, RealWorld, RuntimeWorld, SimulatedWorld, is_in, launch_spec

REAL = [pytest.param("process", marks=pytest.mark.process), pytest.param("docker", marks=pytest.mark.docker)]


@pytest.fixture(params=["simulated", *REAL])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RuntimeWorld]:
    made = SimulatedWorld() if request.param == "simulated" else _real(request.param, tmp_path)
    try:
        yield made
    finally:
        made.clean()


@pytest.fixture(params=REAL)
def real(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RealWorld]:
    made = _real(request.param, tmp_path)
    try:
        yield made
    finally:
        made.clean()


def _real(kind: str, tmp_path: Path) -> RealWorld:
    return ProcessWorld(tmp_path / "instances") if kind == "process" else DockerWorld()


def launched(world: RuntimeWorld) -> LaunchSpec:
    spec = launch_spec()
    world.runtime.launch(spec)
    world.wait(is_in(spec.instance_id, ContainerState.RUNNING))
    return spec


def shell(script: str, timeout: float = 30.0) -> MachineCommand:
    return MachineCommand(argv=("sh", "-c", script), timeout=timeout)


def scripted(world: RuntimeWorld, answer: ScriptedCommand) -> None:
    """What the simulated world does; the real ones run the command itself."""
    if isinstance(world, SimulatedWorld):
        world.world.command = lambda machine, command: answer


def test_a_command_returns_its_exit_code_and_both_streams(world: RuntimeWorld) -> None:
    spec = launched(world)
    scripted(world, ScriptedCommand(exit_code=3, stdout=b"out\n", stderr=b"err\n"))
    result = world.runtime.run_command(spec.instance_id, shell("echo out; echo err >&2; exit 3"))
    assert result == CommandResult(end=CommandEnd.EXITED, exit_code=3, stdout=b"out\n", stderr=b"err\n")


def test_only_the_first_part_of_a_long_output_is_kept(world: RuntimeWorld) -> None:
    spec = launched(world)
    scripted(world, ScriptedCommand(stdout=b"x" * 1_000_000, stderr=b"x" * 100))
    script = "i=0; while [ $i -lt 1000 ]; do printf '%01000d' 0; i=$((i+1)); done; printf '%0100d' 0 >&2"
    result = world.runtime.run_command(spec.instance_id, shell(script))
    assert (result.end, result.exit_code, len(result.stdout), len(result.stderr)) == (CommandEnd.EXITED, 0, KEPT, 100)


def test_a_command_that_runs_too_long_is_ended_and_says_so(world: RuntimeWorld) -> None:
    spec = launched(world)
    scripted(world, ScriptedCommand(stdout=b"begun\n", duration=timedelta(minutes=1)))
    result = world.runtime.run_command(spec.instance_id, shell("echo begun; sleep 60", timeout=1.0))
    assert (result.end, result.exit_code, result.stdout) == (CommandEnd.TIMED_OUT, None, b"begun\n")
    assert result.detail == "it ran longer than 1 s"


def test_a_command_that_is_canceled_before_it_begins_does_not_end_by_itself(world: RuntimeWorld) -> None:
    spec, cancellation = launched(world), Cancellation()
    cancellation.request()
    assert world.runtime.run_command(spec.instance_id, shell("sleep 60"), cancellation).end is CommandEnd.CANCELED


def test_a_machine_that_does_not_run_or_is_frozen_runs_no_command(world: RuntimeWorld) -> None:
    spec = launched(world)
    world.runtime.impair(spec.instance_id, Impairment(frozen=True))
    world.wait(lambda containers: containers[spec.instance_id].impairment.frozen)
    with pytest.raises(KeyError):
        world.runtime.run_command(spec.instance_id, shell("true"))
    world.runtime.stop(spec.instance_id)
    world.wait(is_in(spec.instance_id, ContainerState.EXITED))
    for instance_id in (spec.instance_id, "i-0000000000000dead"):
        with pytest.raises(KeyError):
            world.runtime.run_command(instance_id, shell("true"))


# ---- what only real machines have ------------------------------------------------------------------------------------------


def alive(world: RealWorld, spec: LaunchSpec, word: str) -> bool:
    """Whether a process of the machine has that word in its command line."""
    result = world.runtime.run_command(spec.instance_id, shell(f"ps -eo args | grep '[{word[0]}]{word[1:]}'"))
    return result.exit_code == 0


def until_gone(world: RealWorld, spec: LaunchSpec, word: str) -> None:
    for _ in range(100):
        if not alive(world, spec, word):
            return
        threading.Event().wait(0.05)  # nothing signals the end of a process of a container
    raise AssertionError(f"the process {word} never ended")


def test_what_runs_too_long_is_killed_with_its_child_processes(real: RealWorld) -> None:
    spec = launched(real)
    real.runtime.run_command(spec.instance_id, shell("sleep 71.5 & sleep 71.5", timeout=1.0))
    until_gone(real, spec, "sleep 71.5")


def test_a_running_command_is_killed_when_it_is_canceled(real: RealWorld) -> None:
    spec, cancellation, results = launched(real), Cancellation(), []
    command = shell("touch begun-72; sleep 72.5")
    thread = threading.Thread(target=lambda: results.append(real.runtime.run_command(spec.instance_id, command, cancellation)))
    thread.start()
    for _ in range(200):
        if alive(real, spec, "sleep 72.5"):
            break
        threading.Event().wait(0.05)  # nothing signals that a process of a container has begun
    cancellation.request()
    thread.join(timeout=20)
    assert [each.end for each in results] == [CommandEnd.CANCELED]
    until_gone(real, spec, "sleep 72.5")


def test_a_background_process_outlives_its_command_and_ends_with_the_machine(real: RealWorld) -> None:
    spec = launched(real)
    result = real.runtime.run_command(spec.instance_id, shell("sleep 73.5 & echo started"))
    assert (result.exit_code, result.stdout) == (0, b"started\n")
    assert alive(real, spec, "sleep 73.5")
    real.runtime.reboot(spec.instance_id)
    real.wait(is_in(spec.instance_id, ContainerState.RUNNING, boots=2))
    until_gone(real, spec, "sleep 73.5")


def test_directory_and_environment_of_a_command_are_its_own(real: RealWorld) -> None:
    spec = launched(real)
    command = MachineCommand(argv=("sh", "-c", "pwd; echo $GREETING"), timeout=30, directory="/usr", environment={"GREETING": "hello"})
    assert real.runtime.run_command(spec.instance_id, command).stdout == b"/usr\nhello\n"


def test_a_file_that_a_command_makes_is_there_for_the_next_one(real: RealWorld) -> None:
    spec = launched(real)
    real.runtime.run_command(spec.instance_id, shell("echo kept > note"))
    assert real.runtime.run_command(spec.instance_id, shell("cat note")).stdout == b"kept\n"


@pytest.mark.parametrize("argv", [("/no/such/program",), ("sh", "-c", "/no/such/program")], ids=["itself", "in a shell"])
def test_a_program_that_does_not_exist_is_told(real: RealWorld, argv: tuple[str, ...]) -> None:
    spec = launched(real)
    result = real.runtime.run_command(spec.instance_id, MachineCommand(argv=argv, timeout=30))
    told = result.detail + result.stderr.decode()
    assert "/no/such/program" in told and result.exit_code != 0


def test_docker_that_does_not_answer_is_an_error_and_no_result() -> None:
    from sandbox.drivers.runtime.docker.commands.execs import DockerCommands
    from sandbox.drivers.runtime.docker.engine import DockerEngine

    engine = DockerEngine("sandbox", "unix:///nonexistent.sock")
    with pytest.raises(DriverUnavailable):
        DockerCommands(engine).run("i-1", shell("true"), Cancellation())
