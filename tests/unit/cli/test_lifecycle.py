"""`up` and `down` with a sandbox in the background: started twice, killed and restarted, removed twice. Its instances are simulated."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from sandbox.launch import daemon
from sandbox.launch.running import RunningSandbox, students_accounts
from sandbox.settings import Settings

pytestmark = pytest.mark.process


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports: list[int] = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The settings of a separate sandbox. Kills it if a failed test leaves it running, and removes what stays when it ends."""
    api, front = free_ports(2)
    own = {"SANDBOX_PORT": str(api), "SANDBOX_FRONT_PORT": str(front), "SANDBOX_NAME": "test-lifecycle", "SANDBOX_STATE_DIR": str(tmp_path)}
    given = {**{name: value for name, value in os.environ.items() if not name.startswith("SANDBOX_")}, **own}
    yield given
    left = RunningSandbox.read(Settings.from_environment(own))
    if left and psutil.pid_exists(left.pid):
        os.kill(left.pid, signal.SIGKILL)
    if any(tmp_path.iterdir()):
        sandbox(given, "down")


def sandbox(environment: dict[str, str], *arguments: str) -> tuple[int, str]:
    """The exit code and the output."""
    command = [sys.executable, "-m", "sandbox.cli.main", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=150, check=False)
    return done.returncode, done.stdout + done.stderr


def test_up_and_down(environment: dict[str, str], tmp_path: Path) -> None:
    assert sandbox(environment, "status")[0] == 1

    code, output = sandbox(environment, "up", "--runtime", "simulated", "--speed", "10", "--students", "2")
    assert code == 0, output
    assert [line.partition("=")[2] for line in output.splitlines() if "AWS_ACCESS_KEY_ID" in line][-2:] == list(students_accounts(2))
    assert f"The sandbox is at http://127.0.0.1:{environment['SANDBOX_PORT']} (simulated runtime, speed 10)." in output
    assert "The sandbox test-lifecycle is already running." in sandbox(environment, "up")[1]
    code, output = sandbox(environment, "status")
    assert (code, "sandbox test-lifecycle: ok, simulated runtime" in output) == (0, True)

    first = RunningSandbox.read(Settings.from_environment(environment))
    assert first is not None
    second = {**environment, "SANDBOX_PORT": str(free_ports(1)[0]), "SANDBOX_NAME": "another"}
    code, output = sandbox(second, "up", "--runtime", "simulated")
    assert (code, f"is in use by another sandbox (process {first.pid})." in output) == (1, True), output
    code, output = sandbox(second, "serve")
    assert (code, f"is in use by another sandbox (process {first.pid})." in output) == (1, True), output
    assert RunningSandbox.read(Settings.from_environment(environment)) == first

    os.kill(first.pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(first.pid)] if psutil.pid_exists(first.pid) else [], timeout=10)
    assert sandbox(environment, "up", "--runtime", "simulated")[0] == 0

    code, output = sandbox(environment, "down")
    assert (code, "Stopped the control plane." in output) == (0, True), output
    assert sandbox(environment, "down") == (0, "No sandbox is running here.\n")
    assert [file.name for file in tmp_path.iterdir()] == ["sandbox.log"]


def test_down_stops_a_control_plane_without_a_record(environment: dict[str, str], tmp_path: Path) -> None:
    assert sandbox(environment, "up", "--runtime", "simulated")[0] == 0
    record = RunningSandbox.read(Settings.from_environment(environment))
    assert record is not None
    for file in tmp_path.iterdir():
        file.unlink() if file.is_file() else shutil.rmtree(file)
    code, output = sandbox(environment, "down")
    assert (code, output.splitlines()[0], daemon.process(record.pid)) == (0, "Stopped the control plane.", None)


@pytest.mark.parametrize("where", ["file/below", "running.json"])
def test_an_unwritable_state_folder_is_reported_and_nothing_is_left(environment: dict[str, str], tmp_path: Path, where: str) -> None:
    (tmp_path / "file").touch()
    folder = tmp_path / "file/below" if where == "file/below" else tmp_path
    if where == "running.json":
        (tmp_path / "running.json").mkdir()
    code, output = sandbox({**environment, "SANDBOX_STATE_DIR": str(folder)}, "up", "--runtime", "simulated")
    assert code == 1, output
    assert "is not writable" in output
    assert "SANDBOX_STATE_DIR=/another/folder" in output
    assert daemon.find(replace(Settings(), state_dir=folder)) == 0


def test_a_port_in_use_is_reported(environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", int(environment["SANDBOX_PORT"]))) as taken:
        taken.settimeout(0.1)
        code, output = sandbox(environment, "serve")
    assert code == 1
    assert environment["SANDBOX_PORT"] in output
    assert "Traceback" not in output
