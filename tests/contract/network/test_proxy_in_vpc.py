"""The nodes of a load balancer inside the VPC (ALB-61): each listens at its private address on the listener's own port, and connects to
targets from there. Loopback addresses stand for private ones; tests/e2e has containers.
"""

import http.client
import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sandbox.drivers.proxy.base import EndpointFault, ListenerConfig, Node, ProxyConfig
from tests.support import rule as proves
from tests.support.drivers.proxies import ARN, DNS, EnvoyHarness, Load, forward, group, listener, rule
from tests.support.waiting import until

pytestmark = pytest.mark.process

A, B = "us-east-1a", "us-east-1b"
PRIVATE = {A: "127.9.1.10", B: "127.9.2.10"}


@pytest.fixture
def vpc(tmp_path: Path) -> Iterator[EnvoyHarness]:
    harness = EnvoyHarness(tmp_path, in_vpc=True)
    yield harness
    harness.close()


def inside(vpc: EnvoyHarness, **addresses: str | None) -> ListenerConfig:
    """A load balancer with a node in each of two zones. Its port is also one of the sandbox's own, at another address."""
    nodes = tuple(Node(zone=zone, private_address=addresses.get(zone[-1], PRIVATE[zone])) for zone in (A, B))
    return replace(listener(rule(None, forward("tg")), nodes=nodes), port=vpc.ports.start)


def ask(vpc: EnvoyHarness, zone: str, source: str = "127.0.0.1") -> dict[str, Any]:
    """What the target saw of a request to the node's private address."""
    connection = http.client.HTTPConnection(PRIVATE[zone], vpc.ports.start, timeout=5, source_address=(source, 0))
    try:
        connection.request("GET", "/", headers={"Host": DNS})
        return dict(json.loads(connection.getresponse().read()))
    finally:
        connection.close()


@proves("ALB-61")
def test_a_node_listens_at_its_private_address_and_connects_from_there(vpc: EnvoyHarness) -> None:
    vpc.apply(inside(vpc), group("tg", vpc.endpoint("i-a", zone=A), vpc.endpoint("i-b", zone=B)))
    assert vpc.held == set(PRIVATE.values())
    for zone in (A, B):
        seen = [ask(vpc, zone, "127.0.0.77") for _ in range(4)]
        assert {each["target"] for each in seen} == {"i-a", "i-b"}
        assert {each["peer"][0] for each in seen} == {PRIVATE[zone]}
        assert {dict(each["headers"])["X-Forwarded-For"] for each in seen} == {"127.0.0.77"}
    assert {record.node_zone for record in vpc.all_records(8)} == {A, B}


@proves("ALB-61")
def test_requests_at_the_other_addresses_leave_from_the_node_that_has_the_connection(vpc: EnvoyHarness) -> None:
    vpc.apply(inside(vpc), group("tg", vpc.endpoint("i-a", zone=A)))
    for zone in (A, B):
        body = json.loads(vpc.ask(node=zone).body)
        assert body["peer"][0] == PRIVATE[zone]
    assert json.loads(vpc.ask().body)["peer"][0] in PRIVATE.values()
    front = json.loads(vpc.ask(port=vpc.ports.stop - 1).body)
    assert front["peer"][0] in PRIVATE.values()


@proves("ALB-61", "TG-28")
def test_with_cross_zone_off_a_node_has_the_targets_of_its_zone_and_its_own_address(vpc: EnvoyHarness) -> None:
    vpc.apply(inside(vpc), group("tg", vpc.endpoint("i-a", zone=A), vpc.endpoint("i-b", zone=B), cross_zone=False))
    for zone, target in ((A, "i-a"), (B, "i-b")):
        seen = [ask(vpc, zone) for _ in range(3)]
        assert {(each["target"], each["peer"][0]) for each in seen} == {(target, PRIVATE[zone])}


@proves("ALB-61")
def test_connections_to_targets_are_used_again(vpc: EnvoyHarness) -> None:
    vpc.apply(inside(vpc), group("tg", vpc.endpoint("i-a", zone=A)))
    with Load((PRIVATE[A], vpc.ports.start), clients=2) as load:
        until(lambda: load.good >= 100)
    assert load.bad == []
    assert len({each["peer"][1] for each in vpc.targets["i-a"].requests}) <= 2


@proves("ALB-61")
def test_a_target_with_a_fault_sees_the_address_of_the_node_in_its_zone(vpc: EnvoyHarness) -> None:
    faulty = replace(vpc.endpoint("i-b", zone=B), fault=EndpointFault(delay=0.01))
    vpc.apply(inside(vpc), group("tg", faulty))
    assert {ask(vpc, zone)["peer"][0] for zone in (A, B)} == {PRIVATE[B]}


def test_a_node_without_a_private_address_serves_at_its_other_addresses(vpc: EnvoyHarness) -> None:
    vpc.apply(inside(vpc, b=None), group("tg", vpc.endpoint("i-a", zone=A)))
    assert vpc.held == {PRIVATE[A]}
    assert vpc.ask(node=B).status == 200
    assert ask(vpc, A)["peer"][0] == PRIVATE[A]


def test_a_port_that_is_taken_at_a_private_address_is_told_and_leaves_the_other_addresses_alone(vpc: EnvoyHarness) -> None:
    config = ProxyConfig(listeners=(inside(vpc),), target_groups=(group("tg", vpc.endpoint("i-a", zone=A)),))
    with socket.create_server((PRIVATE[A], vpc.ports.start)):
        vpc.proxy.apply(config)
        until(lambda: ARN in vpc.proxy.problems() and vpc.proxy.settled())
        assert vpc.proxy.problems()[ARN] == (
            f"the node at {PRIVATE[A]} does not answer inside the VPC: its port {vpc.ports.start} is one of the sandbox's own"
        )
        assert vpc.ask(node=A).status == 200 and ask(vpc, B)["target"] == "i-a"
