"""The nodes of a load balancer, one in each zone: which of them a connection belongs to, which targets they choose, what happens when one
cannot be reached. Both proxies; what needs connections that stay open is marked `process`.
"""

import http.client
import json
import socket
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.core.clock import WallClock
from sandbox.drivers.proxy.base import Connections, Endpoint, FixedResponse, Forward, ListenerConfig, Node, ProxyConfig
from sandbox.drivers.proxy.envoy.proxy import EnvoyProxy
from tests.support import rule as proves
from tests.support.drivers.proxies import ARN, DNS, EnvoyHarness, Harness, Load, fixed, forward, free_ports, group, listener, rule
from tests.support.waiting import until

A, B, C = "us-east-1a", "us-east-1b", "us-east-1c"


def zonal(*weights: int, action: Forward | FixedResponse | None = None, dark: str = "") -> ListenerConfig:
    """A load balancer with a node in as many zones as there are weights."""
    zones = zip((A, B, C), weights, strict=False)
    nodes = tuple(Node(zone=zone, in_dns=weight > 0, weight=weight, reachable=zone != dark) for zone, weight in zones)
    return listener(rule(None, action or forward("tg")), nodes=nodes)


def address_of(harness: Harness) -> tuple[str, int]:
    address = harness.proxy.local_address(ARN)
    assert address is not None
    return address


def targets(harness: Harness) -> list[Endpoint]:
    return [harness.endpoint(f"i-{zone[-1]}", zone=zone) for zone in (A, B)]


@proves("LBM-2")
def test_connections_to_nodes_are_counted_with_those_of_the_load_balancer(harness: Harness) -> None:
    harness.apply(zonal(1, 1, action=forward("counted")), group("counted", *targets(harness), cross_zone=False))
    none = Connections(opened=0, open=0)
    before = harness.proxy.connections().get(ARN, none).opened
    for zone in (None, A, B):
        harness.ask(node=zone)
    until(lambda: harness.proxy.connections().get(ARN, none).opened == before + 3)
    until(lambda: 2 <= harness.proxy.connections().get("counted", none).opened <= 3)


@proves("ALB-5")
def test_new_connections_are_spread_over_the_nodes_by_their_shares(harness: Harness) -> None:
    harness.apply(zonal(1, 1, 1), group("tg", *targets(harness)))
    before = len(harness.all_records(0))
    assert {harness.ask().status for _ in range(150)} == {200}
    seen = Counter(r.node_zone for r in harness.all_records(before + 150)[before:])
    assert set(seen) == {A, B, C} and all(25 <= count <= 75 for count in seen.values())  # 50 ± 4 standard deviations
    harness.apply(zonal(0, 180, 540), group("tg", *targets(harness)))
    for _ in range(120):
        harness.ask()
    seen = Counter(r.node_zone for r in harness.all_records(before + 270)[before + 150 :])
    assert set(seen) == {B, C} and 11 <= seen[B] <= 49  # 30 ± 4 standard deviations


@proves("TG-28", "TG-38")
def test_with_cross_zone_off_a_node_chooses_targets_of_its_zone_and_answers_503_without_any(harness: Harness) -> None:
    harness.apply(zonal(1, 1, 1), group("tg", *targets(harness), cross_zone=False))
    for zone, expected in ((A, {(200, "i-a")}), (B, {(200, "i-b")}), (C, {(503, None)})):
        assert {harness.ask(node=zone)[:2] for _ in range(5)} == expected


@proves("TG-24")
def test_with_cross_zone_on_every_node_chooses_all_targets(harness: Harness) -> None:
    harness.apply(zonal(1, 1), group("tg", *targets(harness)))
    for zone in (A, B):
        assert Counter(harness.ask(node=zone).target for _ in range(10)) == {"i-a": 5, "i-b": 5}


@proves("TG-35")
def test_with_cross_zone_off_a_zone_without_a_healthy_target_fails_open_for_itself(harness: Harness) -> None:
    ill = [harness.endpoint(f"i-ill-{n}", zone=A, healthy=False) for n in range(2)]
    harness.apply(zonal(1, 1), group("tg", *ill, harness.endpoint("i-b", zone=B), cross_zone=False))
    assert {harness.ask(node=A).target for _ in range(6)} == {"i-ill-0", "i-ill-1"}
    assert {harness.ask(node=B).target for _ in range(6)} == {"i-b"}


@proves("LBM-6", "TG-39")
def test_a_record_has_the_zone_of_the_node_and_of_the_target_and_whether_it_was_failing_open(harness: Harness) -> None:
    there = harness.endpoint("i-b", zone=B)
    harness.apply(zonal(1, 1), group("tg", there))

    def recorded(node: str) -> tuple[str | None, str | None, bool, str | None]:
        before = len(harness.all_records(0))
        harness.ask(node=node)
        (found,) = harness.all_records(before + 1)[before:]
        return found.node_zone, found.target_zone, found.fail_open, found.target_group

    assert recorded(A) == (A, B, False, "tg")
    harness.apply(zonal(1, 1), group("tg", replace(there, fail_open=True)))
    assert recorded(B) == (B, B, True, "tg")
    harness.apply(zonal(1, 1), group("tg", there))
    assert recorded(B) == (B, B, False, "tg")
    harness.apply(zonal(1, 1, action=fixed("x")))
    assert recorded(A) == (A, None, False, None)


@proves("AZ-7")
def test_a_node_that_cannot_be_reached_answers_nothing_and_the_others_go_on(harness: Harness) -> None:
    harness.apply(zonal(1, 1, dark=A), group("tg", *targets(harness)))
    before = len(harness.all_records(0))
    with pytest.raises(TimeoutError):
        harness.ask(node=A)
    assert harness.ask(node=B).status == 200
    assert [r.node_zone for r in harness.all_records(before + 1)[before:]] == [B]  # a dark node cannot deliver a log
    harness.apply(zonal(1, 1), group("tg", *targets(harness)))
    assert harness.ask(node=A).status == 200


@proves("ALB-5")
def test_each_node_has_an_address_of_its_own(harness: Harness) -> None:
    harness.apply(zonal(1, 0), group("tg", *targets(harness)))
    found = harness.proxy.nodes(ARN)
    assert [(each.node.zone, each.node.in_dns) for each in found] == [(A, True), (B, False)]
    assert len({each.address for each in found} | {harness.proxy.local_address(ARN)}) == 3
    assert harness.proxy.nodes("arn:other") == ()


# ---- only a real proxy has connections that stay open ---------------------------------------------------------------------------------


@pytest.mark.process
@proves("TG-40", "ALB-5")
def test_a_connection_stays_with_its_node_when_its_zone_leaves_dns_and_hangs_when_it_is_cut_off(envoy: EnvoyHarness) -> None:
    envoy.apply(zonal(1, 0), group("tg", *targets(envoy), cross_zone=False))
    host, port = address_of(envoy)
    client = http.client.HTTPConnection(host, port, timeout=1)

    def ask() -> str:
        client.request("GET", "/", headers={"Host": DNS})
        return str(json.loads(client.getresponse().read())["target"])

    assert ask() == "i-a"
    ours = client.sock
    envoy.apply(zonal(0, 1), group("tg", *targets(envoy), cross_zone=False))
    assert ({envoy.ask().target for _ in range(5)}, [ask() for _ in range(5)]) == ({"i-b"}, ["i-a"] * 5)
    assert client.sock is ours
    envoy.apply(zonal(0, 1, dark=A), group("tg", *targets(envoy), cross_zone=False))
    with pytest.raises(TimeoutError):
        ask()
    client.close()


@pytest.mark.process
def test_fifty_changes_of_the_shares_under_load_fail_no_request(envoy: EnvoyHarness) -> None:
    envoy.apply(zonal(1, 1, 1), group("tg", *targets(envoy)))
    with Load(address_of(envoy)) as load:
        for n in range(50):
            envoy.apply(zonal(n % 3, 1, 2 - n % 3), group("tg", *targets(envoy)))
        enough = load.good
        until(lambda: load.good > enough + 20)
    assert load.bad == []


@pytest.mark.process
@proves("ALB-5")
def test_the_shared_ports_use_the_nodes_too(envoy: EnvoyHarness) -> None:
    envoy.apply(zonal(1, 1), group("tg", *targets(envoy), cross_zone=False))
    front, names = envoy.ports.stop - 1, envoy.ports.stop - 2
    for port in (front, names):
        assert {envoy.ask(port=port).target for _ in range(30)} == {"i-a", "i-b"}
    envoy.apply(zonal(0, 1), group("tg", *targets(envoy), cross_zone=False))
    for port in (front, names):
        assert {envoy.ask(port=port).target for _ in range(10)} == {"i-b"}


@pytest.mark.process
def test_where_there_is_one_address_nodes_have_ports_until_none_is_left(tmp_path: Path) -> None:
    ports = free_ports(4)
    proxy = EnvoyProxy(clock=WallClock(), directory=tmp_path, ports=range(ports.start, ports.start + 1), node_ports=ports[1:3])
    try:
        proxy.apply(ProxyConfig(listeners=(zonal(1, 1, 1, action=fixed("here")),)))
        until(proxy.settled)
        assert [each.address for each in proxy.nodes(ARN)] == [("127.0.0.1", ports[1]), ("127.0.0.1", ports[2]), None]
        for port in ports[:3]:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                assert connection.recv(65536).endswith(b"here")
    finally:
        proxy.close(keep_serving=False)


@pytest.mark.process
def test_zones_can_be_added_and_removed_while_the_load_balancer_serves(envoy: EnvoyHarness) -> None:
    envoy.apply(zonal(1, 1), group("tg", *targets(envoy)))
    stop, statuses = threading.Event(), Counter[int]()

    def ask() -> None:
        while not stop.is_set():
            statuses[envoy.ask().status] += 1

    thread = threading.Thread(target=ask)
    thread.start()
    for weights in ((1, 1, 1), (1, 1), (1, 1, 1)):
        envoy.apply(zonal(*weights), group("tg", *targets(envoy)))
    assert envoy.ask(node=C).status == 200
    stop.set()
    thread.join()
    assert set(statuses) == {200}
