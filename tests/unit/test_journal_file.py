import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sandbox import journal_file
from sandbox.core.clock import VirtualClock
from sandbox.core.events import Event
from sandbox.core.journal import Journal
from sandbox.journal_file import JournalFile


@contextmanager
def opened(folder: Path) -> Iterator[JournalFile]:
    file = JournalFile(folder / "journal.jsonl")
    yield file
    file.close()


def written(folder: Path, count: int) -> list[Event]:
    """Records that many events in a run of its own; what the journal kept."""
    with opened(folder) as file:
        journal = Journal(VirtualClock(), file.write)
        return [
            journal.record(Event(source="aws.ec2", detail_type="Test", summary=str(n), resources=("i-1",), detail={"n": n}))
            for n in range(count)
        ]


def read(folder: Path) -> list[Event]:
    with opened(folder) as file:
        return list(file.read())


def test_what_one_run_wrote_the_next_one_knows(tmp_path: Path) -> None:
    kept = written(tmp_path, 3)
    assert read(tmp_path) == kept


def test_a_line_cut_short_by_a_crash_is_passed_over(tmp_path: Path) -> None:
    kept = written(tmp_path, 1)
    with (tmp_path / "journal.jsonl").open("a") as broken:
        broken.write('{"id": "e0000')
    assert read(tmp_path) == kept


def test_what_is_written_after_a_cut_line_is_kept(tmp_path: Path) -> None:
    kept = written(tmp_path, 1)
    with (tmp_path / "journal.jsonl").open("a") as broken:
        broken.write('{"id": "e0000')
    kept += written(tmp_path, 2)
    assert read(tmp_path) == kept


@pytest.mark.parametrize("line", [b"garbage", b"5", b"[]", b"{}", b"\xf2\xff", b'{"id": 5}', b'{"id": "e1", "time": 5}', b"null"])
def test_a_line_that_is_no_event_is_passed_over(tmp_path: Path, line: bytes) -> None:
    kept = written(tmp_path, 1)
    with (tmp_path / "journal.jsonl").open("ab") as broken:
        broken.write(line + b"\n")
    assert read(tmp_path) == kept


def test_an_event_is_one_line_whatever_a_user_called_his_group(tmp_path: Path) -> None:
    with opened(tmp_path) as file:
        kept = [Journal(VirtualClock(), file.write).record(Event(source="aws.ec2", detail_type="Test", summary="a\u2028b\x85c\x1cd\ne"))]
    assert read(tmp_path) == kept


def test_what_a_full_disk_did_not_take_is_written_when_there_is_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        """Takes a part of the first line, then nothing, then everything: as a disk that fills and is emptied."""

        def __init__(self, file: Any) -> None:
            self.file, self.room = file, 0

        def write(self, data: bytes) -> int:
            if self.room == 1:
                raise OSError(errno.ENOSPC, "No space left on device")
            return int(self.file.write(data if self.room else data[:7]))

        def __getattr__(self, name: str) -> Any:
            return getattr(self.file, name)

    with opened(tmp_path) as file:
        full = Full(file._file)
        monkeypatch.setattr(file, "_file", full)
        journal = Journal(VirtualClock(), file.write)
        kept, troubles = [], []
        for n, room in enumerate((0, 1, 2)):
            full.room = room
            kept.append(journal.record(Event(source="aws.ec2", detail_type="Test", summary=str(n))))
            troubles.append(file.problem)
    assert read(tmp_path) == kept
    assert ["No space left on device" in (trouble or "") for trouble in troubles] == [True, True, False]


def test_the_files_stay_small_and_hold_the_newest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_file, "LARGEST", 1000)
    kept = written(tmp_path, 50)
    found = read(tmp_path)
    assert found and found == kept[-len(found) :]
    assert sum(p.stat().st_size for p in tmp_path.iterdir()) < 2600
