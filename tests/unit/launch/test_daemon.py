"""The control plane's process: its settings, finding it, stopping it, and the record of a running sandbox."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.launch import daemon
from sandbox.launch.running import RunningSandbox, endpoint
from sandbox.settings import Settings


def test_the_process_gets_every_setting(tmp_path: Path) -> None:
    settings = Settings.from_environment({}, runtime="process", speed=10, port=4600, state_dir=str(tmp_path / "state"))
    assert Settings.from_environment(daemon.environment(settings)) == settings


def test_relative_folders_become_absolute() -> None:
    assert Path(daemon.environment(Settings())["SANDBOX_STATE_DIR"]).is_absolute()


def test_another_program_with_that_process_id_is_left_alone() -> None:
    assert daemon.process(os.getpid()) is None
    assert daemon.process(0) is None
    assert not daemon.stop(os.getpid())


@pytest.mark.process
@pytest.mark.parametrize(
    ("on_sigterm", "timeout", "result"),
    [
        ("SIG_DFL", 10.0, "Stopped the control plane."),
        ("SIG_IGN", 0.1, "Killed the control plane, which did not stop within 0.1 seconds."),
    ],
)
def test_a_control_plane_that_does_not_stop_is_killed(on_sigterm: str, timeout: float, result: str) -> None:
    script = f"import signal; signal.signal(signal.SIGTERM, signal.{on_sigterm}); print('ready', flush=True); signal.pause()"
    with subprocess.Popen([sys.executable, "-c", script, daemon.MODULE], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert daemon.stop(process.pid, timeout) == result
        assert process.wait(10) < 0
        assert daemon.stop(process.pid) is None


def test_later_commands_find_the_started_sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = replace(Settings(), state_dir=tmp_path / "state")
    running = RunningSandbox(endpoint="http://127.0.0.1:4600", name="sandbox", runtime="process", topology="embedded", pid=7)
    assert RunningSandbox.read(settings) is None
    running.write(settings)
    assert RunningSandbox.read(settings) == running
    monkeypatch.delenv("SANDBOX_PORT", raising=False)
    assert endpoint(settings) == "http://127.0.0.1:4600"
    monkeypatch.setenv("SANDBOX_PORT", "4566")
    assert endpoint(settings) == settings.endpoint


def test_an_incomplete_record_counts_as_none(tmp_path: Path) -> None:
    settings = replace(Settings(), state_dir=tmp_path)
    RunningSandbox.file(settings).write_text('{"endpoint": "http://')
    assert RunningSandbox.read(settings) is None


@pytest.mark.parametrize(
    ("log", "reason", "next_command"),
    [
        ("starting\nerror: Port 4566 is in use.\n  next: sandbox up --port 4567\n", "Port 4566 is in use.", "sandbox up --port 4567"),
        ("Killed\n", "Killed", "sandbox logs control"),
        ("", "no error message", "sandbox logs control"),
    ],
)
def test_the_exit_error_is_the_last_error_of_the_log(tmp_path: Path, log: str, reason: str, next_command: str) -> None:
    (tmp_path / "sandbox.log").write_text(log)
    error = daemon.exit_error(replace(Settings(), state_dir=tmp_path))
    assert (error.message, error.next_command) == (f"The sandbox failed to start: {reason}", next_command)
