"""A live sandbox ends at SIGTERM, whenever it comes, and reports what is not saved."""

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.aws.saver import Saver
from sandbox.control.health import Disk
from sandbox.core.clock import VirtualClock
from sandbox.core.events import Event
from sandbox.core.journal import Journal
from sandbox.journal_file import JournalFile
from sandbox.serving import StopSignals, on_disk


@pytest.fixture
def stop_signals() -> Iterator[StopSignals]:
    made = StopSignals()
    yield made
    made.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_before_the_wait_is_not_lost(stop_signals: StopSignals, number: signal.Signals) -> None:
    os.kill(os.getpid(), number)
    assert stop_signals.wait()


def test_a_wait_that_times_out_reports_it_and_the_next_one_gets_the_signal(stop_signals: StopSignals) -> None:
    assert not stop_signals.wait(0.001)
    os.kill(os.getpid(), signal.SIGTERM)
    assert stop_signals.wait(60.0)


def test_a_signal_at_any_moment_of_the_beginning_of_the_wait_ends_it(stop_signals: StopSignals) -> None:
    for spins in range(300):  # a lock or an Event loses about one in 3,000
        sender = threading.Thread(target=lambda spins=spins: [*range(spins), os.kill(os.getpid(), signal.SIGTERM)])
        sender.start()
        stop_signals.wait()
        sender.join()


def test_afterwards_signals_do_what_they_did(stop_signals: StopSignals) -> None:
    before = signal.getsignal(signal.SIGTERM)
    second = StopSignals()
    assert signal.getsignal(signal.SIGTERM) is not before
    second.close()
    assert signal.getsignal(signal.SIGTERM) is before
    os.kill(os.getpid(), signal.SIGTERM)
    stop_signals.wait()  # by the first one's socket again


class Disks:
    """A state and a journal on disks that can be full each by itself."""

    def __init__(self, folder: Path) -> None:
        self.full: set[str] = set()
        self.file = JournalFile(folder / "journal.jsonl")
        self.journal = Journal(VirtualClock(), self.file.write)
        self.saver = Saver(lambda: self._need("state"), lambda error: self.note("saving"))

    def _need(self, disk: str) -> None:
        if disk in self.full:
            raise OSError("no room")

    def note(self, summary: str) -> None:
        self.journal.record(Event(source="test", detail_type="Test", summary=summary))

    def change(self) -> Disk:
        """Something happens: an event is written, and the state is saved."""
        self.note("a change")
        self.saver.mark()
        self.saver.flush()
        return on_disk(self.saver, self.file)


def test_a_failed_save_is_ended_by_a_save_and_not_by_the_journal(tmp_path: Path) -> None:
    disks = Disks(tmp_path)
    disks.full = {"state"}
    found = [disks.change(), disks.change()]
    assert [(disk.state, disk.journal) for disk in found] == [
        ("The state could not be saved (no room). A restart now would lose the unsaved changes.", None)
    ] * 2
    disks.full = set()
    assert disks.change() == Disk()
    disks.file.close()


def test_a_journal_that_cannot_be_written_is_not_ended_by_a_save(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disks = Disks(tmp_path)
    monkeypatch.setattr(disks.file, "_append", lambda line: (_ for _ in ()).throw(OSError("no room")))
    found = [disks.change(), disks.change()]
    assert [(disk.state, disk.journal) for disk in found] == [
        (None, "The journal could not be written (no room). New events are kept in memory.")
    ] * 2
    monkeypatch.undo()
    assert disks.change() == Disk()
    disks.file.close()
