"""Access records are counted in their minute, exactly once, from several threads."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from sandbox.core.clock import VirtualClock
from sandbox.drivers.proxy.batches import Records
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
    for kind, tally in counts.unpublished():
        found[kind.minute - int(NOON.timestamp())] += tally.requests
    return dict(found)


@rule("LBM-1")
@pytest.mark.parametrize(
    ("ended", "minute"),
    [(0, 0), (59.9, 0), (60, 60), (119.9, 60)],
)
def test_a_request_counts_in_the_minute_of_its_end_however_late_it_is_reported(ended: float, minute: int) -> None:
    counts, _ = counting(VirtualClock(NOON + 200 * SECOND))
    counts.count(Records([record(time=NOON + ended * SECOND)]))
    assert by_minute(counts) == {minute: 1}


def test_the_sandbox_time_of_a_request_is_computed_from_the_age_of_its_record() -> None:
    """At speed 60, a record from two real seconds ago is from two sandbox minutes ago."""
    real = datetime.fromisoformat("2031-01-01T00:00:30+00:00")
    counts, _ = counting(FastClock(NOON + 150 * SECOND), lambda: real)
    counts.count(
        Records([record(time=real - 2 * SECOND), record(time=real), record(time=real + 5 * SECOND)])
    )  # the last: clocks differ a little
    assert by_minute(counts) == {0: 1, 120: 2}


def test_counts_are_returned_until_they_are_marked_as_published() -> None:
    counts, _ = counting(VirtualClock(NOON))
    counts.count(Records([record()]))
    assert [tally.requests for _, tally in counts.unpublished()] == [1]
    counts.count(Records([record()]))
    assert [tally.requests for _, tally in counts.unpublished()] == [1, 1]
    counts.mark_published()
    assert counts.unpublished() == ()


def test_the_first_request_after_a_pause_wakes_the_controller_once() -> None:
    counts, woken = counting(VirtualClock(NOON))
    counts.count(Records([record()]))
    counts.count(Records([record()]))
    assert woken == ["woken"]
    counts.unpublished()
    counts.mark_published()
    counts.count(Records([record()]))
    assert woken == ["woken"]  # the pause was not observed yet: the controller will look again by itself
    counts.unpublished()
    counts.mark_published()
    counts.unpublished()
    counts.count(Records([record()]))
    assert woken == ["woken"] * 2


def test_records_of_one_kind_share_a_tally_of_bytes_and_times() -> None:
    counts, _ = counting(VirtualClock(NOON))
    counts.count(Records([record(target_processing_time=0.0123449), record(target_processing_time=0.01234), record(sent_bytes=900)]))
    counts.count(Records([record(elb_status_code=500, target_status_code=500, target_processing_time=2.0)]))
    first, second = (tally for _, tally in counts.unpublished())
    assert (first.requests, first.size, first.smallest, first.largest) == (3, 1800, 400, 1000)
    assert (first.times, second.times) == ({0.0123: 3}, {2.0: 1})


def test_times_are_rounded_to_nine_hundred_values_per_decade() -> None:
    counts, _ = counting(VirtualClock(NOON))
    counts.count(Records([record(target_processing_time=0.1 + n * 1e-5) for n in range(90_000)]))
    ((_, tally),) = counts.unpublished()
    assert len(tally.times) <= 901 and sum(tally.times.values()) == 90_000


def test_no_record_of_several_threads_is_lost() -> None:
    counts, _ = counting(VirtualClock(NOON))
    counted = 0
    stop = threading.Event()

    def report() -> None:
        for _ in range(200):
            counts.count(Records([record()] * 10))

    threads = [threading.Thread(target=report) for _ in range(4)]
    for thread in threads:
        thread.start()
    while not stop.is_set():
        if not any(thread.is_alive() for thread in threads):
            stop.set()
        counted += sum(tally.requests for _, tally in counts.unpublished())
        counts.mark_published()
    assert counted == 8000
