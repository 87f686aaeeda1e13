from datetime import UTC, datetime, timedelta

from sandbox.core.clock import VirtualClock
from sandbox.core.events import Event
from sandbox.core.journal import Journal


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


def test_waiting_ends_at_once_when_there_is_something_new() -> None:
    book, _, _ = journal()
    first = book.record(event("first"))
    second = book.record(event("second"))
    assert book.wait(first.id, timeout=60) == (second,)
    assert book.wait(second.id, timeout=0) == ()
