"""A sandbox as a background process: up, up again, killed and up again, down, down again. Its instances are simulated."""

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
from sandbox.launch.running import RunningSandbox
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
    """Of a sandbox of its own; whatever a failed test leaves is ended."""
    api, front = free_ports(2)
    own = {"SANDBOX_PORT": str(api), "SANDBOX_FRONT_PORT": str(front), "SANDBOX_NAME": "test-lifecycle", "SANDBOX_STATE_DIR": str(tmp_path)}
    yield {**{name: value for name, value in os.environ.items() if not name.startswith("SANDBOX_")}, **own}
    left = RunningSandbox.read(Settings.from_environment(own))
    if left and psutil.pid_exists(left.pid):
        os.kill(left.pid, signal.SIGKILL)


def sandbox(environment: dict[str, str], *arguments: str) -> tuple[int, str]:
    """Exit code, and what was said to the terminal."""
    command = [sys.executable, "-m", "sandbox.cli.main", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=150, check=False)
    return done.returncode, done.stdout + done.stderr


def test_a_life(environment: dict[str, str], tmp_path: Path) -> None:
    assert sandbox(environment, "status")[0] == 1

    code, said = sandbox(environment, "up", "--runtime", "simulated", "--speed", "10")
    assert code == 0, said
    assert f"The sandbox is at http://127.0.0.1:{environment['SANDBOX_PORT']} (simulated runtime, speed 10)." in said
    assert "The sandbox test-lifecycle is already running." in sandbox(environment, "up")[1]
    code, said = sandbox(environment, "status")
    assert (code, "sandbox test-lifecycle: ok, simulated runtime" in said) == (0, True)

    first = RunningSandbox.read(Settings.from_environment(environment))
    assert first is not None
    second = {**environment, "SANDBOX_PORT": str(free_ports(1)[0]), "SANDBOX_NAME": "another"}
    code, said = sandbox(second, "up", "--runtime", "simulated")
    assert (code, f"is in use by another sandbox (process {first.pid})." in said) == (1, True), said
    code, said = sandbox(second, "serve")
    assert (code, f"is in use by another sandbox (process {first.pid})." in said) == (1, True), said
    assert RunningSandbox.read(Settings.from_environment(environment)) == first

    os.kill(first.pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(first.pid)] if psutil.pid_exists(first.pid) else [], timeout=10)
    assert sandbox(environment, "up", "--runtime", "simulated")[0] == 0

    code, said = sandbox(environment, "down")
    assert (code, "Stopped the control plane." in said) == (0, True), said
    assert sandbox(environment, "down") == (0, "No sandbox is running here.\n")
    assert [file.name for file in tmp_path.iterdir()] == ["sandbox.log"]


def test_down_ends_a_control_plane_whose_note_is_lost(environment: dict[str, str], tmp_path: Path) -> None:
    assert sandbox(environment, "up", "--runtime", "simulated")[0] == 0
    noted = RunningSandbox.read(Settings.from_environment(environment))
    assert noted is not None
    for file in tmp_path.iterdir():
        file.unlink() if file.is_file() else shutil.rmtree(file)
    code, said = sandbox(environment, "down")
    assert (code, said.splitlines()[0], daemon.process(noted.pid)) == (0, "Stopped the control plane.", None)


@pytest.mark.parametrize("where", ["file/below", "running.json"])
def test_a_folder_that_cannot_be_written_is_told_and_nothing_stays(environment: dict[str, str], tmp_path: Path, where: str) -> None:
    (tmp_path / "file").touch()
    folder = tmp_path / "file/below" if where == "file/below" else tmp_path
    if where == "running.json":
        (tmp_path / "running.json").mkdir()
    code, said = sandbox({**environment, "SANDBOX_STATE_DIR": str(folder)}, "up", "--runtime", "simulated")
    assert (code, "the sandbox's folder, cannot be written" in said, "SANDBOX_STATE_DIR=/another/folder" in said) == (1, True, True), said
    assert daemon.find(replace(Settings(), state_dir=folder)) == 0


def test_a_port_that_is_taken_is_told(environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", int(environment["SANDBOX_PORT"]))) as taken:
        taken.settimeout(0.1)
        code, said = sandbox(environment, "serve")
    assert code == 1
    assert environment["SANDBOX_PORT"] in said
    assert "Traceback" not in said
