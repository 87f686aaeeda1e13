"""Requests that wait: woken in the order in which they came, and never many at the same moment."""

import threading
from contextlib import ExitStack

import pytest

from sandbox.core.caller import Caller, answering
from sandbox.core.waiting import END_PACE, Waiters, _Ends
from tests.support.waiting import until

LOCK = threading.RLock()


def wait(waiters: Waiters, seconds: float, caller: Caller | None = None) -> tuple[threading.Thread, list[bool]]:
    """One that waits, in a thread; and whether it was chosen."""
    chosen: list[bool] = []

    def work() -> None:
        with answering(caller or Caller()), LOCK:
            chosen.append(waiters.wait(seconds))

    thread = threading.Thread(target=work)
    before = len(waiters)
    thread.start()
    until(lambda: chosen or len(waiters) > before)
    return thread, chosen


def test_the_first_is_woken_first_and_the_others_wait_on() -> None:
    waiters = Waiters(LOCK)
    (first, chosen), (second, other) = wait(waiters, 60), wait(waiters, 60)
    with LOCK:
        waiters.wake_one()
    first.join(10)
    assert (chosen, other, len(waiters)) == ([True], [], 1)
    with LOCK:
        waiters.wake_one()
    second.join(10)
    assert other == [True]


def test_the_lock_is_free_while_one_waits_though_it_was_taken_twice() -> None:
    waiters, chosen = Waiters(LOCK), list[bool]()

    def work() -> None:
        with LOCK, LOCK:
            chosen.append(waiters.wait(60))

    thread = threading.Thread(target=work)
    thread.start()
    until(lambda: len(waiters) == 1)
    with LOCK:
        waiters.wake_one()
    thread.join(10)
    assert chosen == [True]


@pytest.mark.parametrize("end", [Caller.hang_up, Caller.hurry], ids=["hangs up", "server stops"])
def test_one_whose_caller_waits_no_longer_stops_waiting_and_is_not_chosen(end: object) -> None:
    waiters, leaving = Waiters(LOCK), Caller()
    thread, chosen = wait(waiters, 60, leaving)
    assert callable(end)
    end(leaving)
    leaving.wake()
    thread.join(10)
    assert (chosen, len(waiters)) == ([False], 0)
    late, at_once = wait(waiters, 60, leaving)
    late.join(10)
    assert at_once == [False]


def test_a_wait_runs_out_unchosen() -> None:
    waiters = Waiters(LOCK)
    thread, chosen = wait(waiters, 0.01)
    thread.join(10)
    assert (chosen, len(waiters)) == ([False], 0)


def test_nobody_is_woken_where_nobody_waits() -> None:
    with LOCK:
        Waiters(LOCK).wake_one()


def test_waits_of_the_same_moment_run_out_one_after_the_other_and_not_before_their_time() -> None:
    ends = _Ends()
    with ExitStack() as waiting:
        given = [waiting.enter_context(ends.apart(1.0)) for _ in range(100)]
        assert min(given) >= 1.0
        assert 100 * END_PACE >= max(given) - min(given) > 98 * END_PACE
    assert not ends._taken
