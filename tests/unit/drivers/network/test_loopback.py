"""A black hole on loopback, and which cuts processes can have."""

import socket
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from sandbox.core.clock import WallClock
from sandbox.core.errors import Misconfigured
from sandbox.drivers.network.base import Cut, Direction, both_ways
from sandbox.drivers.network.black_hole import BlackHole
from sandbox.drivers.network.loopback import LoopbackNetwork
from sandbox.drivers.runtime.process.runtime import ProcessRuntime

SUBNET = IPv4Network("172.31.0.0/20")


def test_every_connection_to_a_black_hole_times_out() -> None:
    hole = BlackHole("127.31.0.9")
    for _ in range(3):
        with pytest.raises(TimeoutError):
            socket.create_connection(hole.address, timeout=0.1)
    hole.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(hole.address, timeout=0.1)


def test_an_address_that_this_machine_does_not_have_is_named() -> None:
    with pytest.raises(Misconfigured, match=r"Connections to 192\.0\.2\.1 cannot be dropped on this machine"):
        BlackHole("192.0.2.1")


def test_each_target_of_a_cut_subnet_has_an_address_of_its_own_until_it_is_back(tmp_path: Path) -> None:
    """Envoy would take two targets with one address for one."""
    network = LoopbackNetwork(tmp_path / "cuts.json")
    runtime = ProcessRuntime(WallClock(), tmp_path / "instances", 20_000, tmp_path, per_address=True, network=network)
    addresses = ["172.31.0.4", "172.31.0.5", "172.31.16.4"]
    plain = [("127.31.0.4", 20_080), ("127.31.0.5", 20_080), ("127.31.16.4", 20_080)]
    assert [runtime.endpoint(address, 80) for address in addresses] == plain
    network.apply(both_ways(SUBNET))
    hidden = [runtime.endpoint(address, 80) for address in addresses]
    assert ([host for host, _ in hidden], hidden[2]) == (["127.31.0.4", "127.31.0.5", "127.31.16.4"], plain[2])
    assert hidden[0] != plain[0] and hidden == [runtime.endpoint(address, 80) for address in addresses]
    network.apply(frozenset())
    assert [runtime.endpoint(address, 80) for address in addresses] == plain
    assert not (tmp_path / "cuts.json").exists()
    runtime.close()
    network.close()


def test_what_processes_send_cannot_be_cut_off(tmp_path: Path) -> None:
    network = LoopbackNetwork(tmp_path / "cuts.json")
    assert network.cannot(Cut(ranges=frozenset({SUBNET}), direction=Direction.INBOUND)) is None
    with pytest.raises(Misconfigured, match="what the processes of a zone send cannot be cut off"):
        network.apply(frozenset({Cut(ranges=frozenset({SUBNET}), direction=Direction.OUTBOUND)}))
    assert network.cut_off() == frozenset()


def test_a_file_that_cannot_be_read_cuts_nothing(tmp_path: Path) -> None:
    (tmp_path / "cuts.json").write_text('[{"ranges": ["nonsense"]}]')
    assert LoopbackNetwork(tmp_path / "cuts.json").cut_off() == frozenset()
