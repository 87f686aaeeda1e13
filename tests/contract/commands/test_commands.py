"""Commands that somebody waits for, in virtual time and in processes: every one ends in one report."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from sandbox.core.clock import VirtualClock, WallClock
from sandbox.drivers.commands.base import CommandReport, CommandRequest, Commands
from sandbox.drivers.commands.simulated import SimulatedCommands
from sandbox.drivers.commands.threads import ThreadedCommands
from sandbox.drivers.runtime.base import ContainerState
from sandbox.drivers.runtime.commands import CommandEnd, MachineCommand
from sandbox.drivers.runtime.simulated import SimulatedRuntime
from sandbox.drivers.world import Machine, ScriptedCommand
from tests.support.drivers.runtimes import ProcessWorld, RuntimeWorld, SimulatedWorld, is_in, launch_spec

PATIENCE = 30.0  # real seconds
ANSWERS = {"exit 3": ScriptedCommand(exit_code=3), "sleep 60": ScriptedCommand(duration=timedelta(minutes=1))}


@dataclass
class Bench:
    world: RuntimeWorld
    commands: Commands
    instance_id: str
    changed: threading.Condition = field(default_factory=threading.Condition)

    def watch(self) -> None:
        self.commands.on_result(self._on_result)

    def _on_result(self, key: str) -> None:
        with self.changed:
            self.changed.notify_all()

    def start(self, key: str, script: str, timeout: float = 30, instance_id: str | None = None) -> None:
        words = ("sh", "-c", script)
        request = CommandRequest(key=key, instance_id=instance_id or self.instance_id, argv=words, timeout=timedelta(seconds=timeout))
        self.commands.start(request)

    def until(self, condition: Callable[[], bool]) -> None:
        if isinstance(self.world, SimulatedWorld):
            clock = self.world.clock
            assert isinstance(clock, VirtualClock)
            self.world.engine.run_until(clock.now() + timedelta(minutes=2))
            assert condition()
            return
        with self.changed:
            assert self.changed.wait_for(condition, PATIENCE)

    def report(self, key: str) -> CommandReport:
        self.until(lambda: self.commands.latest(key) is not None)
        found = self.commands.latest(key)
        assert found is not None
        return found


@pytest.fixture(params=["simulated", pytest.param("process", marks=pytest.mark.process)])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    world: RuntimeWorld = SimulatedWorld() if request.param == "simulated" else ProcessWorld(tmp_path / "instances")
    spec = launch_spec()
    world.runtime.launch(spec)
    world.wait(is_in(spec.instance_id, ContainerState.RUNNING))
    made = Bench(world, _commands(world), spec.instance_id)
    made.watch()
    yield made
    made.commands.close()
    world.clean()


def _commands(world: RuntimeWorld) -> Commands:
    if not isinstance(world, SimulatedWorld):
        return ThreadedCommands(WallClock(), world.runtime)
    assert isinstance(world.runtime, SimulatedRuntime)
    world.world.command = _scripted
    return SimulatedCommands(world.world, world.runtime)


def _scripted(machine: Machine, command: MachineCommand) -> ScriptedCommand:
    return ANSWERS[command.argv[-1]]


def test_a_command_ends_in_a_report_with_its_exit_code(bench: Bench) -> None:
    bench.start("a", "exit 3")
    result = bench.report("a").result
    assert result is not None and (result.end, result.exit_code) == (CommandEnd.EXITED, 3)
    assert not bench.commands.is_running("b")


def test_a_command_that_runs_is_known_and_ends_when_it_is_canceled(bench: Bench) -> None:
    bench.start("a", "sleep 60")
    assert bench.commands.is_running("a") and bench.commands.latest("a") is None
    bench.start("a", "exit 3")  # no effect while it runs
    bench.commands.cancel("a")
    result = bench.report("a").result
    assert result is not None and result.end is CommandEnd.CANCELED


def test_a_command_that_takes_too_long_is_reported_as_such(bench: Bench) -> None:
    bench.start("a", "sleep 60", timeout=1)
    result = bench.report("a").result
    assert result is not None and result.end is CommandEnd.TIMED_OUT


def test_a_machine_that_is_not_there_takes_no_command(bench: Bench) -> None:
    bench.start("a", "exit 3", instance_id="i-0000000000000dead")
    assert bench.report("a").result is None


def test_a_forgotten_command_has_no_report(bench: Bench) -> None:
    bench.start("a", "exit 3")
    bench.report("a")
    bench.commands.forget("a")
    assert bench.commands.latest("a") is None


def test_what_is_canceled_and_unknown_does_nothing(bench: Bench) -> None:
    bench.commands.cancel("nothing")
    assert bench.commands.latest("nothing") is None
