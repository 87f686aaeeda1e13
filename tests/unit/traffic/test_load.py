"""Real requests to small servers on loopback: each kind of failure is recognized, and a slow server does not slow down the sending."""

import json
import socket
import threading
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.traffic.load import Load
from sandbox.traffic.outcomes import Failure
from sandbox.traffic.plan import Plan
from sandbox.traffic.records import Records
from tests.support.traffic.http_server import Handler, answer, hang_up, say_nothing, server, talk_nonsense

NOW = datetime(2026, 5, 7, 12, 0, tzinfo=UTC)


def run(url: str, *, max_requests: int = 3, timeout: float = 5.0, rate: float = 100.0, speed: float = 1.0) -> Records:
    load = Load(Plan(url=url, rate=rate, max_requests=max_requests, timeout=timedelta(seconds=timeout)), NOW, speed)
    return load.join()  # ends by itself at the plan's count


@pytest.mark.parametrize(
    ("handle", "failure", "timeout"),
    [
        (answer("200 OK", json.dumps({"instance_id": "i-1"}).encode()), None, 5.0),
        (answer("404 Not Found"), Failure.CLIENT_ERROR, 5.0),
        (answer("500 Internal Server Error"), Failure.SERVER_ERROR, 5.0),
        (answer("502 Bad Gateway"), Failure.BAD_GATEWAY, 5.0),
        (answer("503 Service Unavailable"), Failure.UNAVAILABLE, 5.0),
        (answer("504 Gateway Timeout"), Failure.GATEWAY_TIMEOUT, 5.0),
        (hang_up, Failure.RESET, 5.0),
        (talk_nonsense, Failure.INVALID_RESPONSE, 5.0),
        (say_nothing, Failure.CLIENT_TIMEOUT, 0.3),
    ],
    ids=["200", "404", "500", "502", "503", "504", "hangs up", "nonsense", "silence"],
)
def test_each_kind_of_failure_is_recognized(handle: Handler, failure: Failure | None, timeout: float) -> None:
    with server(handle) as url:
        assert [r.outcome.failure for r in run(url, timeout=timeout)] == [failure] * 3


def test_connection_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert [r.outcome.failure for r in run(f"http://127.0.0.1:{port}/")] == [Failure.REFUSED] * 3


def test_the_record_names_the_instance_that_responded() -> None:
    with server(answer("200 OK", json.dumps({"instance_id": "i-1"}).encode())) as url:
        assert {r.outcome.instance_id for r in run(url)} == {"i-1"}
    with server(answer("200 OK", b"hello")) as url:
        assert {r.outcome.instance_id for r in run(url)} == {None}


def test_sending_does_not_wait_for_responses_and_latency_counts_from_the_planned_send() -> None:
    with server(say_nothing) as url:
        records = run(url, max_requests=10, timeout=0.5)
    assert [r.send_offset for r in records] == [n / 100 for n in range(10)]
    assert all(0.45 < r.latency < 3 for r in records)


def test_the_timeout_is_in_sandbox_time_and_the_rate_in_real_time() -> None:
    with server(say_nothing) as url:
        records = run(url, max_requests=3, timeout=20, speed=100)
    assert all(0.15 < r.latency < 3 for r in records)
    assert [r.at - records[0].at for r in records] == [timedelta(seconds=n) for n in range(3)]


def test_stop_ends_early_and_is_idempotent() -> None:
    with server(answer("200 OK")) as url:
        load = Load(Plan(url=url, rate=50), NOW, 1.0)
        while not load.records():
            threading.Event().wait(0.01)
        records = load.stop()
        assert records and load.stop() == records
