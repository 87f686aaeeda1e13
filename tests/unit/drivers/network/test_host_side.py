"""Who calls the API in compose: this machine, through the network of the default route, or an instance."""

from pathlib import Path

import pytest

from sandbox.drivers.network.host_side import host_networks, is_instance

HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
EDGE = "eth1\t00000000\t010013AC\t0003\t0\t0\t0\t00000000\t0\t0\t0\neth1\t000013AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
CONTROL = "eth0\t000012AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
SUBNET = "eth2\t00001FAC\t00000000\t0001\t0\t0\t0\t00F0FFFF\t0\t0\t0\n"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "route"
    file.write_text(HEAD + EDGE + CONTROL + SUBNET)
    return file


@pytest.mark.parametrize(
    ("address", "instance"),
    [
        ("127.0.0.1", False),
        ("127.9.9.9", False),
        ("172.19.0.1", False),  # the gateway of the edge network: a client on this machine
        ("172.31.0.5", True),
        ("172.31.16.7", True),  # of a subnet without a route yet
        ("172.18.0.3", True),  # in the network of the Docker filter
        ("8.8.8.8", True),
    ],
)
def test_only_loopback_and_the_edge_network_are_this_machine(table: Path, address: str, instance: bool) -> None:
    assert is_instance(address, table) is instance


def test_without_a_default_route_every_address_but_loopback_is_an_instance(tmp_path: Path) -> None:
    (tmp_path / "route").write_text(HEAD + CONTROL)
    assert (host_networks(tmp_path / "route"), host_networks(tmp_path / "no such file")) == ((), ())
    assert is_instance("172.18.0.1", tmp_path / "route")
