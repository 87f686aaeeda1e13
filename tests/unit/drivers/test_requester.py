"""Results by key: the highest number wins, in whichever order results arrive."""

from datetime import UTC, datetime, timedelta

from sandbox.drivers.probe.base import ProbeOutcome, ProbeRequest, ProbeResult
from sandbox.drivers.requester import Results

NOW = datetime(2026, 5, 7, tzinfo=UTC)


def begun(results: Results, number: int) -> None:
    results.begin(ProbeRequest(key="k", number=number, host="127.0.0.1", port=1, host_header="h", path="/", timeout=timedelta(seconds=1)))


def ended(results: Results, number: int) -> None:
    results.end(ProbeResult(key="k", number=number, at=NOW, outcome=ProbeOutcome.TIMED_OUT))


def test_a_late_result_does_not_replace_a_newer_one() -> None:
    results = Results()
    begun(results, 1)
    begun(results, 2)
    ended(results, 2)
    ended(results, 1)
    latest = results.latest("k")
    assert latest is not None and latest.number == 2


def test_a_result_that_was_never_begun_or_was_forgotten_is_dropped_without_a_callback() -> None:
    results, called = Results(), list[str]()
    results.on_result(called.append)
    ended(results, 1)
    begun(results, 2)
    results.forget("k")
    ended(results, 2)
    assert results.latest("k") is None and called == []


def test_after_closing_no_callback_is_called() -> None:
    results, called = Results(), list[str]()
    results.on_result(called.append)
    begun(results, 1)
    results.close()
    ended(results, 1)
    assert called == []
