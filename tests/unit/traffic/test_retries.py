"""Retries, timeouts, kept connections and the generator's own limits, with small servers on loopback."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from sandbox.traffic.load import Load
from sandbox.traffic.outcomes import Failure
from sandbox.traffic.plan import Backoff, KeepAlive, Plan
from sandbox.traffic.records import Records
from tests.support.traffic.http_server import answer, in_turn, keep_open, reply, say_nothing, server

NOW = datetime(2026, 5, 7, 12, 0, tzinfo=UTC)
QUICK = Backoff(base=timedelta(milliseconds=20), cap=timedelta(milliseconds=80), jitter=0)
OK = reply("200 OK", b'{"instance_id": "i-1", "availability_zone": "us-east-1a"}')
BAD = reply("502 Bad Gateway")


def send(plan: Plan, speed: float = 1.0) -> Records:
    return Load(plan, NOW, speed).join()


@pytest.fixture
def full_backlog() -> Iterator[str]:
    """A URL to which connections are neither accepted nor refused."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = []
        for _ in range(4):  # the queue of a listener with backlog 0 holds one or two
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
            waiting.append(client)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        for client in waiting:
            client.close()


def test_a_failed_attempt_is_tried_again_until_it_succeeds() -> None:
    with server(in_turn(BAD, b"", OK)) as url:
        (record,) = send(Plan(url=url, max_requests=1, retries=3, backoff=QUICK))
    assert record.outcome.failure is None
    assert [attempt.outcome.failure for attempt in record.attempts] == [Failure.BAD_GATEWAY, Failure.RESET, None]
    assert (record.outcome.instance_id, record.outcome.zone, record.outcome.node) == ("i-1", "us-east-1a", "127.0.0.1")


def test_waits_between_attempts_grow_and_count_in_the_latency_of_the_intent() -> None:
    with server(answer("503 Service Unavailable")) as url:
        (record,) = send(Plan(url=url, max_requests=1, retries=3, backoff=QUICK))
    waits = [after.offset - before.offset - before.latency for before, after in pairwise(record.attempts)]
    assert [round(wait, 3) >= least for wait, least in zip(waits, (0.02, 0.04, 0.08), strict=True)] == [True] * 3
    assert record.outcome.failure is Failure.UNAVAILABLE
    assert record.latency >= 0.14


def test_waits_between_attempts_are_in_sandbox_time() -> None:
    slow = Backoff(base=timedelta(seconds=10), cap=timedelta(seconds=10), jitter=0)
    with server(in_turn(BAD, OK)) as url:
        (record,) = send(Plan(url=url, max_requests=1, retries=1, backoff=slow, timeout=timedelta(minutes=10)), speed=100)
    assert 0.1 <= record.attempts[1].offset < 2


@pytest.mark.parametrize("status", ["404 Not Found", "400 Bad Request"])
def test_a_client_error_is_not_tried_again(status: str) -> None:
    with server(answer(status)) as url:
        (record,) = send(Plan(url=url, max_requests=1, retries=3, backoff=QUICK))
    assert len(record.attempts) == 1


def test_only_the_chosen_failures_are_tried_again() -> None:
    with server(in_turn(BAD, reply("503 Service Unavailable"), OK)) as url:
        (record,) = send(Plan(url=url, max_requests=1, retries=3, backoff=QUICK, retry_on=frozenset({Failure.BAD_GATEWAY})))
    assert [attempt.outcome.failure for attempt in record.attempts] == [Failure.BAD_GATEWAY, Failure.UNAVAILABLE]


def test_the_retry_budget_limits_the_retries_of_all_intents_together() -> None:
    with server(answer("503 Service Unavailable")) as url:
        records = send(Plan(url=url, rate=500, max_requests=100, retries=3, retry_budget=0.1, backoff=QUICK))
    assert sum(len(record.attempts) for record in records) == 110


def test_no_connection_within_the_connect_timeout(full_backlog: str) -> None:
    records = send(Plan(url=full_backlog, rate=100, max_requests=3, connect_timeout=timedelta(milliseconds=200)))
    assert {record.outcome.failure for record in records} == {Failure.CONNECT_TIMEOUT}
    assert all(0.2 <= record.latency < 3 for record in records)


def test_the_connect_timeout_does_not_limit_the_response() -> None:
    with server(say_nothing) as url:
        plan = Plan(url=url, max_requests=1, connect_timeout=timedelta(milliseconds=50), timeout=timedelta(milliseconds=400))
        (record,) = send(plan)
    assert record.outcome.failure is Failure.CLIENT_TIMEOUT
    assert record.outcome.node == "127.0.0.1"
    assert record.latency >= 0.4


def test_kept_connections_are_used_again() -> None:
    connections, requests = list[float](), list[float]()
    with server(keep_open(connections, requests)) as url:
        records = send(Plan(url=url, rate=20, max_requests=20, keep_alive=KeepAlive()))
    assert {record.outcome.failure for record in records} == {None}
    assert len(requests) == 20
    assert len(connections) < 10


def test_without_keep_alive_each_request_has_its_own_connection() -> None:
    connections, requests = list[float](), list[float]()
    with server(keep_open(connections, requests)) as url:
        send(Plan(url=url, rate=200, max_requests=20))
    assert (len(connections), len(requests)) == (20, 20)


def test_a_connection_is_not_used_beyond_its_lifetime() -> None:
    connections, requests = list[float](), list[float]()
    with server(keep_open(connections, requests)) as url:
        send(Plan(url=url, rate=20, max_requests=20, keep_alive=KeepAlive(lifetime=timedelta(seconds=2))), speed=10)
    assert len(requests) == 20
    assert 4 <= len(connections) < 20  # a second of requests, 0.2 s on each connection


def test_a_kept_connection_that_the_server_closed_is_replaced() -> None:
    with server(in_turn(reply("200 OK", b"ok"))) as url:  # closes after each response, although it did not say so
        records = send(Plan(url=url, rate=20, max_requests=5, keep_alive=KeepAlive()))
    assert {record.outcome.failure for record in records} == {None}


def test_more_intents_in_flight_than_allowed_are_recorded_as_not_sent() -> None:
    with server(say_nothing) as url:
        records = send(Plan(url=url, rate=100, max_requests=10, max_in_flight=4, timeout=timedelta(seconds=1)))
    failures = [record.outcome.failure for record in records]
    assert failures == [Failure.CLIENT_TIMEOUT] * 4 + [Failure.NOT_SENT] * 6
    assert [len(record.attempts) for record in records] == [1] * 4 + [0] * 6


@pytest.mark.parametrize(
    ("raw", "failure"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nnot all of it", Failure.RESET),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", None),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", Failure.RESET),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", None),
        (b"HTTP/1.1 100 Continue\r\n\r\n", Failure.RESET),
        (b"HTTP/1.1 204 No Content\r\n\r\n", None),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", Failure.INVALID_RESPONSE),
        (b"HTTP/1.1 2000 OK\r\n\r\n", Failure.INVALID_RESPONSE),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{,}", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", None),
        (b'HTTP/1.1 200 OK\r\nContent-Length: 22\r\n\r\n{"instance_id": ["1"]}', None),
    ],
    ids=str,
)
def test_responses_are_read_as_http_says(raw: bytes, failure: Failure | None) -> None:
    with server(in_turn(raw)) as url:
        (record,) = send(Plan(url=url, max_requests=1))
    assert record.outcome.failure is failure
    assert record.outcome.instance_id is None
