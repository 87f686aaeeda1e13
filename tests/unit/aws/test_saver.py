"""A burst of changes is one file; nothing is lost."""

import threading

from sandbox.aws.saver import Pace, Saver


class Desk:
    """Counts saves; its time is moved by hand."""

    def __init__(self, broken: bool = False) -> None:
        self.saves, self.time, self.broken = 0, 100.0, broken
        self.reported: list[str] = []
        self.saved = threading.Event()
        self.cost = 0.0  # of a save, in seconds
        pace = Pace(quiet=1.0, longest=5.0, share=0.1, regular=30.0)
        self.saver = Saver(self.save, lambda error: self.reported.append(str(error)), pace, now=lambda: self.time)

    def save(self) -> None:
        if self.broken:
            raise OSError("disk full")
        self.saves += 1
        self.time += self.cost
        self.saved.set()


def test_nothing_changed_nothing_is_saved() -> None:
    desk = Desk()
    desk.saver.flush()
    assert (desk.saves, desk.saver.due()) == (0, None)


def test_a_change_is_due_when_it_has_been_quiet() -> None:
    desk = Desk()
    desk.saver.mark()
    assert desk.saver.due() == 1.0
    desk.time += 0.8
    desk.saver.mark()
    assert desk.saver.due() == 1.0


def test_a_burst_is_saved_after_the_longest_wait_at_the_latest() -> None:
    desk = Desk()
    for _ in range(10):
        desk.saver.mark()
        desk.time += 0.5
    assert desk.saver.due() == 0.0


def test_a_flush_saves_once() -> None:
    desk = Desk()
    desk.saver.mark()
    desk.saver.mark()
    desk.saver.flush()
    desk.saver.flush()
    assert desk.saves == 1


def test_a_failed_save_is_told_once_and_is_trouble_until_one_succeeds() -> None:
    desk, troubles = Desk(broken=True), []
    for desk.broken in (True, True, False, False):
        desk.saver.mark()
        desk.saver.flush()
        troubles.append(str(desk.saver.trouble))
    assert troubles == ["disk full", "disk full", "None", "None"]
    assert (desk.reported, desk.saves) == (["disk full", "None"], 2)


def test_the_thread_saves_by_itself() -> None:
    desk = Desk()
    desk.saver = Saver(desk.save, lambda error: None, Pace(quiet=0.0, longest=0.0))
    desk.saver.start()
    desk.saver.mark()
    assert desk.saved.wait(10)
    desk.saver.stop()
    assert desk.saves == 1


def test_stopping_saves_what_is_left() -> None:
    desk = Desk()
    desk.saver.start()
    desk.saver.mark()
    desk.saver.stop()
    assert desk.saves == 1


def test_what_nobody_marks_is_saved_regularly() -> None:
    desk = Desk()
    desk.saver = Saver(desk.save, lambda error: None, Pace(quiet=0.0, longest=0.0, regular=0.0))
    desk.saver.start()
    assert desk.saved.wait(10)
    desk.saver.stop()


def test_saving_a_large_state_takes_a_tenth_of_the_time_at_most() -> None:
    desk = Desk()
    desk.cost = 2.0
    desk.saver.mark()
    desk.saver.flush()
    desk.saver.mark()
    assert desk.saver.due() == 18.0
