"""One sandbox at a time uses a state folder."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox import serving
from sandbox.core.errors import UserError
from sandbox.folder_lock import FILE, FolderLock
from sandbox.settings import Settings

HOLD = "import sys, time; from pathlib import Path; from sandbox.folder_lock import FolderLock; lock = FolderLock(Path(sys.argv[1])); "
HOLD += "print('held', flush=True); time.sleep(600)"


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock of the folder."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.mark.process
def test_a_folder_in_use_is_refused_with_the_process_that_uses_it(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    with pytest.raises(UserError) as refused:
        FolderLock(tmp_path)
    assert refused.value.message == f"The state folder {tmp_path} is in use by another sandbox (process {holder.pid})."
    assert "SANDBOX_STATE_DIR=/another/folder" in str(refused.value.next_command)


@pytest.mark.process
def test_a_killed_holder_leaves_no_lock(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    with FolderLock(tmp_path):
        assert (tmp_path / FILE).read_text() == str(os.getpid())


def test_a_second_control_plane_ends_at_once_and_touches_nothing(tmp_path: Path) -> None:
    settings = replace(Settings(), state_dir=tmp_path, runtime="simulated")
    with FolderLock(tmp_path), pytest.raises(UserError, match="in use by another sandbox"):
        serving.serve(settings)
    assert list(tmp_path.iterdir()) == []


def test_where_the_port_is_in_use_nothing_is_started_or_changed(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = replace(Settings(), state_dir=tmp_path, runtime="process", port=taken.getsockname()[1])
        with pytest.raises(UserError, match="is in use by another program"):
            serving.serve(settings)
    assert [file.name for file in tmp_path.iterdir()] == []


def test_a_lock_is_released_with_its_file_and_can_be_taken_again(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    for _ in range(2):
        with FolderLock(folder):
            assert [file.name for file in folder.iterdir()] == [FILE]
        assert list(folder.iterdir()) == []


def test_a_file_that_was_deleted_as_it_was_opened_is_not_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its holder ended between our opening it and our locking it: whoever comes next locks the new file."""
    first = FolderLock(tmp_path)
    opened = os.open

    def slow(path: Path, *arguments: int) -> int:
        descriptor = opened(path, *arguments)
        monkeypatch.undo()
        first.release()
        return descriptor

    monkeypatch.setattr(os, "open", slow)
    with FolderLock(tmp_path), pytest.raises(UserError):
        FolderLock(tmp_path)


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="is not writable"):
        FolderLock(tmp_path / "file" / "below")
