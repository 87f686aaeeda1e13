"""Shells in a terminal inside instances, in the runtimes that have them: what is typed, its size, Ctrl-C, and its end."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.core.errors import Misconfigured
from sandbox.drivers.runtime.base import ContainerState, Impairment
from sandbox.drivers.runtime.terminals import Terminal
from tests.support import rule
from tests.support.drivers.runtimes import PATIENCE, DockerWorld, ProcessWorld, RealWorld, SimulatedWorld, is_in, launch_spec

REAL = [pytest.param("process", marks=pytest.mark.process), pytest.param("docker", marks=pytest.mark.docker)]


@pytest.fixture(params=REAL)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RealWorld]:
    made = ProcessWorld(tmp_path / "instances") if request.param == "process" else DockerWorld()
    try:
        yield made
    finally:
        made.clean()


class Typist:
    """A terminal of a new instance, and what it showed so far. One that shows nothing for too long is closed, which fails the test."""

    def __init__(self, world: RealWorld) -> None:
        spec = launch_spec()
        world.runtime.launch(spec)
        world.wait(is_in(spec.instance_id, ContainerState.RUNNING))
        self.instance_id = spec.instance_id
        self.terminal: Terminal = world.runtime.open_terminal(self.instance_id)
        self.shown = ""

    def type(self, text: str) -> None:
        self.terminal.write(text.encode())

    def until(self, pattern: str) -> "re.Match[str]":
        impatient = threading.Timer(PATIENCE, self.terminal.close)
        impatient.start()
        try:
            while (found := re.search(pattern, self.shown)) is None:
                data = self.terminal.read()
                assert data, f"ended without {pattern!r}: {self.shown!r}"
                self.shown += data.decode(errors="replace")
        finally:
            impatient.cancel()
        return found

    def rest(self) -> str:
        """Until its end."""
        impatient = threading.Timer(PATIENCE, self.terminal.close)
        impatient.start()
        while data := self.terminal.read():
            self.shown += data.decode(errors="replace")
        assert impatient.is_alive(), f"did not end: {self.shown!r}"
        impatient.cancel()
        return self.shown


@rule("SSM-10")
def test_a_shell_runs_what_is_typed_has_a_terminal_of_the_given_size_and_ends_with_exit(world: RealWorld) -> None:
    typist = Typist(world)
    typist.terminal.resize(101, 33)
    typist.type("echo is=$((6*7)); stty size; test -t 0 && echo a-$TERM-terminal\r")
    typist.until(r"is=42\r\n33 101\r\na-xterm-256color-terminal\r\n")
    typist.type("exit\r")
    typist.rest()
    typist.terminal.close()


def test_control_c_interrupts_the_program_and_not_the_shell(world: RealWorld) -> None:
    typist = Typist(world)
    typist.type("sh -c 'echo begins; exec sleep 1000'\r")
    typist.until(r"[\r\n]begins\r\n")  # said by the program: it has the terminal, which the shell had a moment before
    typist.type("\x03")
    typist.type("echo after=$?\r")
    typist.until(r"after=130\r\n")
    typist.terminal.close()


@rule("SSM-14")
def test_closing_a_terminal_ends_its_read_and_kills_what_runs_in_it(world: RealWorld) -> None:
    typist = Typist(world)
    typist.type("sleep 1001 & sleep 1002; echo over\r")
    typist.until(r"sleep 1002")
    closing = threading.Thread(target=typist.terminal.close)
    closing.start()
    typist.rest()
    closing.join(PATIENCE)
    typist.terminal.close()  # idempotent
    look = world.runtime.open_terminal(typist.instance_id)
    typist.terminal, typist.shown = look, ""
    typist.type("grep -al 'sleep\\x00*100[12]' /proc/[0-9]*/cmdline 2>/dev/null | wc -l | sed 's/^/left=/'\r")
    assert typist.until(r"left=(\d+)\r\n")[1] == "0"
    look.close()


def test_long_input_that_nobody_reads_waits_and_ends_with_the_terminal(world: RealWorld) -> None:
    typist = Typist(world)
    typist.type("stty raw -echo; echo ready; exec sleep 1000\r")
    typist.until(r"[\r\n]ready")
    writing = threading.Thread(target=_write_much, args=(typist.terminal,), daemon=True)
    writing.start()
    typist.terminal.close()
    writing.join(PATIENCE)
    assert not writing.is_alive()


def _write_much(terminal: Terminal) -> None:
    try:
        for _ in range(1_000):
            terminal.write(b"x" * 1_024)
    except OSError:
        return


def test_a_frozen_or_missing_machine_has_no_terminal(world: RealWorld) -> None:
    typist = Typist(world)
    typist.terminal.close()
    world.runtime.impair(typist.instance_id, Impairment(frozen=True))
    world.wait(lambda machines: machines[typist.instance_id].impairment.frozen)
    for unknown in (typist.instance_id, "i-0123456789abcdef0"):
        with pytest.raises(KeyError):
            world.runtime.open_terminal(unknown)


def test_simulated_machines_have_no_shell() -> None:
    world = SimulatedWorld()
    with pytest.raises(Misconfigured, match="no shell"):
        world.runtime.open_terminal("i-1")
    world.clean()
