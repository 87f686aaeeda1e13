"""Records are kept in columns and read as they were added, in the order of their planned sends."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.traffic.outcomes import Failure, RequestOutcome, classify
from sandbox.traffic.records import Record, Recorder, Records, merged, records_of
from sandbox.traffic.rows import Attempt, Rows

BEGIN = datetime(2026, 5, 7, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)

names = st.none() | st.text(min_size=1, max_size=3)
outcomes = st.builds(
    RequestOutcome,
    failure=st.none() | st.sampled_from([failure for failure in Failure if failure is not Failure.NOT_SENT]),
    status_code=st.none() | st.integers(100, 599),
    instance_id=names,
    zone=names,
    node=names,
)
moments = st.floats(0, 1e6)
attempts = st.lists(st.builds(Attempt, moments, moments, outcomes), min_size=1, max_size=4)


@given(intents=st.lists(attempts, max_size=20), order=st.randoms())
def test_records_are_what_was_added_in_the_order_of_their_numbers(intents: list[list[Attempt]], order: object) -> None:
    recorder = Recorder(BEGIN, speed=10)
    numbers = list(range(len(intents)))
    order.shuffle(numbers)  # type: ignore[attr-defined]
    for number in numbers:
        recorder.add(number, *intents[number])
    records = recorder.records()
    assert [record.number for record in records] == list(range(len(intents)))
    assert [list(record.attempts) for record in records] == intents
    assert [record.outcome for record in records] == [sent[-1].outcome for sent in intents]
    assert [records[n] for n in range(len(records))] == list(records)


def test_latency_counts_from_the_planned_send_to_the_end_of_the_last_attempt() -> None:
    recorder = Recorder(BEGIN)
    recorder.add(0, Attempt(1.0, 0.5, classify(502)), Attempt(2.5, 0.25, classify(200, "i-1", "us-east-1a", "127.0.0.1")))
    (record,) = recorder.records()
    assert (record.send_offset, record.latency, record.outcome.zone) == (1.0, 1.75, "us-east-1a")


def test_what_was_not_sent_has_no_attempt() -> None:
    recorder = Recorder(BEGIN)
    recorder.add(0, Attempt(1.0, 0.0, RequestOutcome(failure=Failure.NOT_SENT)))
    assert recorder.records()[0].attempts == ()


def test_chunks_of_one_process_are_put_together_in_another() -> None:
    theirs, ours = Rows(), Rows()
    for number, instance in enumerate(["i-1", "i-2", "i-1", "i-3"]):
        theirs.add(number, [Attempt(float(number), 0.1, classify(200, instance))])
        ours.put(theirs.take())
    assert [record.outcome.instance_id for record in records_of(ours, BEGIN, 1.0)] == ["i-1", "i-2", "i-1", "i-3"]


def test_a_part_by_time_is_in_sandbox_time() -> None:
    recorder = Recorder(BEGIN, speed=10)
    for number in range(10):
        recorder.add(number, Attempt(float(number), 0.1, classify(200)))
    records = recorder.records()
    assert [r.number for r in records.between(BEGIN + 20 * SECOND, BEGIN + 50 * SECOND)] == [2, 3, 4]
    assert [r.number for r in records.between(None, BEGIN + 15 * SECOND)] == [0, 1]
    assert [r.number for r in records[8:]] == [8, 9]
    assert records[3].at == BEGIN + 30 * SECOND


def test_records_of_several_streams_become_one_sequence() -> None:
    def stream(start: datetime, instance: str) -> Records:
        recorder = Recorder(start, speed=2)
        for number in range(3):
            recorder.add(number, Attempt(float(number), 0.1, classify(200, instance)))
        recorder.add(3, Attempt(3.0, 0.1, classify(502)), Attempt(3.2, 0.1, classify(200, instance, "us-east-1a")))
        return recorder.records()

    together = merged([stream(BEGIN + 7 * SECOND, "i-2"), stream(BEGIN, "i-1")])
    assert [record.number for record in together] == list(range(8))
    assert [(record.at - BEGIN).total_seconds() for record in together] == [0, 2, 4, 6, 7, 9, 11, 13]
    assert [record.outcome.instance_id for record in together] == ["i-1"] * 4 + ["i-2"] * 4
    assert [len(record.attempts) for record in together] == [1, 1, 1, 2] * 2
    assert [round(attempt.offset, 3) for attempt in together[7].attempts] == [6.5, 6.7]
    assert together[7].attempts[1].outcome == classify(200, "i-2", "us-east-1a")


@given(
    streams=st.lists(
        st.tuples(st.integers(0, 50), st.lists(attempts.map(lambda tries: sorted(tries, key=lambda each: each.offset)), max_size=8)),
        min_size=1,
        max_size=3,
    )
)
def test_merging_loses_and_changes_nothing(streams: list[tuple[int, list[list[Attempt]]]]) -> None:
    parts = []
    for later, intents in streams:
        recorder = Recorder(BEGIN + later * SECOND)
        for number, sent in enumerate(sorted(intents, key=lambda tries: tries[0].offset)):
            recorder.add(number, *sent)
        parts.append(recorder.records())
    together = merged(parts)

    def seen(record: Record) -> list[tuple[float, RequestOutcome]]:
        return [(round(attempt.latency, 6), attempt.outcome) for attempt in record.attempts]

    assert sorted(map(repr, map(seen, together))) == sorted(repr(seen(record)) for part in parts for record in part)
    assert [record.send_offset for record in together] == sorted(record.send_offset for record in together)


def test_an_intent_with_one_attempt_takes_thirty_bytes() -> None:
    rows = Rows()
    rows.add(0, [Attempt(0.0, 0.1, classify(200, "i-1", "us-east-1a", "127.0.0.1"))])
    assert len(rows.intents) + len(rows.tries) == 30


def test_records_do_not_change() -> None:
    recorder = Recorder(BEGIN)
    recorder.add(0, Attempt(0.0, 0.1, classify(200)))
    records = recorder.records()
    recorder.add(1, Attempt(1.0, 0.1, classify(200)))
    assert len(records) == 1
    with pytest.raises(TypeError):
        records[0] = records[0]  # type: ignore[index]
