"""The control plane's process: what it is told, and that only ours is ended."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.launch import daemon
from sandbox.launch.running import Running, endpoint
from sandbox.settings import Settings


def test_the_process_is_told_every_setting(tmp_path: Path) -> None:
    settings = Settings.from_environment({}, runtime="process", speed=10, port=4600, state_dir=str(tmp_path / "state"))
    assert Settings.from_environment(daemon.environment(settings)) == settings


def test_relative_folders_are_the_callers() -> None:
    assert Path(daemon.environment(Settings())["SANDBOX_STATE_DIR"]).is_absolute()


def test_a_number_that_somebody_else_has_now_is_left_alone() -> None:
    assert daemon.process(os.getpid()) is None
    assert daemon.process(0) is None
    assert not daemon.stop(os.getpid())


@pytest.mark.process
@pytest.mark.parametrize(
    ("on_sigterm", "patience", "done"),
    [
        ("SIG_DFL", 10.0, "The control plane has ended."),
        ("SIG_IGN", 0.1, "The control plane did not end within 0.1 seconds and was killed."),
    ],
)
def test_a_control_plane_that_does_not_end_is_killed(on_sigterm: str, patience: float, done: str) -> None:
    script = f"import signal; signal.signal(signal.SIGTERM, signal.{on_sigterm}); print('ready', flush=True); signal.pause()"
    with subprocess.Popen([sys.executable, "-c", script, daemon.MODULE], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert daemon.stop(process.pid, patience) == done
        assert process.wait(10) < 0
        assert daemon.stop(process.pid) is None


def test_the_next_commands_find_what_up_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = replace(Settings(), state_dir=tmp_path / "state")
    running = Running(endpoint="http://127.0.0.1:4600", name="sandbox", runtime="process", topology="embedded", pid=7)
    assert Running.read(settings) is None
    running.write(settings)
    assert Running.read(settings) == running
    monkeypatch.delenv("SANDBOX_PORT", raising=False)
    assert endpoint(settings) == "http://127.0.0.1:4600"
    monkeypatch.setenv("SANDBOX_PORT", "4566")
    assert endpoint(settings) == settings.endpoint


def test_a_note_that_was_cut_off_is_no_note(tmp_path: Path) -> None:
    settings = replace(Settings(), state_dir=tmp_path)
    Running.file(settings).write_text('{"endpoint": "http://')
    assert Running.read(settings) is None


@pytest.mark.parametrize(
    ("log", "said", "hint"),
    [
        ("starting\nerror: Port 4566 is in use.\n  next: sandbox up --port 4567\n", "Port 4566 is in use.", "sandbox up --port 4567"),
        ("Killed\n", "Killed", "sandbox logs control"),
        ("", "it said nothing", "sandbox logs control"),
    ],
)
def test_last_words_are_the_sentence_and_the_hint(tmp_path: Path, log: str, said: str, hint: str) -> None:
    (tmp_path / "sandbox.log").write_text(log)
    words = daemon.last_words(replace(Settings(), state_dir=tmp_path))
    assert (words.message, words.next_command) == (f"The sandbox could not start: {said}", hint)
