from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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


def test_the_files_stay_small_and_hold_the_newest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_file, "LARGEST", 1000)
    kept = written(tmp_path, 50)
    found = read(tmp_path)
    assert found and found == kept[-len(found) :]
    assert sum(p.stat().st_size for p in tmp_path.iterdir()) < 2600
