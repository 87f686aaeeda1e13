"""Listeners keep their local ports, also after a restart; without a free port there is a sentence that says so."""

import socket
from pathlib import Path

import pytest

from sandbox.drivers.proxy.base import ListenerConfig
from sandbox.drivers.proxy.envoy.ports import Ports, can_bind


def listener(name: str, port: int = 80, identity: str = "1") -> ListenerConfig:
    arn = f"arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/{name}/{identity}/{port}"
    return ListenerConfig(arn=arn, load_balancer=f"app/{name}/{identity}", name=name, dns_name=f"{name}.elb", port=port, rules=())


@pytest.fixture
def ports(tmp_path: Path) -> Ports:
    return Ports(tmp_path / "ports.json", "127.0.0.1", range(8081, 8084), probe=False)


def given(ports: Ports, *listeners: ListenerConfig) -> list[int | None]:
    assigned = ports.assign(listeners).ports
    return [assigned.get(x.arn) for x in listeners]


def test_each_listener_keeps_its_port(ports: Ports) -> None:
    assert given(ports, listener("a"), listener("b")) == [8081, 8082]
    assert given(ports, listener("b")) == [8082]
    assert given(ports, listener("b"), listener("a", 8080)) == [8082, 8083]
    assert given(ports, listener("a", identity="again")) == [8081]  # deleted and created again


def test_ports_are_remembered_across_restarts(ports: Ports) -> None:
    given(ports, listener("a"), listener("b"))
    later = Ports(ports.file, "127.0.0.1", range(8081, 8084), probe=False)
    later.load(envoy_runs=False)
    assert given(later, listener("b")) == [8082]


def test_ports_of_deleted_listeners_are_used_last_the_oldest_first(ports: Ports) -> None:
    given(ports, listener("a"), listener("b"))
    given(ports, listener("b"))
    assert given(ports, listener("b"), listener("c")) == [8082, 8083]
    assert given(ports, listener("b"), listener("c"), listener("d")) == [8082, 8083, 8081]


def test_without_a_free_port_there_is_a_sentence(ports: Ports) -> None:
    listeners = [listener(name) for name in "abcd"]
    assigned = ports.assign(listeners)
    assert list(assigned.problems) == [listeners[3].arn]
    assert "8081-8083 are all in use" in assigned.problems[listeners[3].arn]
    assert listeners[3].arn not in assigned.ports


def test_a_port_that_envoy_could_not_bind_is_not_assigned(ports: Ports) -> None:
    assert given(ports, listener("a")) == [8081]
    ports.mark_unusable(8081)
    assert given(ports, listener("a")) == [8082]


def test_a_port_in_use_is_skipped_unless_our_envoy_uses_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        assert not can_bind("127.0.0.1", taken)
        ports = Ports(tmp_path / "ports.json", "127.0.0.1", range(taken, taken + 1), probe=True)
        assert given(ports, listener("a")) == [None]
        ports.file.write_text(f'{{"remembered": {{"us-east-1:123456789012/a:80": {taken}}}, "held": [{taken}]}}')
        ports.load(envoy_runs=True)
        assert given(ports, listener("a")) == [taken]
