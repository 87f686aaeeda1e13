"""Summaries of request records: failures by cause, outages, latencies."""

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.traffic.outcomes import Failure, RequestOutcome, classify
from sandbox.traffic.records import Record
from sandbox.traffic.summary import summarise

BEGIN = datetime(2026, 5, 7, 12, 0, tzinfo=UTC)


def records(answers: str, speed: float = 1.0) -> list[Record]:
    """One request per second: `.` gets a response from i-1, `,` from i-2, `x` is a 502, `t` a client timeout."""
    outcomes = {
        ".": classify(200, "i-1"),
        ",": classify(200, "i-2"),
        "x": classify(502),
        "t": RequestOutcome(failure=Failure.CLIENT_TIMEOUT),
    }
    return [
        Record(number=n, send_offset=float(n), at=BEGIN + timedelta(seconds=n * speed), latency=(n + 1) / 1000, outcome=outcomes[a])
        for n, a in enumerate(answers)
    ]


@pytest.mark.parametrize(
    ("answers", "outage"),
    [
        ("", 0),
        ("......", 0),
        ("..x...", 2),
        ("..xx..x.", 3),
        ("xx....", 2),
        ("...xxx", 3),
        ("xxxx", 3),
        ("x.x.x", 2),
    ],
)
def test_longest_outage_is_the_longest_gap_between_successes(answers: str, outage: int) -> None:
    assert summarise(records(answers)).longest_outage == timedelta(seconds=outage)


def test_failures_are_counted_by_cause_and_successes_by_instance() -> None:
    summary = summarise(records(".,.xxt,."))
    assert (summary.sent, summary.ok, summary.failed) == (8, 5, 3)
    assert summary.failures == {Failure.BAD_GATEWAY: 2, Failure.CLIENT_TIMEOUT: 1}
    assert summary.answered_by == {"i-1": 3, "i-2": 2}
    assert (summary.first_failure, summary.last_failure) == (BEGIN + timedelta(seconds=3), BEGIN + timedelta(seconds=5))
    assert summary.availability == 62.5


def test_outages_are_in_sandbox_time_and_in_real_time() -> None:
    summary = summarise(records("..x..", speed=10))
    assert (summary.longest_outage_real, summary.longest_outage) == (2.0, timedelta(seconds=20))


def test_percentiles_are_of_successful_requests_only() -> None:
    summary = summarise(records("." * 101))
    assert {name: round(value) for name, value in summary.latency_ms.items()} == {"p50": 51, "p95": 96, "p99": 100, "max": 101}
    assert summarise(records("xx")).latency_ms == {}


@pytest.mark.parametrize(
    ("status_code", "failure"),
    [
        (200, None),
        (302, None),
        (404, Failure.CLIENT_ERROR),
        (500, Failure.SERVER_ERROR),
        (502, Failure.BAD_GATEWAY),
        (503, Failure.UNAVAILABLE),
        (504, Failure.GATEWAY_TIMEOUT),
    ],
)
def test_status_codes_are_classified(status_code: int, failure: Failure | None) -> None:
    assert classify(status_code).failure == failure
