"""A live sandbox ends when it is told to, whenever that is."""

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from sandbox.serving import Told


@pytest.fixture
def told() -> Iterator[Told]:
    made = Told()
    yield made
    made.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_before_the_wait_is_not_lost(told: Told, number: signal.Signals) -> None:
    os.kill(os.getpid(), number)
    assert told.wait()


def test_a_wait_that_is_over_without_a_signal_tells_so_and_the_next_one_hears_it(told: Told) -> None:
    assert not told.wait(0.001)
    os.kill(os.getpid(), signal.SIGTERM)
    assert told.wait(60.0)


def test_a_signal_at_any_moment_of_the_beginning_of_the_wait_ends_it(told: Told) -> None:
    for spins in range(300):  # a lock or an Event loses about one in 3,000
        sender = threading.Thread(target=lambda spins=spins: [*range(spins), os.kill(os.getpid(), signal.SIGTERM)])
        sender.start()
        told.wait()
        sender.join()


def test_afterwards_signals_do_what_they_did(told: Told) -> None:
    before = signal.getsignal(signal.SIGTERM)
    second = Told()
    assert signal.getsignal(signal.SIGTERM) is not before
    second.close()
    assert signal.getsignal(signal.SIGTERM) is before
    os.kill(os.getpid(), signal.SIGTERM)
    told.wait()  # by the first one's socket again
