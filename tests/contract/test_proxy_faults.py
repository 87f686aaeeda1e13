"""A target with a fault, in every Proxy: errors and latency for the load balancer's requests, everything else as without it."""

import socket
import threading
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from sandbox.drivers.proxy.base import AccessRecord, Endpoint, EndpointFault
from sandbox.drivers.proxy.envoy.admin import Admin, socket_path
from sandbox.drivers.proxy.envoy.config.upstream import relays
from tests.support.drivers.proxies import ARN, EnvoyHarness, Harness, Load, forward, group, listener, rule
from tests.support.waiting import until

TIMER = 0.005  # seconds by which a timer of Envoy's, which counts milliseconds of its loop's own clock, may be early
FAILS = EndpointFault(error_percent=100, status=503)


def faulty(harness: Harness, name: str, fault: EndpointFault, behaves: str = "ok") -> Endpoint:
    return replace(harness.endpoint(name, behaves=behaves), fault=fault)


def serve(harness: Harness, *endpoints: Endpoint, **changes: object) -> None:
    harness.apply(listener(rule(None, forward("gray")), **changes), group("gray", *endpoints))


def recorded(harness: Harness, path: str, count: int = 1) -> list[AccessRecord]:
    """The access records of the requests for this path, which no other test asks for."""
    harness.all_records(0)
    until(lambda: len([r for r in harness.records if f"{path} " in r.request]) >= count)
    return [r for r in harness.records if f"{path} " in r.request]


def test_errors_of_a_target_count_as_its_own_responses(harness: Harness) -> None:
    serve(harness, faulty(harness, "i-10", FAILS))
    assert [harness.ask("/fails").status for _ in range(3)] == [503] * 3
    found = recorded(harness, "/fails", 3)
    assert {(r.elb_status_code, r.target_status_code, r.target is not None, r.target_connection_error) for r in found} == {
        (503, 503, True, False)
    }


def test_only_the_target_with_the_fault_fails_and_it_gets_its_share_of_the_requests(harness: Harness) -> None:
    serve(harness, faulty(harness, "i-20", FAILS), harness.endpoint("i-2"))
    assert Counter(harness.ask().status for _ in range(20)) == {503: 10, 200: 10}


def test_a_part_of_the_requests_fails_by_chance(harness: Harness) -> None:
    serve(harness, faulty(harness, "i-30", EndpointFault(error_percent=50)))
    found = Counter(harness.ask().status for _ in range(100))
    assert set(found) == {200, 500}
    assert 20 < found[500] < 80


def test_a_target_that_is_slow_answers_later_and_the_delay_is_its_processing_time(harness: Harness) -> None:
    serve(harness, faulty(harness, "i-40", EndpointFault(delay=0.2)))
    assert harness.ask("/slow").status == 200
    (found,) = recorded(harness, "/slow")
    assert 0.2 - TIMER <= found.target_processing_time < 2


def test_the_fault_ends_with_the_next_configuration(harness: Harness) -> None:
    target = harness.endpoint("i-50")
    serve(harness, replace(target, fault=FAILS))
    seen = [harness.ask().status]
    serve(harness, target)
    seen += [harness.ask().status for _ in range(3)]
    serve(harness, replace(target, fault=replace(FAILS, status=500)))
    seen.append(harness.ask().status)
    assert seen == [503, 200, 200, 200, 500]


@pytest.mark.parametrize(("behaves", "status"), [("refused", 502), ("404", 404)])
def test_what_the_target_itself_does_is_seen_through_a_latency(harness: Harness, behaves: str, status: int) -> None:
    serve(harness, faulty(harness, f"i-{behaves}", EndpointFault(delay=0.01), behaves))
    got = harness.ask(f"/itself/{behaves}")
    (found,) = recorded(harness, f"/itself/{behaves}")
    answered = None if behaves == "refused" else status
    assert (got.status, found.elb_status_code, found.target_status_code) == (status, status, answered)


def test_a_delay_longer_than_the_idle_timeout_ends_as_that_timeout(harness: Harness) -> None:
    serve(harness, faulty(harness, "i-70", EndpointFault(delay=30)), idle_timeout=timedelta(seconds=1))
    assert harness.ask().status == 504


@pytest.mark.parametrize(("delay", "jitter", "steps"), [(1.0, 0.0, [1.0]), (1.0, 0.8, [0.3, 0.5, 0.7, 0.9, 1.1, 1.3, 1.5, 1.7])])
def test_a_jitter_is_rendered_as_equally_probable_delays(delay: float, jitter: float, steps: list[float]) -> None:
    assert relays.delays(EndpointFault(delay=delay, jitter=jitter)) == pytest.approx(steps)


# ---- Envoy only ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.process
def test_a_request_and_its_response_are_the_same_with_and_without_a_relay(envoy: EnvoyHarness) -> None:
    target = envoy.endpoint("i-90")
    seen = []
    for fault in (None, EndpointFault(delay=0.01)):
        serve(envoy, replace(target, fault=fault))
        got = envoy.ask("/a//b/../c?x=%2F", headers={"X-MiXed-Case": "1", "X-Forwarded-For": "192.0.2.1", "Accept": "*/*"})
        received = envoy.targets["i-90"].requests[-1]
        headers = [(name, value) for name, value in received["headers"] if name != "X-Amzn-Trace-Id"]
        sent = {name: value for name, value in got.headers.items() if name != "date"}
        seen.append((got.status, received["line"], headers, sent))
    assert seen[0] == seen[1]


@pytest.mark.process
def test_requests_in_flight_are_not_cut_when_the_fault_ends(envoy: EnvoyHarness) -> None:
    target = envoy.endpoint("i-100")
    patient = timedelta(minutes=10)  # 10 s here
    serve(envoy, replace(target, fault=EndpointFault(delay=3)), idle_timeout=patient)
    admin = Admin(socket_path(envoy.directory, "admin"))
    statuses: list[int] = []
    waiting = [threading.Thread(target=lambda: statuses.append(envoy.ask().status)) for _ in range(5)]
    for thread in waiting:
        thread.start()
    until(lambda: "http.relay.downstream_rq_active: 5" in (admin.ask("GET", "/stats?filter=rq_active") or ""))
    serve(envoy, target, idle_timeout=patient)
    assert envoy.ask().status == 200
    assert statuses == [], "the fault has ended for a new request, and those in flight still wait"
    for thread in waiting:
        thread.join()
    assert statuses == [200] * 5


@pytest.mark.process
def test_a_websocket_goes_through_a_relay(envoy: EnvoyHarness) -> None:
    serve(envoy, faulty(envoy, "i-110", EndpointFault(delay=0.01), "upgrade"))
    address = envoy.proxy.local_address(ARN)
    assert address is not None
    with socket.create_connection(address, timeout=5) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 101")
        connection.sendall(b"ping")
        assert connection.recv(4096) == b"echo ping"


@pytest.mark.process
def test_no_request_is_lost_when_faults_begin_and_end_under_load(envoy: EnvoyHarness) -> None:
    target, other = envoy.endpoint("i-load-1"), envoy.endpoint("i-load-2")
    serve(envoy, target, other)
    address = envoy.proxy.local_address(ARN)
    assert address is not None
    with Load(address) as load:
        for n in range(20):
            serve(envoy, replace(target, fault=EndpointFault(delay=0.001 * (n + 1)) if n % 2 else None), other)
            enough = load.good
            until(lambda: load.good > enough + 5)  # noqa: B023 - called in this round
    assert (load.bad, load.good > 100) == ([], True)
