import threading
from datetime import UTC, datetime, timedelta

from sandbox.core.caller import Caller, answering
from sandbox.core.clock import VirtualClock
from sandbox.core.events import Event
from sandbox.core.journal import Journal
from tests.support.waiting import until


def journal(keep: int = 100) -> tuple[Journal, VirtualClock, list[Event]]:
    clock, written = VirtualClock(datetime(2026, 5, 7, 12, tzinfo=UTC)), []
    return Journal(clock, written.append, keep), clock, written


def event(summary: str, *resources: str, cause: str | None = None) -> Event:
    return Event(source="aws.ec2", detail_type="Test", summary=summary, resources=resources, cause=cause)


def test_an_event_gets_an_id_and_the_sandbox_time() -> None:
    book, clock, written = journal()
    clock.advance_to(clock.now() + timedelta(seconds=3))
    kept = book.record(event("it began"))
    assert (kept.id, kept.at) == ("e000001", clock.now())
    assert written == [kept]


def test_what_is_recorded_because_of_an_event_points_to_it() -> None:
    book, _, _ = journal()
    first = book.record(event("a user terminated i-1", "i-1"))
    with book.because(first.id):
        second = book.record(event("i-1 shuts down", "i-1"))
    third = book.record(event("the group replaces i-1", "i-1", "web", cause=second.id))
    assert [e.summary for e in book.chain(third)] == ["a user terminated i-1", "i-1 shuts down", "the group replaces i-1"]
    assert book.current_cause is None


def test_a_named_cause_wins_over_the_current_one() -> None:
    book, _, _ = journal()
    a, b = book.record(event("a")), book.record(event("b"))
    with book.because(a.id):
        assert book.record(event("c", cause=b.id)).cause == b.id


def test_the_newest_event_about_a_resource_is_known() -> None:
    book, _, _ = journal()
    book.record(event("first", "i-1"))
    second = book.record(event("second", "i-1", "i-2"))
    assert book.latest("i-1") == book.latest("i-2") == second.id
    assert book.latest("i-3") is None


def test_only_so_many_events_are_kept_in_memory_and_all_are_written() -> None:
    book, _, written = journal(keep=3)
    for n in range(5):
        book.record(event(str(n)))
    assert [e.summary for e in book.events()] == ["2", "3", "4"]
    assert len(written) == 5


def test_a_chain_breaks_off_where_a_cause_is_no_longer_kept() -> None:
    book, _, _ = journal(keep=1)
    first = book.record(event("first"))
    second = book.record(event("second", cause=first.id))
    assert book.chain(second) == (second,)


def test_a_later_run_goes_on_counting_where_the_earlier_ended() -> None:
    book, _, written = journal()
    book.record(event("before", "i-1"))
    later, _, _ = journal()
    later.load(Event.from_json(e.as_json()) for e in written)
    assert later.record(event("after")).id == "e000002"
    assert later.latest("i-1") == "e000001"


def read(book: Journal, after: str | None, timeout: float) -> tuple[Event, ...]:
    with book.following(after, timeout) as found:
        return found


def test_waiting_ends_at_once_when_there_is_something_new() -> None:
    book, _, _ = journal()
    first = book.record(event("first"))
    second = book.record(event("second"))
    assert read(book, first.id, timeout=60) == (second,)
    assert read(book, second.id, timeout=0) == ()


def follow(book: Journal, after: str, how_many: int) -> tuple[list[threading.Thread], list[tuple[Event, ...]]]:
    """So many threads that follow, started one after the other, each when the one before it waits; and what they read."""
    found: list[tuple[Event, ...]] = []
    threads = []
    for _ in range(how_many):
        waiting = len(book._followers)
        threads.append(threading.Thread(target=lambda: found.append(read(book, after, timeout=60))))
        threads[-1].start()
        until(lambda waiting=waiting: len(book._followers) > waiting)
    return threads, found


def test_one_event_reaches_all_who_wait_though_they_are_woken_one_by_one() -> None:
    book, _, _ = journal()
    first = book.record(event("first"))
    threads, found = follow(book, first.id, 20)
    second = book.record(event("second"))
    for thread in threads:
        thread.join(30)
    assert found == [(second,)] * 20


def test_events_while_followers_are_being_woken_reach_them_too() -> None:
    book, _, _ = journal()
    first = book.record(event("first"))
    threads, found = follow(book, first.id, 20)
    later, more = follow(book, "e000003", 20)
    for number in range(2, 6):
        book.record(event(str(number)))
    for thread in threads + later:
        thread.join(30)
    assert [events[0].id for events in found] == ["e000002"] * 20
    assert [events[0].id for events in more] == ["e000004"] * 20


def test_one_who_waits_for_a_later_event_does_not_keep_an_earlier_one_from_others() -> None:
    book, _, _ = journal()
    first = book.record(event("first"))
    patient, late = follow(book, "e000002", 3)
    threads, found = follow(book, first.id, 3)
    second = book.record(event("second"))
    for thread in threads:
        thread.join(30)
    assert (found, late) == ([(second,)] * 3, [])
    third = book.record(event("third"))
    for thread in patient:
        thread.join(30)
    assert late == [(third,)] * 3


def test_a_follower_whose_caller_hangs_up_ends_and_the_others_get_their_event() -> None:
    book, _, _ = journal()
    first = book.record(event("first"))
    leaving, nothing = Caller(), list[tuple[Event, ...]]()

    def leave() -> None:
        with answering(leaving):
            nothing.append(read(book, first.id, timeout=60))

    gone = threading.Thread(target=leave)
    gone.start()
    until(lambda: len(book._followers) == 1)
    threads, found = follow(book, first.id, 2)
    leaving.hang_up()
    leaving.wake()
    gone.join(30)
    second = book.record(event("second"))
    for thread in threads:
        thread.join(30)
    assert (nothing, found) == ([()], [(second,)] * 2)
