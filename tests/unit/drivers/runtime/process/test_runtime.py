"""What only the process runtime has: where machines listen, the console log, adoption by records."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.core.clock import WallClock
from sandbox.drivers.runtime.base import ContainerState
from sandbox.drivers.runtime.process import processes
from sandbox.drivers.runtime.process.records import Record, Records
from sandbox.drivers.runtime.process.runtime import ProcessRuntime
from tests.support import rule
from tests.support.drivers.runtimes import PORT_OFFSET, ROOT, ProcessWorld, is_in, launch_spec

SPEC = launch_spec()
ID = SPEC.instance_id


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "instances"


@pytest.fixture
def world(directory: Path) -> Iterator[ProcessWorld]:
    made = ProcessWorld(directory)
    yield made
    made.clean()


def made(directory: Path, offset: int = 0, *, per_address: bool = True) -> ProcessRuntime:
    return ProcessRuntime(WallClock(), directory, offset, ROOT / "sandbox/images/machine/app.py", per_address=per_address)


@pytest.mark.parametrize(("offset", "expected"), [(0, ("127.31.0.5", 80)), (20_000, ("127.31.0.5", 20_080))])
def test_on_linux_each_instance_has_a_loopback_address(directory: Path, offset: int, expected: tuple[str, int]) -> None:
    runtime = made(directory, offset)
    assert runtime.endpoint("172.31.0.5", 80) == expected
    runtime.close()


def test_elsewhere_an_instance_that_does_not_listen_has_a_port_without_listener(directory: Path) -> None:
    runtime = made(directory, per_address=False)
    assert runtime.endpoint("172.31.0.5", 80) == ("127.0.0.1", 1)
    runtime.close()


@pytest.mark.process
def test_elsewhere_each_instance_has_a_port_of_its_own_and_keeps_it(world: ProcessWorld, directory: Path) -> None:
    world.runtime.close()
    world.runtime = made(directory, per_address=False)
    world.watch(world.runtime)
    other = launch_spec(11)
    for spec in (SPEC, other):
        world.runtime.launch(spec)
        world.wait(is_in(spec.instance_id, ContainerState.RUNNING))
        assert world.answers(spec)
    before = [world.runtime.endpoint(spec.private_ip_address, 80) for spec in (SPEC, other)]
    assert len(set(before)) == 2
    assert world.runtime.endpoint(SPEC.private_ip_address, 8080) == ("127.0.0.1", 1)

    world.runtime.reboot(ID)
    world.wait(is_in(ID, ContainerState.RUNNING, boots=2))
    assert [world.runtime.endpoint(spec.private_ip_address, 80) for spec in (SPEC, other)] == before


@pytest.mark.process
def test_taken_port_fails_the_launch_with_a_sentence(world: ProcessWorld) -> None:
    with socket.create_server(("127.231.7.10", PORT_OFFSET + 80)):  # also where connections of an earlier test have not timed out
        world.runtime.launch(SPEC)
        failed = world.wait(is_in(ID, ContainerState.FAILED))[ID]
    assert failed.error == f"The application of {ID} cannot listen on 127.231.7.10:{PORT_OFFSET + 80}: Address already in use."


@pytest.mark.process
@rule("EC2-30")
def test_frozen_process_is_running_and_not_reachable(world: ProcessWorld, directory: Path) -> None:
    world.runtime.launch(SPEC)
    world.wait(is_in(ID, ContainerState.RUNNING))
    (record,) = Records(directory).load()
    os.kill(record.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, record.pid, os.WSTOPPED | os.WNOWAIT)
    assert world.runtime.reachable(ID) is False
    os.kill(record.pid, signal.SIGCONT)
    os.waitid(os.P_PID, record.pid, os.WCONTINUED | os.WNOWAIT)
    assert world.runtime.reachable(ID) is True


@pytest.mark.process
@pytest.mark.parametrize(
    ("user_data", "said"),
    [
        (None, "the application starts"),
        (b"#!/bin/sh\n", "user data runs as the sandbox's own account, in the instance's folder"),
        (b"#!/bin/sh\nsudo ls\n", "user data is not run; the image's application starts in its place"),
        (b"# deploy.sh\n", "user data is not run; there is no application"),
    ],
)
def test_console_log_says_how_user_data_was_handled(world: ProcessWorld, user_data: bytes | None, said: str) -> None:
    spec = launch_spec(user_data=user_data)
    world.runtime.launch(spec)
    world.wait(is_in(ID, ContainerState.RUNNING))
    assert world.runtime.console_output(ID).decode().startswith(f"boot 1 of {ID}: {said}\n")


def test_another_process_with_the_same_id_is_not_adopted(directory: Path) -> None:
    Records(directory).save(Record(spec=SPEC, host="127.231.7.10", port=80, boots=3, pid=os.getpid(), created=1.0))
    runtime = made(directory)
    found = runtime.containers()[ID]
    assert (found.state, found.boots, found.orphan) == (ContainerState.EXITED, 3, True)
    runtime.close()


def test_truncated_record_is_skipped(directory: Path) -> None:
    Records(directory).save(Record(spec=SPEC, host="127.231.7.10"))
    (directory / "i-0broken.json").write_text(json.dumps({"host": "127.0.0.1"}))
    (directory / "i-0empty.json").write_text("")
    assert [record.spec for record in Records(directory).load()] == [SPEC]


def test_console_output_is_the_newest_part(directory: Path) -> None:
    records = Records(directory)
    with records.open_console(ID) as console:
        console.write(b"0123456789")
    assert records.console(ID, 4) == b"6789"
    assert records.console(ID, 100) == b"0123456789"


def test_no_process_is_found_under_an_unused_id() -> None:
    assert processes.find(0, 0.0) is None
    assert processes.find(2**22 + 1, 0.0) is None


@pytest.mark.process
def test_removal_ends_a_process_without_a_record(world: ProcessWorld, directory: Path) -> None:
    """A control plane that was killed between the start of a process and its record."""
    with (directory / "console").open("wb") as console:
        lost = processes.idle({processes.MARK: str(directory.resolve())}, console)
        other = processes.idle({processes.MARK: str(directory.parent.resolve())}, console)
    assert isinstance(world.runtime, ProcessRuntime)
    assert world.runtime.remove_all() == ()
    assert lost.wait(10) == -signal.SIGKILL
    with pytest.raises(TimeoutError):
        other.wait(0)
    assert other.end(force=True) == -signal.SIGKILL


@pytest.mark.process
def test_a_process_has_ended_although_its_parent_does_not_collect_it() -> None:
    """As in a container whose first process collects its children late or never: psutil would wait for that."""
    script = "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', 'input()']).pid, flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdin is not None and parent.stdout is not None
        pid = int(parent.stdout.readline())
        with pytest.raises(TimeoutError):
            processes.wait_for_end(pid, 0)
        os.kill(pid, signal.SIGKILL)
        processes.wait_for_end(pid, 10)
        parent.communicate(b"\n")
