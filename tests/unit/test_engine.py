"""The engine in virtual time: when keys run, what a failure costs, what a wake-up does."""

import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.core.clock import VirtualClock, WallClock
from sandbox.core.errors import DriverUnavailable, Misconfigured, Retry
from sandbox.core.journal import Journal
from sandbox.engine import Engine

NOON = datetime(2026, 5, 7, 12, tzinfo=UTC)


class Recorder:
    """A controller that notes when each key ran and does what the test says."""

    name = "recorder"

    def __init__(self, work: Callable[[str], timedelta | None] = lambda key: None, keys: Iterable[str] = ("a",)) -> None:
        self.work, self.present = work, list(keys)
        self.runs: list[tuple[str, float]] = []

    def keys(self) -> Iterable[str]:
        return self.present

    def has(self, key: str) -> bool:
        return key in self.present

    def reconcile(self, key: str, now: datetime) -> timedelta | None:
        self.runs.append((key, (now - NOON).total_seconds()))
        return self.work(key)


def engine(*controllers: Recorder, resync: timedelta = timedelta(hours=1)) -> tuple[Engine, VirtualClock, Journal]:
    clock = VirtualClock(NOON)
    journal = Journal(clock)
    made = Engine(clock, journal, threading.RLock(), resync)
    made.add(controllers)
    return made, clock, journal


def run_for(made: Engine, clock: VirtualClock, seconds: float) -> None:
    made.run_until(clock.now() + timedelta(seconds=seconds))


def test_a_key_runs_at_once_and_then_when_it_asked() -> None:
    controller = Recorder(lambda key: timedelta(seconds=10))
    made, clock, _ = engine(controller)
    run_for(made, clock, 25)
    assert controller.runs == [("a", 0), ("a", 10), ("a", 20)]


def test_a_key_that_asks_for_nothing_waits_for_a_wake_up_or_the_resync() -> None:
    controller = Recorder()
    made, clock, _ = engine(controller, resync=timedelta(seconds=60))
    run_for(made, clock, 30)
    made.wake("recorder", "a")
    run_for(made, clock, 40)
    assert controller.runs == [("a", 0), ("a", 30), ("a", 60)]


def test_waking_one_key_leaves_the_others_alone() -> None:
    controller = Recorder(keys=("a", "b"))
    made, clock, _ = engine(controller)
    run_for(made, clock, 5)
    made.wake("recorder", "b")
    run_for(made, clock, 5)
    assert controller.runs == [("a", 0), ("b", 0), ("b", 5)]


def test_a_key_that_comes_is_run_and_one_that_is_gone_is_run_once_more_and_dropped() -> None:
    controller = Recorder()
    made, clock, _ = engine(controller)
    run_for(made, clock, 1)
    controller.present = ["b"]
    made.wake()
    run_for(made, clock, 1)
    assert controller.runs == [("a", 0), ("a", 1), ("b", 1)]
    assert [loop.key for loop in made.loops()] == ["b"]


def test_a_bug_backs_off_that_key_alone_and_is_journalled() -> None:
    def work(key: str) -> timedelta | None:
        if key == "bad":
            raise KeyError("x")
        return timedelta(seconds=1)

    controller = Recorder(work, keys=("bad", "good"))
    made, clock, journal = engine(controller)
    run_for(made, clock, 7.5)
    assert [t for key, t in controller.runs if key == "bad"] == [0, 1, 3, 7]
    assert [t for key, t in controller.runs if key == "good"] == [0, 1, 2, 3, 4, 5, 6, 7]
    assert "recorder failed on bad: KeyError" in journal.events()[0].summary
    assert "Traceback" in journal.events()[0].detail["traceback"]


def test_errors_say_when_the_loop_looks_again() -> None:
    def work(key: str) -> timedelta | None:
        raise {
            "retry": Retry("soon", after=timedelta(seconds=5)),
            "wrong": Misconfigured("no such template"),
            "gone": DriverUnavailable("Docker does not answer"),
        }[key]

    controller = Recorder(work, keys=("retry", "wrong", "gone"))
    made, clock, journal = engine(controller)
    run_for(made, clock, 6)
    times = {key: [t for k, t in controller.runs if k == key] for key in controller.present}
    assert times == {"retry": [0, 5], "wrong": [0], "gone": [0, 1, 3]}
    assert journal.events() == ()
    assert {loop.key: loop.last_error for loop in made.loops()}["wrong"] == "no such template"


def test_success_forgets_earlier_failures() -> None:
    outcomes = iter([DriverUnavailable("gone"), None])

    def work(key: str) -> timedelta | None:
        if error := next(outcomes, None):
            raise error
        return None

    made, clock, _ = engine(Recorder(work))
    run_for(made, clock, 5)
    assert [(loop.failures, loop.last_error) for loop in made.loops()] == [(0, None)]


@pytest.mark.parametrize("error", [Retry("later", timedelta(seconds=1)), DriverUnavailable("gone"), ValueError("a bug")])
def test_a_failure_that_wakes_everything_does_not_run_again_before_its_time(error: Exception) -> None:
    """A call that a controller makes wakes everything, the refused one too: without an end, at one moment of the clock."""

    def work(key: str) -> timedelta | None:
        made.wake()
        raise error

    controller = Recorder(work)
    made, clock, _ = engine(controller)
    run_for(made, clock, 2.5)
    assert [at for _, at in controller.runs][:2] == [0, 1]
    assert len(controller.runs) <= 3


def test_a_wake_up_of_its_key_runs_it_before_its_time() -> None:
    def work(key: str) -> timedelta | None:
        raise DriverUnavailable("gone")

    controller = Recorder(work)
    made, clock, _ = engine(controller)
    run_for(made, clock, 0.25)
    made.wake("recorder", "a")
    run_for(made, clock, 0.25)
    assert [at for _, at in controller.runs] == [0, 0.25]


def test_timers_run_at_their_moment_and_before_the_controllers() -> None:
    seen: list[str] = []
    controller = Recorder(lambda key: seen.append("controller") or timedelta(seconds=2))  # type: ignore[func-returns-value]
    made, clock, _ = engine(controller)
    made.at(NOON + timedelta(seconds=2), lambda: seen.append("timer"))
    run_for(made, clock, 2)
    assert seen == ["controller", "timer", "controller"]


def test_the_thread_reacts_to_a_wake_up_without_waiting_for_the_next_due_moment() -> None:
    ran = threading.Event()
    controller = Recorder(lambda key: ran.set() or timedelta(hours=1))  # type: ignore[func-returns-value]
    clock = WallClock()
    made = Engine(clock, Journal(clock), threading.RLock())
    made.add([controller])
    made.start()
    try:
        assert ran.wait(5)
        ran.clear()
        made.wake("recorder", "a")
        assert ran.wait(5)
    finally:
        made.stop()


def test_a_clock_that_is_made_faster_brings_near_what_is_waited_for() -> None:
    """An alarm that is due in an hour is due in a third of a second when the clock runs 10,000 times as fast."""
    ran = threading.Event()
    controller = Recorder(lambda key: ran.set() or timedelta(hours=1))  # type: ignore[func-returns-value]
    clock = WallClock()
    made = Engine(clock, Journal(clock), threading.RLock(), resync=timedelta(hours=2))
    made.add([controller])
    made.start()
    try:
        assert ran.wait(5)
        ran.clear()
        clock.set_speed(10_000)
        made.clock_changed()
        assert ran.wait(5)
    finally:
        made.stop()
