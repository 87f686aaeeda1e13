"""Connections and open requests of a real Envoy while its configuration changes, and its ports of names."""

import http.client
import json
import socket
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from sandbox.core.clock import WallClock
from sandbox.drivers.proxy.base import ProxyConfig
from sandbox.drivers.proxy.envoy.admin import Admin
from sandbox.drivers.proxy.envoy.ports import can_bind
from sandbox.drivers.proxy.envoy.proxy import EnvoyProxy
from tests.support import rule as proves
from tests.support.drivers.proxies import ARN, DNS, SPEED, EnvoyHarness, Load, fixed, forward, free_ports, group, listener, rule
from tests.support.waiting import until


@pytest.mark.process
@proves("TG-24")
def test_least_outstanding_requests_goes_where_least_is_open(envoy: EnvoyHarness) -> None:
    slow, quick = envoy.endpoint("i-busy", behaves="slow"), envoy.endpoint("i-quick")
    envoy.targets["i-busy"].go.clear()
    envoy.apply(listener(rule(None, forward("tg"))), group("tg", slow, quick, algorithm="least_outstanding_requests"))
    entered, waiting = envoy.targets["i-busy"].entered, list[threading.Thread]()
    while not entered.is_set():
        waiting.append(threading.Thread(target=envoy.ask))
        waiting[-1].start()
        until(lambda: entered.is_set() or not waiting[-1].is_alive())
    # It has one open request, so all others go to the other target.
    assert {envoy.ask().target for _ in range(10)} == {"i-quick"}
    envoy.targets["i-busy"].go.set()
    for thread in waiting:
        thread.join()


@pytest.mark.process
@proves("TG-20")
def test_open_requests_complete_when_their_target_group_is_removed(envoy: EnvoyHarness) -> None:
    slow = envoy.endpoint("i-draining", behaves="slow")
    envoy.apply(listener(rule(None, forward("leaving"))), group("leaving", slow))
    answers = []
    thread = threading.Thread(target=lambda: answers.append(envoy.ask().status))
    thread.start()
    assert envoy.targets["i-draining"].entered.wait(5)
    envoy.apply(listener(rule(None, fixed("other"))))
    assert envoy.ask().body == "other"
    envoy.targets["i-draining"].go.set()
    thread.join()
    assert answers == [200]


@pytest.mark.process
@proves("TG-22")
def test_an_application_that_closes_before_the_delay_is_over_costs_its_open_requests(envoy: EnvoyHarness) -> None:
    leaving, staying = envoy.endpoint("i-hasty", behaves="slow"), envoy.endpoint("i-stays")
    envoy.apply(listener(rule(None, forward("tg"))), group("tg", leaving))
    answers: list[int] = []
    thread = threading.Thread(target=lambda: answers.append(envoy.ask().status))
    thread.start()
    assert envoy.targets["i-hasty"].entered.wait(5)
    envoy.apply(listener(rule(None, forward("tg"))), group("tg", staying))  # it drains
    envoy.targets["i-hasty"].close_connections()
    thread.join()
    envoy.targets["i-hasty"].go.set()
    assert answers == [502]
    assert {envoy.ask().target for _ in range(5)} == {"i-stays"}


@pytest.mark.process
@proves("LBM-2")
def test_an_open_connection_is_counted_while_it_is_open(envoy: EnvoyHarness) -> None:
    envoy.apply(listener(rule(None, fixed("here"))))
    until(lambda: ARN in envoy.proxy.connections() and envoy.proxy.connections()[ARN].open == 0)
    address = envoy.proxy.local_address(ARN)
    assert address is not None
    with socket.create_connection(address):
        until(lambda: envoy.proxy.connections()[ARN].open == 1)
    until(lambda: envoy.proxy.connections()[ARN].open == 0)


@pytest.mark.process
@proves("TG-20")
def test_open_requests_of_closed_connections_get_a_502(envoy: EnvoyHarness) -> None:
    stuck = envoy.endpoint("i-cut", behaves="slow")
    envoy.apply(listener(rule(None, forward("tg"))), group("tg", stuck))
    answers: list[int] = []
    thread = threading.Thread(target=lambda: answers.append(envoy.ask().status))
    thread.start()
    assert envoy.targets["i-cut"].entered.wait(5)
    troubles = len(envoy.troubles)
    envoy.proxy.close_connections(stuck.host, stuck.port)
    until(lambda: answers or len(envoy.troubles) > troubles)
    envoy.targets["i-cut"].go.set()
    thread.join()
    assert answers == ([200] if len(envoy.troubles) > troubles else [502])  # a kernel that cannot close connections is reported


@pytest.mark.process
def test_the_front_port_chooses_by_host(envoy: EnvoyHarness) -> None:
    envoy.apply(listener(rule(None, fixed("by name"))))
    front = envoy.ports.stop - 1
    assert envoy.ask(port=front).body == "by name"
    assert envoy.ask(port=front, headers={"Host": f"{DNS.upper()}:{front}"}).body == "by name"
    lost = envoy.ask(port=front, headers={"Host": "localhost"})
    assert lost.status == 404 and DNS in lost.body


@pytest.mark.process
def test_a_dns_name_answers_for_its_listener_on_port_80(envoy: EnvoyHarness) -> None:
    names = envoy.ports.stop - 2
    envoy.apply(listener(rule(None, fixed("by name"))))
    assert envoy.ask(port=names, headers={"Host": DNS}).body == "by name"
    assert envoy.ask(port=names, headers={"Host": f"{DNS.upper()}:{names}"}).body == "by name"
    envoy.apply(listener(rule(None, fixed("elsewhere")), port=8000))
    answer = envoy.ask(port=names, headers={"Host": DNS})
    assert answer.status == 404 and "Load balancers with a listener on port 80:" in answer.body


@pytest.mark.process
def test_a_taken_port_of_names_is_reported_and_used_when_it_is_free(tmp_path: Path) -> None:
    ports = free_ports(4)
    names = ports.stop - 1
    with socket.create_server(("127.0.0.1", names)) as other:
        proxy = EnvoyProxy(clock=WallClock(), directory=tmp_path, ports=range(ports.start, names), names_port=names)
        try:
            proxy.apply(ProxyConfig(listeners=(listener(rule(None, fixed("by name"))),)))
            assert proxy.problems()["names"].startswith(f"port {names} is in use by another program: http://<DNSName>/ reaches no")
            other.close()
            until(lambda: "names" not in proxy.problems())
            until(lambda: not can_bind("127.0.0.1", names))
        finally:
            proxy.close(keep_serving=False)


@pytest.mark.process
@proves("ALB-35")
def test_a_connection_past_its_maximum_age_is_asked_to_close_and_never_closed_by_force(envoy: EnvoyHarness) -> None:
    envoy.apply(listener(rule(None, fixed("here")), client_keep_alive=timedelta(seconds=60)))  # 1 s of real time
    client = http.client.HTTPConnection(*envoy.proxy.local_address(ARN), timeout=5)
    seen: list[str | None] = []

    while not seen or seen[-1] != "close":
        client.request("GET", "/")  # fails when Envoy has closed the connection in the meantime
        response = client.getresponse()
        assert (response.status, response.read()) == (200, b"here")
        seen.append(response.getheader("Connection"))
        assert len(seen) < 10
        threading.Event().wait(0.3)  # the maximum age is reached while the connection is idle
    client.close()
    assert seen[:3] == [None] * 3


@pytest.mark.process
def test_another_speed_of_the_clock_changes_timeouts(envoy: EnvoyHarness) -> None:
    envoy.apply(listener(rule(None, forward("tg"))), group("tg", envoy.endpoint("i-a")))
    envoys = Admin(envoy.directory / "admin.sock")

    def connect_timeout() -> str:
        clusters = json.loads(envoys.ask("GET", "/config_dump?resource=dynamic_active_clusters") or "{}").get("configs", [])
        return clusters[0]["cluster"]["connect_timeout"] if clusters else ""

    assert connect_timeout() == "0.250s"
    try:
        envoy.clock.set_speed(5)
        until(lambda: connect_timeout() == "2s")
    finally:
        envoy.clock.set_speed(SPEED)
    until(lambda: connect_timeout() == "0.250s")


@pytest.mark.process
def test_what_envoy_rejects_is_reported_until_it_is_corrected(envoy: EnvoyHarness) -> None:
    envoy.apply(listener(rule(None, fixed("before"))))
    broken = listener(rule(None, fixed("x", 99)))  # no HTTP status
    envoy.proxy.apply(ProxyConfig(listeners=(broken,)))
    assert "99" in until(envoy.proxy.rejected)[0] or "status" in envoy.proxy.rejected()[0].lower()
    assert envoy.ask().body == "before"
    envoy.apply(listener(rule(None, fixed("after"))))
    assert envoy.ask().body == "after"


@pytest.mark.process
def test_a_hundred_changes_under_load_fail_no_request(envoy: EnvoyHarness) -> None:
    endpoints = [envoy.endpoint(name) for name in ("i-a", "i-b", "i-c")]
    envoy.apply(listener(rule(None, forward("tg-0"))), group("tg-0", *endpoints))
    before = len(envoy.all_records(0))
    with Load(envoy.proxy.local_address(ARN)) as load:
        for n in range(100):
            some = [e for k, e in enumerate(endpoints) if k != n % 3]  # a target is added or removed
            name = f"tg-{n // 4}"  # at times another target group
            extra = [rule(k, fixed("x"), path_patterns=(f"/none-{n}-{k}",)) for k in range(1, 1 + n % 5)]
            envoy.apply(listener(*extra, rule(None, forward(name))), group(name, *some))
        enough = load.good
        until(lambda: load.good > enough + 20)
    assert (load.bad, load.good > 50) == ([], True)
    recorded = [r for r in envoy.all_records(before + load.good)[before:] if r.request.endswith("/load HTTP/1.1")]
    assert len(recorded) == load.good
