"""How access records become counts: the minute that each belongs to, nothing lost, nothing twice, from several threads."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from sandbox.core.clock import VirtualClock
from sandbox.services.elbv2.state.access_counts import AccessCounts
from tests.support import rule
from tests.support.services.access_records import NOON, record

SECOND = timedelta(seconds=1)


class FastClock(VirtualClock):
    speed = 60.0


def counting(clock: VirtualClock, real_now: Callable[[], datetime] | None = None) -> tuple[AccessCounts, list[str]]:
    woken: list[str] = []
    return AccessCounts(clock, real_now, lambda: woken.append("woken")), woken


def by_minute(counts: AccessCounts) -> dict[int, int]:
    found: Counter[int] = Counter()
    for kind, tally in counts.waiting():
        found[kind.minute - int(NOON.timestamp())] += tally.requests
    return dict(found)


@rule("LBM-1")
@pytest.mark.parametrize(
    ("ended", "minute"),
    [(0, 0), (59.9, 0), (60, 60), (119.9, 60)],
)
def test_a_request_counts_in_the_minute_of_its_end_however_late_it_is_told(ended: float, minute: int) -> None:
    counts, _ = counting(VirtualClock(NOON + 200 * SECOND))
    counts.take([record(time=NOON + ended * SECOND)])
    assert by_minute(counts) == {minute: 1}


def test_real_time_becomes_sandbox_time_by_the_age_of_the_record() -> None:
    """At speed 60 a record of two real seconds ago belongs two sandbox minutes back."""
    real = datetime.fromisoformat("2031-01-01T00:00:30+00:00")
    counts, _ = counting(FastClock(NOON + 150 * SECOND), lambda: real)
    counts.take([record(time=real - 2 * SECOND), record(time=real), record(time=real + 5 * SECOND)])  # the last: clocks differ a little
    assert by_minute(counts) == {0: 1, 120: 2}


def test_what_waits_is_given_until_it_is_taken_and_never_again() -> None:
    counts, _ = counting(VirtualClock(NOON))
    counts.take([record()])
    assert [tally.requests for _, tally in counts.waiting()] == [1]
    counts.take([record()])
    assert [tally.requests for _, tally in counts.waiting()] == [1, 1]
    counts.taken()
    assert counts.waiting() == ()


def test_it_wakes_once_for_the_first_request_after_silence() -> None:
    counts, woken = counting(VirtualClock(NOON))
    counts.take([record()])
    counts.take([record()])
    assert woken == ["woken"]
    counts.waiting()
    counts.taken()
    counts.take([record()])
    assert woken == ["woken"]  # it was not seen to be silent yet: the loop looks again by itself
    counts.waiting()
    counts.taken()
    counts.waiting()
    counts.take([record()])
    assert woken == ["woken"] * 2


def test_records_of_one_kind_share_a_tally_and_bytes_and_times_are_kept() -> None:
    counts, _ = counting(VirtualClock(NOON))
    counts.take([record(target_processing_time=0.0123449), record(target_processing_time=0.01234), record(sent_bytes=900)])
    counts.take([record(elb_status_code=500, target_status_code=500, target_processing_time=2.0)])
    first, second = (tally for _, tally in counts.waiting())
    assert (first.requests, first.size, first.smallest, first.largest) == (3, 1800, 400, 1000)
    assert (first.times, second.times) == ({0.0123: 3}, {2.0: 1})


def test_a_thousand_different_times_of_a_decade_become_at_most_nine_hundred() -> None:
    counts, _ = counting(VirtualClock(NOON))
    counts.take([record(target_processing_time=0.1 + n * 1e-5) for n in range(90_000)])
    ((_, tally),) = counts.waiting()
    assert len(tally.times) <= 901 and sum(tally.times.values()) == 90_000


def test_several_threads_lose_nothing() -> None:
    counts, _ = counting(VirtualClock(NOON))
    counted = 0
    stop = threading.Event()

    def tell() -> None:
        for _ in range(200):
            counts.take([record()] * 10)

    threads = [threading.Thread(target=tell) for _ in range(4)]
    for thread in threads:
        thread.start()
    while not stop.is_set():
        if not any(thread.is_alive() for thread in threads):
            stop.set()
        counted += sum(tally.requests for _, tally in counts.waiting())
        counts.taken()
    assert counted == 8000
